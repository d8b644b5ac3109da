"""How values made by the thousand are declared and copied.

`dataclass(frozen=True)` and `cached_property` cost a core more than what it decides: a frozen value takes each field by a
call that goes round its own lock (four times a plain assignment), and Python 3.11 takes a lock for each property. So here
`dataclass` leaves the freezing to the type checker, which refuses every assignment as it always does, and to `python -X
dev`, under which values refuse it themselves. `derived` is `cached_property` as it is from Python 3.12 on; `replace` is
the standard one in a tenth of the time. Source: ADRs 122 and 130.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

__all__ = ["dataclass", "derived", "replace"]

if TYPE_CHECKING:
    from dataclasses import dataclass, replace  # the type checker knows these
    from functools import cached_property as derived
else:

    def dataclass(*, frozen: bool = False, **options: Any) -> Callable[[type], type]:
        """As the standard one, with the same equality, hash, slots and text; frozen only where that is checked."""

        def declared(kind: type) -> type:
            hashes = frozen and "__hash__" not in vars(kind)
            return dataclasses.dataclass(kind, frozen=frozen and sys.flags.dev_mode, unsafe_hash=hashes, **options)

        return declared

    class derived:  # noqa: N801 - it is read as a word above a method, as the standard one is
        """What follows from an object's fields, reckoned when it is first asked for, and kept with the object."""

        def __init__(self, reckon: Callable[[Any], Any]) -> None:
            self._reckon = reckon
            self.__doc__ = reckon.__doc__

        def __set_name__(self, owner: type, name: str) -> None:
            self._name = name

        def __get__(self, value: Any, owner: type | None = None) -> Any:
            if value is None:
                return self
            found = self._reckon(value)
            # not through `__dict__`: asked for it, Python makes a dictionary for each object, as large as the object
            object.__setattr__(value, self._name, found)
            return found

    def replace(value: Any, /, **changes: Any) -> Any:
        """The value with other fields; for slotted classes declared here, without `__post_init__`.

        >>> @dataclass(frozen=True, slots=True)
        ... class Point:
        ...     x: int
        ...     y: int
        >>> replace(Point(1, 2), y=3)
        Point(x=1, y=3)
        """
        return _copy_of(type(value))(value, changes)


_Copy = Callable[[Any, Mapping[str, Any]], Any]


@cache
def _copy_of(kind: type) -> _Copy:
    """How values of a class are copied: written out, as `dataclasses` writes `__init__`, so that no name is looked up."""
    if hasattr(kind, "__post_init__") or not hasattr(kind, "__slots__"):
        raise TypeError(f"{kind.__name__}: only slotted dataclasses without __post_init__ are copied as they stand")
    if getattr(kind, "__dataclass_params__").frozen:  # noqa: B009 - the type checker does not know it
        return lambda value, changes: dataclasses.replace(value, **changes)
    lines = [
        "def copy(value, changes):",
        " copy = new(kind)",
        *(f" copy.{each.name} = value.{each.name}" for each in dataclasses.fields(kind)),
        " for name in changes:",
        "  setattr(copy, name, changes[name])",
        " return copy",
    ]
    known: dict[str, Any] = {"new": object.__new__, "kind": kind}
    exec("\n".join(lines), known)  # noqa: S102 - of our own classes' field names alone
    copy: _Copy = known["copy"]
    return copy
