"""Estimates from counts: entropy, Hill numbers, coverage, rarefaction, intervals, information."""
