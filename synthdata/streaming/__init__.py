"""One pass over any number of texts, in bounded memory."""
