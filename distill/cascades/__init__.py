"""Cascades: cheap models that ask more expensive ones if they are unsure."""
