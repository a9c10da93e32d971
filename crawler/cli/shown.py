"""Shows a page's parts: with rich on a terminal, else as aligned text that a mail carries as well."""

from collections.abc import Iterable, Iterator, Sequence

from rich import box
from rich.cells import cell_len
from rich.console import Console, JustifyMethod
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from crawler.text import one_line
from pipelines.health.page import Part

_GAP = 2  # cells between columns, and before what stands under a title
_WORD = 24  # cells of the longest word that is kept whole; text in Han, which has no spaces, is broken


def show(parts: Iterable[Part], console: Console) -> None:
    """Print them, tables for a person at a terminal, plain text for anybody else."""
    if not console.is_terminal:
        # Not printed by rich, which breaks lines at its own idea of a width.
        console.file.write(plain_text(parts) + "\n")
        return
    for number, part in enumerate(_told(parts)):
        if number:
            console.print()
        if part.title:
            console.print(Text(one_line(part.title), style="bold"))
        if part.rows:
            console.print(_table(part, console.width))
        for line in part.lines:
            text = one_line(line)
            before = len(text) - len(text.lstrip())
            console.print(Padding(Text(text.strip()), (0, 0, 0, before + (_GAP if part.title else 0)), expand=False))


def plain_text(parts: Iterable[Part]) -> str:
    """Columns stand under each other where every Han character is two cells wide; lines are as long as they are."""
    return "\n\n".join("\n".join(_plain(part)) for part in _told(parts))


def _told(parts: Iterable[Part]) -> list[Part]:
    return [part for part in parts if part.rows or part.lines]


def _table(part: Part, width: int) -> Table:
    """Without the columns that can be spared where they would break the words of others."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    rows = [tuple(one_line(cell) for cell in row) for row in (part.columns, *part.rows)]
    columns = list(zip(*rows, strict=True))
    least = [max(map(_longest_word, cells)) for cells in columns]
    shown = _fitting(part, least, width)
    widths = _widths([(max(map(cell_len, columns[number])), least[number]) for number in shown], width)
    for number, cells in zip(shown, widths, strict=True):
        side: JustifyMethod = "right" if number in part.numbers else "left"
        table.add_column(Text(rows[0][number]), justify=side, overflow="fold", width=cells)
    for row in rows[1:]:
        table.add_row(*(Text(row[number]) for number in shown))  # not markup: titles may hold brackets
    return table


def _fitting(part: Part, least: Sequence[int], width: int) -> list[int]:
    """The columns whose longest words stand beside each other in `width` cells."""
    shown = list(range(len(part.columns)))
    for number in part.spare:
        if sum(least[one] + _GAP for one in shown) - _GAP <= width:
            break
        shown.remove(number)
    return shown


def _widths(columns: Sequence[tuple[int, int]], width: int) -> list[int]:
    """As wide as each would be, and where that is too much narrower, but no narrower than its longest word.

    Rich by itself narrows the widest first, whatever it breaks.
    """
    found = [natural for natural, _ in columns]
    while sum(cells + _GAP for cells in found) - _GAP > width:
        slack = [cells - least for cells, (_, least) in zip(found, columns, strict=True)]
        if max(slack) <= 0:
            break
        found[slack.index(max(slack))] -= 1
    return found


def _longest_word(cell: str) -> int:
    """In cells, as far as it is kept whole."""
    return min(_WORD, max(map(cell_len, cell.split()), default=0))


def _plain(part: Part) -> Iterator[str]:
    indent = " " * _GAP if part.title else ""
    if part.title:
        yield one_line(part.title)
    if part.rows:
        rows = [part.columns, *(tuple(one_line(cell) for cell in row) for row in part.rows)]
        widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            yield indent + _aligned(row, widths, part.numbers)
    yield from (indent + one_line(line) for line in part.lines)


def _aligned(row: Sequence[str], widths: Sequence[int], numbers: frozenset[int]) -> str:
    cells = []
    for number, (cell, width) in enumerate(zip(row, widths, strict=True)):
        fill = " " * (width - cell_len(cell))
        cells.append(fill + cell if number in numbers else cell + fill)
    return (" " * _GAP).join(cells).rstrip()
