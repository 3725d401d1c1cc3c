"""Apparatus shared by two or more lessons; so far training presets.

It imports minigpt, distill, synthdata and labkit; never the engine, and never a lesson.
"""
