"""Lesson 17, the notebook's source.

Run:    python -m lessons build 17
"""

# %% [markdown]
# # x
#
# %% exercise="17.1"

# %% exercise="17.2"

# %% exercise="17.3"
