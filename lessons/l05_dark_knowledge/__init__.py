"""Lesson 5: dark knowledge."""
