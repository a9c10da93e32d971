"""Pages that answer 200 and hold no article, by the list in data/failures.yaml."""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files
from typing import Literal

import yaml
from pydantic import TypeAdapter, model_validator

from crawler.charsets import decode
from crawler.config.models import Model
from crawler.config.selectors import found_in
from crawler.config.values import PageSelectors, PositiveDuration, Regex
from crawler.items import Answer, Challenge
from crawler.markup import Element, ParseError, parse
from crawler.outcomes import Outcome
from pipelines.extract.no_text import SHORTEST_TEXT
from pipelines.extract.sites.said import NoArticle
from pipelines.extract.tree import visible_text

_SENTENCE_END = re.compile(r"[。！？]")


class Failure(Model):
    """One entry of the list. What its keys mean is said there."""

    url: Regex | None = None
    site: str = ""
    where: PageSelectors = ()
    words: Regex | None = None
    at_most: int | None = None
    outcome: Literal[Outcome.BLOCKED, Outcome.GONE, Outcome.NO_TEXT]
    reason: str
    hold: PositiveDuration | None = None

    @model_validator(mode="after")
    def _bounded(self) -> "Failure":
        if self.words is not None and not self.where and self.at_most is None:
            raise ValueError("words alone need at_most: an article about captchas is an article")
        return self


@cache
def failures() -> tuple[Failure, ...]:
    """The list."""
    text = files("pipelines.extract").joinpath("data/failures.yaml").read_text(encoding="utf-8")
    return TypeAdapter(tuple[Failure, ...]).validate_python(yaml.safe_load(text))


def failure_of(tree: Element, url: str, site: str, bodies: Sequence[Element]) -> NoArticle | None:
    """What a page is that is no article, or None where it may be one.

    Args:
        tree: of the page.
        url: of the page.
        site: whose page it is, by its name in sites.yaml.
        bodies: what the rules of that site and of the source find as the article's body.
    """
    text = visible_text(tree)
    told = [visible_text(body) for body in bodies]
    fitting = (failure for failure in failures() if failure.site in {"", site} and _fits(failure, tree, url, text))
    found = next(
        (failure for failure in fitting if failure.at_most is None or not _say_more(told, failure.words)), None
    )
    return None if found is None else _of(found)


def failure_at(url: str) -> NoArticle | None:
    """What an address alone says of the page that stands there."""
    found = next((one for one in failures() if one.url and not one.where and re.search(one.url, url)), None)
    return None if found is None else _of(found)


def challenge_in(answer: Answer) -> Challenge | None:
    """What keeps robots out, where that was answered instead of a list."""
    text, _ = decode(answer.body, answer.content_type, answer.charset)
    try:
        tree = parse(text)
    except ParseError:
        tree = None
    found = failure_at(answer.url)
    if found is None and tree is not None and len(tree):
        found = failure_of(tree, answer.url, "", ())
    if found is None or found.outcome is not Outcome.BLOCKED:
        return None
    return Challenge(reason=found.reason, hold_host=found.hold_host)


def _of(failure: Failure) -> NoArticle:
    return NoArticle(outcome=failure.outcome, reason=failure.reason, hold_host=failure.hold)


def _say_more(bodies: Iterable[str], words: str | None) -> bool:
    """Whether one of the bodies holds an article, less the sentences in which the words stand."""
    sentences = map(_SENTENCE_END.split, bodies)
    others = ([one for one in body if words is None or not re.search(words, one)] for body in sentences)
    return any(len("".join(left)) >= SHORTEST_TEXT for left in others)


def _fits(failure: Failure, tree: Element, url: str, text: str) -> bool:
    if failure.url is not None and not re.search(failure.url, url):
        return False
    if failure.at_most is not None and len(text) > failure.at_most:
        return False
    found = [one for expression in failure.where for one in found_in(tree, expression) if not isinstance(one, str)]
    if failure.where and not found:
        return False
    told = " ".join(map(visible_text, found)) if found else text
    return failure.words is None or re.search(failure.words, told) is not None
