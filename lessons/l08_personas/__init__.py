"""Lesson 8: asking in a persona gives more varied answers."""
