"""Lesson 10: a network that predicts walks draws a map of what it never saw."""
