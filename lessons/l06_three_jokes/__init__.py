"""Lesson 6: each text looks fine, but the collection has lost its variety."""
