"""Lesson 3: residuals, attention and normalisation made it trainable."""
