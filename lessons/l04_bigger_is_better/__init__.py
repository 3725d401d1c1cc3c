"""Lesson 4: bigger is better, by an amount that can be forecast."""
