"""The course as a book: a static site of its lessons, from the notebooks that are there."""
