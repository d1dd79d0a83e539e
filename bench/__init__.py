"""Measurements, as ratios of figures from one run. ``make bench`` runs all of them; each measurement is a separate
module."""
