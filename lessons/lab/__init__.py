"""Apparatus that two or more lessons need: training presets for now.

It imports minigpt, distill, synthdata and labkit; never the engine, and never a lesson.
"""
