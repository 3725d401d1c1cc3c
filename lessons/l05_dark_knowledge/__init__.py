"""Lesson 5: dark knowledge; a teacher helps most where labels are few."""
