"""Lesson 51."""
