"""Comparison of a taught student with the same one without a teacher, at equal cost."""
