"""Lesson 7: a model trained only on its own text forgets the world."""
