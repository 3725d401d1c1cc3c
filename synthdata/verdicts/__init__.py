"""From numbers to sentences: the verdict on a collection, on a comparison, and the gate."""
