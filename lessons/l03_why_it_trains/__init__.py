"""Lesson 3: deep networks need residual connections, attention and normalisation."""
