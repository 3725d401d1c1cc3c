"""Small worlds that write text or show pictures, and whose truth is known: NumPy only, seeded."""
