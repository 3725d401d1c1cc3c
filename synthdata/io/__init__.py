"""Bytes to rows: streams, formats, rows, collections, and rows written again."""
