"""Texts to numbers: words, tokens, n-grams, hashes."""
