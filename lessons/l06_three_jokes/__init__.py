"""Lesson 6: each text looks fine, the population has lost its variety."""
