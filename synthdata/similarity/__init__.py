"""Repetition: near-duplicates, self-BLEU, Vendi score, passages, templates."""
