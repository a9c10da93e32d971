"""Lists and tables as Markdown."""

from collections.abc import Iterable, Sequence


def tagged_list(items: Iterable[tuple[bool, Sequence[str]]], *, start: int | None) -> list[str]:
    """A list as one block.

    Args:
        items: of each child of the list whether it is a list itself, and its blocks.
        start: the number of the first item, None where items have no number.
    """
    written: list[str] = []
    number = start or 0
    for is_list, blocks in items:
        if not blocks:
            continue
        if is_list and written:
            written[-1] += "\n" + "\n".join(_indented(block, 4) for block in blocks)
            continue
        mark = "-" if start is None else f"{number}."
        written.append(_item(mark, blocks))
        number += 1
    return ["\n".join(written)] if written else []


def table(rows: Sequence[Sequence[str]]) -> str:
    """A table, its first row as the head."""
    head, *rest = ([cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows)
    lines = [head, ["---"] * len(head), *rest]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _item(mark: str, blocks: Sequence[str]) -> str:
    first, *more = blocks
    width = len(mark) + 1
    tight = [_indented(block, width) for block in more]
    return "\n".join([f"{mark} {_indented(first, width).lstrip(' ')}", *tight])


def _indented(block: str, width: int) -> str:
    return "\n".join(f"{' ' * width}{one}" if one else one for one in block.split("\n"))
