"""Two collections at equal terms."""
