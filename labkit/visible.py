"""Untrusted text on a terminal: nothing hidden in it, nothing that controls the terminal.

Idea:   a control character can move the cursor, recolour or retitle a terminal, and a bidirectional
        override can disguise what a line says; so both are shown as visible symbols.
Source: ECMA-48 (control sequences); Boucher & Anderson, "Trojan Source", 2021.
Run:    used by every report and every error line; nothing to run.
"""

from __future__ import annotations

SHOWN = 240
"""Default number of characters of a text that are shown."""

_BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_MADE_VISIBLE = {
    **{code: chr(0x2400 + code) for code in range(0x20)},
    0x7F: "\u2421",
    **{code: f"\\x{code:02x}" for code in range(0x80, 0xA0)},
    **{ord(c): f"\\u{ord(c):04x}" for c in _BIDI},
    0x2028: "\\u2028",
    0x2029: "\\u2029",
    0x0A: "⏎ ",
    0x0D: "␍",
}
_SURROGATES = {code: f"\\u{code:04x}" for code in range(0xD800, 0xE000)}


def visible(text: str, most: int = SHOWN) -> str:
    """The text with control characters as symbols, shortened to `most` characters.

    >>> visible("\\x1b[31mred\\n")
    '␛[31mred⏎ '
    """
    if len(text) > most:
        text = text[: most - 1] + "…"
    text = text.translate(_MADE_VISIBLE)
    return text if text.isascii() else text.translate(_SURROGATES)
