"""What stands above and below every article of a publisher, taken off by the list in data/boilerplate.yaml."""

import re
from functools import cache
from importlib.resources import files
from typing import Literal, NamedTuple

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter

from pipelines.extract.emphasis import IMAGE, is_picture, line

_SENTENCE_ENDS = "。！？!?…”’」』）)."
_SKIPPED = re.compile(rf"{IMAGE}|[\s*_\\]+")
_LINK = re.compile(rf"\[(?P<words>(?:{IMAGE}|[^\[\]\n])*)\]\((?P<address>[^()\s]*)\)")
_OTHER_ARTICLES = re.compile(r"https?://mp\.weixin\.qq\.com/")


class Phrase(BaseModel):
    """One entry of the list. What its keys mean is said there."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    words: re.Pattern[str]
    where: Literal["head", "tail"]
    why: str
    links: bool = False


class _Visible(NamedTuple):
    """The words of a block as they are compared, with the place in the block where each character begins.

    The characters of a link begin where the link does.
    """

    words: str
    places: list[int]
    linked: list[bool]  # to one of the account's other articles


@cache
def phrases() -> tuple[Phrase, ...]:
    """The list."""
    text = files("pipelines.extract").joinpath("data/boilerplate.yaml").read_text(encoding="utf-8")
    return TypeAdapter(tuple[Phrase, ...]).validate_python(yaml.safe_load(text))


def without_boilerplate(markdown: str) -> str:
    """The repaired Markdown of an article less what its publisher puts round every one."""
    blocks = [block for block in markdown.split("\n\n") if block]
    while True:
        cut = _less_tail(_less_head(blocks))
        if cut == blocks:
            return "\n\n".join(blocks)
        blocks = cut


def _less_head(blocks: list[str]) -> list[str]:
    number = next((number for number, block in enumerate(blocks) if not is_picture(block)), None)
    if number is None:
        return blocks
    seen = _visible(blocks[number])
    for phrase in phrases():
        found = phrase.words.match(seen.words) if phrase.where == "head" else None
        if found is None:
            continue
        if found.end() == len(seen.words):
            return [*blocks[:number], *blocks[number + 1 :]]
        if found[0][-1] in _SENTENCE_ENDS:
            return [
                *blocks[:number],
                _put_right(_from(blocks[number], seen.places[found.end()])),
                *blocks[number + 1 :],
            ]
    return blocks


def _less_tail(blocks: list[str]) -> list[str]:
    for number in reversed(range(len(blocks))):
        if is_picture(blocks[number]):
            continue
        seen = _visible(blocks[number])
        start = _tail_start(seen, lowest=not any(not is_picture(block) for block in blocks[number + 1 :]))
        if start is not None:
            kept = _put_right(blocks[number][: seen.places[start]]) if start else ""
            return [*blocks[:number], *filter(None, [kept])]
        if not all(seen.linked):
            break
    return blocks


def _tail_start(seen: _Visible, *, lowest: bool) -> int | None:
    """Where in a block a phrase begins that ends the article; `lowest`: no words stand below the block."""
    for phrase in phrases():
        if phrase.where == "head" or not (lowest or phrase.links):
            continue
        for found in phrase.words.finditer(seen.words):
            ends = all(seen.linked[found.end() :]) if phrase.links else found.end() == len(seen.words)
            if ends and (not found.start() or seen.words[found.start() - 1] in _SENTENCE_ENDS):
                return found.start()
    return None


def _from(block: str, place: int) -> str:
    """The block from a place on, without the mark that closed a bold begun before it."""
    rest = block[place:]
    return rest if block[:place].count("**") % 2 == 0 else f"**{rest}"


def _put_right(rest: str) -> str:
    """The rest of a block without the bold marks that lost their partner, and without lines that lost their words."""
    return "\n".join(filter(None, map(line, rest.split("\n"))))


def _visible(block: str) -> _Visible:
    seen = _Visible("", [], [])
    words: list[str] = []
    position = 0
    while position < len(block):
        if skipped := _SKIPPED.match(block, position):
            position = skipped.end()
            continue
        link = _LINK.match(block, position)
        shown = _SKIPPED.sub("", link["words"]) if link else block[position]
        words.append(shown)
        seen.places.extend([position] * len(shown))
        seen.linked.extend([link is not None and bool(_OTHER_ARTICLES.match(link["address"]))] * len(shown))
        position = link.end() if link else position + 1
    return seen._replace(words="".join(words))
