"""Lesson 9: a network that only predicts characters, and one unit in it that follows the mood."""
