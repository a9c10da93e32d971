"""A known body to Markdown: every word and picture in it, in its order, and nothing else.

Where a site's body is known there is nothing to guess: what looks for the main text would only take short paragraphs,
captions and quotes for noise. The generic way (html.py) is for pages whose body is not known.
"""

import re
from collections.abc import Sequence
from urllib.parse import quote

from crawler.markup import Element
from pipelines.extract.blocks import as_text
from pipelines.extract.emphasis import is_picture, line, paragraph
from pipelines.extract.escape import marks_escaped
from pipelines.extract.lists import table, tagged_list
from pipelines.extract.plain import join_wrapped
from pipelines.extract.tree import unmark_images

_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_LISTS = frozenset(("ul", "ol"))
_BLOCKS = frozenset(
    "address article aside blockquote body center dd details div dl dt fieldset figcaption figure footer form header "
    "legend li main nav p pre section summary table tbody td tfoot th thead tr".split()
) | {*_HEADINGS, *_LISTS}
_NO_WORDS = frozenset(
    "audio button canvas embed head iframe input link meta noscript object option script select style svg template "
    "textarea title video".split()
)
_HIDDEN = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_BACKTICKS = re.compile("`+")
_WRAP = re.compile(r"(?<![ \t\r\f])[ \t\r\f]*\n\s*")
_LOOSE = "text()[normalize-space()]"  # words of a list outside its items
_NO_DATA = (
    ".//table | .//caption | .//img | .//li | .//pre | .//blockquote | .//h2 | .//h3 | .//h4 "
    "| .//td//p[2] | .//td//div[2] "
    f"| .//{_LOOSE}[parent::table or parent::thead or parent::tbody or parent::tr] | {_LOOSE}"
)
_DEEPEST = 120  # elements inside one another; what lies deeper is read as one line


def markdown_of(body: Element) -> str:
    """The body as Markdown, a block apart from the next by an empty line. Its links and images are absolute."""
    return unmark_images("\n\n".join(_blocks(body)))


def _blocks(element: Element, depth: int = 0) -> list[str]:
    """What stands in an element, as blocks of Markdown."""
    if depth > _DEEPEST:
        return _paragraphs(marks_escaped(" ".join(element.itertext())))
    blocks: list[str] = []
    words = _words(element.text)
    for child in element:
        if not _is_read(child):
            pass
        elif is_block(child):
            blocks += [*_paragraphs(words), *_block(child, depth + 1)]
            words = ""
        else:
            words += _inline(child, depth + 1)
        words += _words(child.tail)
    return [*blocks, *_paragraphs(words)]


def _block(element: Element, depth: int) -> list[str]:
    tag = element.tag
    if tag in _LISTS and not element.xpath(_LOOSE):
        return _list(element, depth)
    if tag == "table" and is_data(element):
        return [_table(element, depth)]
    if tag == "pre":
        return _code(element)
    blocks = _blocks(element, depth)
    if tag in _HEADINGS:
        return _heading(blocks, "#" * _HEADINGS[tag])
    if tag == "blockquote" and blocks:
        return ["\n".join(f"> {quoted}".rstrip() for quoted in "\n\n".join(blocks).split("\n"))]
    return list(filter(None, map(_bold, blocks))) if tag in {"b", "strong"} else blocks


def _list(element: Element, depth: int) -> list[str]:
    read = [child for child in element if _is_read(child)]
    items = [(child.tag in _LISTS, (_blocks if child.tag == "li" else _block)(child, depth)) for child in read]
    return tagged_list(items, start=_start(element))


def _inline(element: Element, depth: int) -> str:
    tag = element.tag
    if tag == "br":
        return "\n"
    if tag == "img":
        return _picture(element)
    words = _words(element.text)
    for child in element:
        if _is_read(child):
            words += _inline(child, depth + 1) if depth < _DEEPEST else _words(" ".join(child.itertext()))
        words += _words(child.tail)
    return _marked(element, tag, words)


def _marked(element: Element, tag: str, words: str) -> str:
    core = words.strip()
    if not core:
        return words
    if tag in {"b", "strong"}:
        # Bold goes on behind a broken line; Markdown's does not.
        return "\n".join(f"**{part}**" if part.strip() else part for part in words.split("\n"))
    if tag == "a":
        return _link(element, words)
    if tag == "code" and "`" not in core and "\n" not in core:
        return f"`{' '.join(element.itertext()).strip()}`"
    mark = {"em": "*", "i": "*", "del": "~~", "s": "~~", "strike": "~~"}.get(tag, "")
    # Beside punctuation, Chinese above all, these marks would be read as characters.
    safe = core[0].isalnum() and core[-1].isalnum() and not {"*", "~", "\n"} & set(core)
    return words.replace(core, f"{mark}{core}{mark}") if mark and safe else words


def _link(element: Element, words: str) -> str:
    """The words as a link; a picture stands for itself, and what spans lines is no link to Markdown."""
    address = _address(element.get("href"))
    core = words.strip()
    if not address or "](" in core or "\n" in core:
        return words
    shown = core.replace("**", "").replace("]", "\\]")
    return words.replace(core, f"[{shown}]({address})", 1)


def _picture(image: Element) -> str:
    address = _address(image.get("src"))
    alt = re.sub(r"[\[\]\\`*_<\s]+", " ", image.get("alt") or "").strip()
    return f"![{alt}]({address})" if address else ""


def _address(url: str | None) -> str:
    """The address as Markdown takes it, or the empty string for one that leads nowhere outside the page."""
    if not url or not url.startswith(("http://", "https://")):
        return ""
    return re.sub(r"[\s()<>\\]", lambda sign: quote(sign[0]), url)


def _words(text: str | None) -> str:
    """Text of the page: line ends in it mean nothing, and signs that Markdown would read stay signs."""
    first, *more = _WRAP.split((text or "").replace("\u00a0", " "))
    for wrapped in more:
        first = join_wrapped(first, wrapped) if first.strip() and wrapped else f"{first} {wrapped}"
    return marks_escaped(first)


def _paragraphs(words: str) -> list[str]:
    if not words.strip():
        return []
    # Two codes side by side are one; every other backtick has its backslash.
    return [as_text(written) for written in paragraph(words.replace("``", ""), below_picture=False)]


def _heading(blocks: Sequence[str], marks: str) -> list[str]:
    """Pictures cannot stand in a heading, nor has its bold a meaning; one that holds lists or tables is none."""
    words = [block.lstrip("# ").replace("**", "") for block in blocks if not is_picture(block)]
    if any("\n" in block or (as_text(block) != block and not block.startswith("#")) for block in blocks):
        return list(blocks)
    pictures = [block for block in blocks if is_picture(block)]
    return [*pictures, f"{marks} {' '.join(' '.join(words).split())}"] if words else pictures


def _bold(block: str) -> str:
    plain = as_text(block) == block and not block.startswith(("#", ">")) and "\n" not in block
    return line(f"**{block.replace('**', '')}**") if plain and not is_picture(block) else block


def is_data(element: Element) -> bool:
    """Whether a table's cells are values; what is only laid out in cells is read as the cells one after another."""
    widths = {len(row.xpath("td | th")) for row in element.iter("tr")}
    square = len(widths) == 1 and min(widths) > 1 and len(list(element.iter("tr"))) > 1
    return square and not element.xpath(_NO_DATA)


def _table(element: Element, depth: int) -> str:
    rows = [row.xpath("td | th") for row in element.iter("tr")]
    return table([[" ".join(_blocks(cell, depth)) for cell in row] for row in rows])


def _code(element: Element) -> list[str]:
    for end in element.iter("br"):
        end.tail = "\n" + (end.tail or "")
    lines = ["".join(part.itertext()) for part in element.iter("code")]
    text = "\n".join(lines) if len(lines) > 1 else "".join(element.itertext())
    fence = "`" * max(3, 1 + max(map(len, _BACKTICKS.findall(text)), default=0))
    return ["\n".join((fence, text.strip("\n"), fence))] if text.strip() else []


def _start(element: Element) -> int | None:
    if element.tag == "ul":
        return None
    start = element.get("start") or "1"
    return int(start) if start.isdecimal() and len(start) < 5 else 1


def _is_read(element: Element) -> bool:
    known = isinstance(element.tag, str) and element.tag not in _NO_WORDS
    return known and not _HIDDEN.search(element.get("style") or "")


def is_block(element: Element) -> bool:
    return element.tag in _BLOCKS or any(inner.tag in _BLOCKS for inner in element.iter())
