"""All measures of one collection."""
