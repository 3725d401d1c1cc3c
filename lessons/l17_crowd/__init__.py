"""Lesson 17: a jury of four small networks, and one large one in its place."""
