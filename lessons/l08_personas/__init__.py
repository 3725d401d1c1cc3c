"""Lesson 8: personas, and whether they bring back what a collapsed model has lost."""
