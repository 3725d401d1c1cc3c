"""Lesson 7: a model that learns from models, and what is lost on the way."""
