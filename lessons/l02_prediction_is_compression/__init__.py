"""Lesson 2: predicting is compressing, and compressing finds structure."""
