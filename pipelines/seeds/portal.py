"""The plain text of a Discuz! portal page to a seed: what the page shows round the article is taken off."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from crawler.dates import read_date
from crawler.items import Dating
from crawler.text import clean
from pipelines.extract.boilerplate import without_boilerplate
from pipelines.extract.escape import escaped
from pipelines.extract.plain import plain_text
from pipelines.seeds.seed import Seed, SeedError, Shape

# In the order of the page, as Discuz!'s own template view.htm puts them.
_MENU = "快捷导航"
_TRAIL = re.compile(r".+[›»].+")  # 首页 › 门户 › 分类 › 查看内容
_FACTS = re.compile(
    r"(?P<date>\d{4}-\d{1,2}-\d{1,2}(?: \d{1,2}:\d{2})?)\s*\|\s*(?:发布者|查看|评论|原作者|来自)\s*[:：].*"
)
_ABSTRACT = re.compile(r"摘要\s*[:：]\s*")
_ACTIONS = re.compile(r"(?:(?:收藏|分享|邀请|路过|雷人|握手|鲜花|鸡蛋)\s*\d*\s*)+")
_SHARE = re.compile(r"收藏\s*\d*\s.*邀请\s*\d*")
_NEIGHBOUR = re.compile(r"[上下]一篇\s*[:：]")
_NEIGHBOURS = re.compile(r"上一篇\s*[:：].*下一篇\s*[:：].*")
# How far below the menu a title is looked for, and how many paragraphs an abstract may be cut from.
_HEAD_LINES = 5
_ABSTRACT_PARAGRAPHS = 5
_SHORTEST_ABSTRACT = 10
_SHORTEST_TEXT = 40


@dataclass(frozen=True, kw_only=True)
class _Article:
    title: str
    facts: str  # the date as the page shows it
    body: Sequence[str]


def is_portal(text: str) -> bool:
    """Whether the page's menu stands at the top, or the line with the articles before and after it below."""
    lines = _lines(text)
    return lines[:1] == [_MENU] or any(_are_neighbours(lines, number) for number in range(len(lines)))


def read_portal(text: str, name: str, zone: str) -> Seed:
    """The seed in a file that `is_portal`, a paragraph a line. Nothing in it is taken for Markdown.

    Args:
        text: the file, its line ends those of Unix.
        name: what error messages call it.
        zone: assumed for a date without one, an IANA name.

    Raises:
        SeedError: there is no article between what stands above and what stands below.
    """
    article = _article(_below_menu(text))
    markdown = without_boilerplate("\n\n".join(map(escaped, article.body)))
    text = plain_text(markdown)
    letters = len(_letters(text))
    if letters < _SHORTEST_TEXT:
        raise SeedError(
            f"{name}: the text of a portal page with {letters} characters of article between menu and footer; "
            f"at least {_SHORTEST_TEXT} are expected"
        )
    return Seed(
        shape=Shape.PORTAL,
        title=clean(article.title),
        markdown=markdown,
        text=text,
        published=_published(article, zone),
    )


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]


def _below_menu(text: str) -> list[str]:
    """The page's lines below menu and category, above the footer. The category stands right below the menu."""
    above, menu, below = text.partition(_MENU)
    if not menu or above.strip():
        below = text
    elif not below.startswith("\n\n"):
        below = below.lstrip("\n").partition("\n")[2]
    lines = _above_footer(_lines(below))
    return lines[1:] if _begins_with_trail(lines) else lines


def _begins_with_trail(lines: list[str]) -> bool:
    """Whether the first line says where the page stands in the portal, and is not the title with such a sign in it."""
    if len(lines) < 2 or not _TRAIL.fullmatch(lines[0]):
        return False
    return not (_FACTS.fullmatch(lines[1]) or _is_repeated(lines, 1))


def _above_footer(lines: list[str]) -> list[str]:
    end = next((number for number in reversed(range(len(lines))) if _begins_footer(lines, number)), len(lines))
    while end and end < len(lines) and _ACTIONS.fullmatch(lines[end - 1]):
        end -= 1
    return lines[:end]


def _begins_footer(lines: list[str], number: int) -> bool:
    return _SHARE.fullmatch(lines[number]) is not None or _are_neighbours(lines, number)


def _are_neighbours(lines: list[str], number: int) -> bool:
    """Whether the line names the article before and the one after; where each has its line, buttons stand above."""
    if not _NEIGHBOUR.match(lines[number]):
        return False
    return _NEIGHBOURS.fullmatch(lines[number]) is not None or bool(number and _ACTIONS.fullmatch(lines[number - 1]))


def _article(lines: list[str]) -> _Article:
    """The title is the line above the facts, else above an abstract that the text repeats, else the first line."""
    facts = next((number for number, line in enumerate(lines[:_HEAD_LINES]) if _FACTS.fullmatch(line)), None)
    told = [_ABSTRACT.sub("", line) if _ABSTRACT.match(line) else line for line in lines]
    if facts is not None:
        title, first = max(0, facts - 1), facts + 1
    else:
        title = next((number for number in range(len(told[:_HEAD_LINES])) if _is_repeated(told, number + 1)), 0)
        first = title + 1
    if _is_repeated(told, first):
        first += 1
    shown = _FACTS.fullmatch(lines[facts]) if facts is not None else None
    return _Article(title="".join(lines[title : title + 1]), facts=shown["date"] if shown else "", body=told[first:])


def _is_repeated(lines: list[str], number: int) -> bool:
    """Whether the line is an abstract: the beginning of what follows it, cut somewhere."""
    abstract = _letters("".join(lines[number : number + 1]))
    following = _letters("".join(lines[number + 1 : number + 1 + _ABSTRACT_PARAGRAPHS]))
    return len(abstract) >= _SHORTEST_ABSTRACT and following.startswith(abstract)


def _letters(text: str) -> str:
    return "".join(character for character in text if character.isalnum())


def _published(article: _Article, zone: str) -> Dating | None:
    return read_date(article.facts, zone, "seed") if article.facts else None
