"""What a page says about its article: title, authors, language."""

import json
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate
from typing import Any

from crawler.bounds import check_json
from crawler.markup import Element
from crawler.rows import LONGEST_TITLE
from crawler.text import clean
from pipelines.extract.tree import first_texts, meta_contents

_SEPARATED = re.compile(r"\s*(?:[-_|｜–—·•»]|::)+\s*\S.*", re.DOTALL)
_CUT = re.compile(r"(?:(?<!\s)\s+)?(?:[-_|｜–—·•»<]|::)+\s*|(?<!\s)\s+(?=[\u3400-\u9fff])")
_MOST_CUTS = 8
_MOST_HEADLINES = 50  # a page that lists articles has one each
_SHOWN = "//body//text()[not(ancestor::a or ancestor::title or parent::script or parent::style)]"
# No bylines: desks, addresses, templates left unfilled.
_NO_AUTHOR = re.compile(r"编辑|责编|网友|关注|管理员|admin|Discuz|@|://|[{}<>]", re.IGNORECASE)
_AUTHORS_BETWEEN = re.compile(r"[,，、;；/|]|\s{2,}")
_LONGEST_AUTHOR = 30
_MOST_AUTHORS = 20
_SHORTEST_HEADLINE = 5  # characters; what is shorter is the name of a blog or a column


def page_title(tree: Element, announced: str) -> str:
    """The article's title as the page gives it, else `announced`, the title in feed or list.

    A site's name behind it goes only where `announced`, the page's headline, or words that stand alone on the page
    show that it is no part of it.
    """
    headlines = [clean(text)[:LONGEST_TITLE] for text in first_texts(tree, "//h1")[:_MOST_HEADLINES]]
    titles = [clean(text)[:LONGEST_TITLE] for text in first_texts(tree, "//head/title | //title")[:1]]
    shared = clean(meta_contents(tree).get("og:title", ""))[:LONGEST_TITLE]
    for headline in headlines:
        if any(_is_title_with_suffix(title, headline) for title in (*titles, shared)):
            return headline
    own = shared or (titles[0] if titles else "") or (headlines[0] if headlines else "")
    announced = clean(announced)
    return announced if _is_title_with_suffix(own, announced) else _shown_alone(tree, own) or own or announced


def _shown_alone(tree: Element, title: str) -> str:
    """The longest beginning of a title, cut at its separators, that the page shows outside links and alone, or ""."""
    cuts = [cut.start() for cut in _CUT.finditer(title)][-_MOST_CUTS:]
    shown = [text for text in map(_squashed, tree.xpath(_SHOWN)) if text] if cuts else []
    # A headline may be broken into lines, so it begins where a text does and ends where one ends.
    edges = {0, *accumulate(map(len, shown))}
    page = "".join(shown)
    for end in (len(title), *reversed(cuts)):
        words = _squashed(title[:end])
        places = [found.start() for found in re.finditer(re.escape(words), page)] if shown else []
        if len(words) >= _SHORTEST_HEADLINE and any({at, at + len(words)} <= edges for at in places):
            return title[:end].strip()
    return ""


def _is_title_with_suffix(long: str, title: str) -> bool:
    """Whether `long` is `title`, alone or before a separator and a site's name."""
    if not title or not _squashed(long).startswith(_squashed(title)):
        return False
    rest = long[_end_of(long, len(_squashed(title))) :]
    return not rest.strip() or _SEPARATED.fullmatch(rest) is not None


def _squashed(text: str) -> str:
    return "".join(text.split()).casefold()


def _end_of(text: str, letters: int) -> int:
    """The position in `text` behind its first `letters` non-space characters, counted case-folded."""
    seen = 0
    for position, character in enumerate(text):
        if seen >= letters:
            return position
        seen += len(_squashed(character))
    return len(text)


def page_authors(tree: Element, data: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Bylines in linked data and meta tags; visible text is not searched, it names editors and commenters.

    `data` is what `linked_data` found.
    """
    names: list[str] = []
    for node in data:
        names.extend(_names(node.get("author")))
    metas = meta_contents(tree)
    if not names:
        names = [metas[name] for name in ("author", "article:author") if name in metas][:1]
    return bylines(names)


def bylines(texts: Iterable[str]) -> tuple[str, ...]:
    """The names in the texts, each once; desks, addresses and what is too long for a name are left out."""
    parts = (clean(part) for text in texts for part in _AUTHORS_BETWEEN.split(text))
    good = (part for part in parts if part and len(part) <= _LONGEST_AUTHOR and not _NO_AUTHOR.search(part))
    return tuple(dict.fromkeys(good))[:_MOST_AUTHORS]


def _names(author: Any) -> Iterator[str]:
    for one in author if isinstance(author, list) else [author]:
        name = one.get("name") if isinstance(one, dict) else one
        if isinstance(name, str):
            yield name


def page_language(tree: Element) -> str:
    """The language the document declares, such as zh-CN, or the empty string."""
    declared = (tree.get("lang") or "").strip() if tree.tag == "html" else ""
    return declared if re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,5}", declared) else ""


def linked_data(tree: Element) -> list[dict[str, Any]]:
    """The JSON-LD objects of a page that carry a publication date or an author, articles first."""
    found: list[dict[str, Any]] = []
    for script in tree.xpath("//script[@type='application/ld+json']"):
        found.extend(_objects(_parsed(script.text or "")))
    return sorted(found, key=lambda node: "Article" not in str(node.get("@type", "")))


def _parsed(text: str) -> Any:
    try:
        check_json(text)
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):  # broken or absurd JSON of a page is common and says nothing
        return None


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    waiting = deque([value])
    while waiting:
        one = waiting.popleft()
        if isinstance(one, list):
            waiting.extend(one)
        elif isinstance(one, dict):
            if {"datePublished", "pubDate", "author"} & one.keys():
                yield one
            waiting.extend(part for part in one.values() if isinstance(part, dict | list))
