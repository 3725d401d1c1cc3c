"""Lesson 20: a company of models: specialists, a manager, and one who is asked last."""
