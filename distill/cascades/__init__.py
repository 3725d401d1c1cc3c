"""Cheap models that ask dearer ones where they are unsure."""
