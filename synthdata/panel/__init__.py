"""One collection: all its measures."""
