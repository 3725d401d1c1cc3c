"""Counts to estimates: entropy, Hill numbers, coverage, rarefaction, intervals, information."""
