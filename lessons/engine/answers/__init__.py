"""Code read as data: a function with what it needs, its form, its stub; nothing here is run."""
