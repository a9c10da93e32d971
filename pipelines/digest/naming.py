"""How a file of a digest, or a person's beside them, names an article: by its title, or by its address. Pure.

A title is named where it stands whole: in Markdown as a link's text, bold, or as what an item of a list begins with;
in HTML as the text of an element; in JSON as a value. Never as a part of a longer one. An address is named where it is
not the beginning of a longer one.
"""

import json
import re
from collections.abc import Collection, Iterable, Iterator

from markupsafe import escape

from crawler.text import clean
from crawler.urls import without_tracking
from pipelines.digest.render import Format
from pipelines.markdown import escaped, harmless

_NEVER = r"(?!)"
_WHOLE = r"(?![\w/?&=#%+~@$!\\-]|\.\w)"  # no longer address goes on here


def patterns_of(titles: Collection[str], addresses: Collection[str]) -> dict[Format, re.Pattern[str]]:
    """What finds one of these titles or addresses, in a file of each format."""
    spelled = {spelling for url in addresses for spelling in (url, without_tracking(url))} - {""}
    spelled |= {harmless(url) for url in spelled}
    visible = {title for title in titles if clean(title)}
    found = {
        Format.MARKDOWN: _in_markdown(visible, spelled),
        Format.HTML: _in_html(visible, spelled),
        Format.JSON: _in_json(visible, spelled),
    }
    return {form: re.compile("|".join(parts) or _NEVER, re.MULTILINE | re.ASCII) for form, parts in found.items()}


def _in_markdown(titles: set[str], addresses: set[str]) -> Iterator[str]:
    """As a digest spells them, and as they are: a person's file may name them too."""
    for whole in map(re.escape, titles | set(map(escaped, titles))):
        yield rf"\[{whole}\]\(|\*\*{whole}\*\*|^[-*+] {whole}(?=$|: |：| · )"
    yield from _whole(addresses | set(map(escaped, addresses)))


def _in_html(titles: set[str], addresses: set[str]) -> Iterator[str]:
    for title in map(str, map(escape, titles | set(map(clean, titles)))):
        yield rf">\s*{re.escape(title)}\s*<"
    yield from _whole(addresses | {str(escape(url)) for url in addresses | set(map(clean, addresses))})


def _in_json(titles: set[str], addresses: set[str]) -> Iterator[str]:
    for is_ascii in (False, True):
        yield from (re.escape(json.dumps(title, ensure_ascii=is_ascii)) for title in titles)
        yield from _whole(json.dumps(url, ensure_ascii=is_ascii)[1:-1] for url in addresses)


def _whole(addresses: Iterable[str]) -> Iterator[str]:
    return (re.escape(url) + _WHOLE for url in addresses)
