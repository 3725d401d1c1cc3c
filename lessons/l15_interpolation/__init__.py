"""Lesson 15: where a network that adds is right, between its examples and beyond."""
