"""What the laboratory of collapse fits: distributions, texts, passages."""
