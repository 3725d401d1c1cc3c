"""Experiments with distillation, each with what is expected of it written down beforehand.

`python -m distill.experiments NAME` runs one; `distill.experiments.table.EXPERIMENTS` has them all.
"""
