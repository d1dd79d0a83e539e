"""Measurements, as ratios of figures from one run. ``make bench`` runs all of them; each is a module of its own."""
