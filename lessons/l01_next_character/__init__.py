"""Lesson 1: the next character, and where what a network knows came from."""
