"""Names that are stored or sent, of which another release may have more."""

from __future__ import annotations

from enum import StrEnum
from typing import Any


class OpenEnum(StrEnum):
    """An enumeration that takes any text: what is none of its members keeps its name.

    Such a name equals itself alone, is written as it was read, and is not `known`.
    """

    @classmethod
    def _missing_(cls, value: object) -> Any:
        """Make a name of a text. None for anything else, which Enum refuses with a ValueError."""
        if not isinstance(value, str):
            return None
        unknown = str.__new__(cls, value)
        unknown._name_ = unknown._value_ = value
        return unknown

    @property
    def known(self) -> bool:
        """Tell whether this release has a member of that name."""
        return self._name_ in type(self).__members__
