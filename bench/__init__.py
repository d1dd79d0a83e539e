"""Measurements, as ratios taken in one run. ``make bench`` runs them all; each is a module of its own."""
