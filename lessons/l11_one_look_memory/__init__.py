"""Lesson 11: a string seen once, repeated: from a Transformer's context, from a GRU's state."""
