"""Measures of any number of texts, in one pass and bounded memory."""
