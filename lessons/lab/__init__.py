"""Apparatus that two or more lessons need: training presets, sweeps, parts of exercises.

It imports minigpt, distill, synthdata and labkit; never the engine, and never a lesson.
"""
