"""Lesson 22, the notebook's source.

Run:    python -m lessons build 22
"""

# %% [markdown]
# # Two halves
