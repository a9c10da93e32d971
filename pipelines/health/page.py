"""A text of tables and lines, before anybody decides how wide it is shown. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Part:
    """A title with a table, lines, or both under it."""

    title: str = ""
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    numbers: frozenset[int] = frozenset()  # columns that stand to the right
    spare: tuple[int, ...] = ()  # columns that a narrow terminal goes without, the least important first
    lines: tuple[str, ...] = ()
