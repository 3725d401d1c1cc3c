"""Lesson 19: step back: from the best model to the cheapest that will do."""
