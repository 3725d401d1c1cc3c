"""Lesson 22: composability: halves of two networks in one, with and without a dictionary."""
