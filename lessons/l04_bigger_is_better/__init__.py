"""Lesson 4: bigger is better, and by how much can be forecast."""
