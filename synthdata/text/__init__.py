"""From texts to numbers: words, tokens, n-grams, hashes."""
