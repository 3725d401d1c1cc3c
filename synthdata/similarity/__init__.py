"""What is said again: near-duplicates, self-BLEU, Vendi score, passages, templates."""
