"""Experiments with distillation, each with its expectations written down beforehand.

`python -m distill.experiments NAME` runs one; `distill.experiments.table.EXPERIMENTS` lists all.
"""
