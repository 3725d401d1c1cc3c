"""Lesson 21: the cognitive core: what junk costs a memory, and how little one needs with a book."""
