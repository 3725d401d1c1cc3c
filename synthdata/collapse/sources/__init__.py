"""Sources of the laboratory of collapse: distributions, texts, passages."""
