"""From bytes to rows and back: streams, formats, rows, collections, writing."""
