"""Words, tables and pictures of a result: in a terminal, as a page, as JSON."""
