"""Comparison of two collections at equal terms."""
