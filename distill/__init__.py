"""Distillation from a teacher to a student, and choosing which model to ship.

`import distill` loads nothing else: modules are imported on use.
"""
