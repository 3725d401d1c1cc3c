"""Code read as data: a function with its dependencies, its form, its stub; nothing here is run."""
