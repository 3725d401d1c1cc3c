"""A tiny character-level transformer: train, evaluate, sample, compress.

`import minigpt` loads nothing else: modules are imported on use, and only those that compute with
tensors import torch.
"""
