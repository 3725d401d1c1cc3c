"""Apparatus that two or more lessons share, or will share.

It imports minigpt, distill, synthdata and labkit; never the engine, and never a lesson.
"""
