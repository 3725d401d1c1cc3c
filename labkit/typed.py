"""Types of settings and records that come from a file, checked against their declarations.

Idea:   a dataclass accepts any value; JSON may come from anyone.
Run:    used wherever a dataclass is made from a file; nothing to run.
"""

from __future__ import annotations

from typing import Any, get_type_hints


def whole_number(value: Any) -> int:
    """A count from a file; ValueError if it cannot be one."""
    if type(value) is not int or not 0 <= value < 2**63:
        raise ValueError(f"{str(value)[:80]!r} is no count")
    return value


def typed(record: type, values: Any) -> dict[str, Any]:
    """`values` unchanged; TypeError if one is not of the type that `record` declares.

    The dataclass itself refuses unknown and missing names.
    """
    from typeguard import CollectionCheckStrategy, TypeCheckError, check_type

    if not isinstance(values, dict):
        raise TypeError(f"{repr(values)[:80]} in place of settings")
    for name, hint in get_type_hints(record).items():
        try:
            if name in values:
                check_type(
                    values[name],
                    hint,
                    collection_check_strategy=CollectionCheckStrategy.ALL_ITEMS,
                )
        except TypeCheckError:
            raise TypeError(f"{name} cannot be {repr(values[name])[:80]}") from None
    return values
