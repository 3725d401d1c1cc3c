"""A tiny character-level transformer: train, evaluate, sample, compress.

`import minigpt` is free; each module is imported where it is used, and only those that compute
with tensors import torch.
"""
