"""Lesson 12: the shell game: how many swaps a network follows, by its depth and by its width."""
