"""Distillation from a teacher to a student, and choosing which model to ship.


`import distill` is free; each module is imported where it is used.
"""
