"""Lesson 1: a network starts as a random function; what it knows came from its data."""
