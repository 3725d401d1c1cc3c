"""Lesson 16: the stairs: how far up a network climbs on answers of its own."""
