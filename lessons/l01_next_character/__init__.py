"""Lesson 1: the next character; what a network knows comes from its text."""
