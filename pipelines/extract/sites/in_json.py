"""Pages that carry their article in a script as JSON, by the rules of their site."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from jmespath.exceptions import JMESPathError

from crawler.config.selectors import found_in
from crawler.dates import read_moment
from crawler.items import Dating
from crawler.jmes import ask
from crawler.markup import Element
from crawler.text import clean
from pipelines.extract.scripts import json_behind, plain, script_text
from pipelines.extract.sites.rules import DataRules
from pipelines.extract.sites.said import Said
from pipelines.extract.tree import fragment

_BEGIN = r"\A\s*"


def read(tree: Element, rules: DataRules, zone: str, now: datetime) -> Said:
    """What the JSON says; nothing where there is none that can be read.

    Args:
        tree: of the page.
        rules: where the JSON stands, and what stands where in it.
        zone: of the dates that name none.
        now: when the page was fetched; "3 小时前" is reckoned from here.

    Raises:
        ParseError: the parser gave up on the HTML in it.
    """
    data = _data(tree, rules)
    return Said(
        title=clean(plain(next(_texts(data, rules.title), ""))),
        published=tuple(_dates(data, rules, ZoneInfo(zone), now)),
        body=fragment(next(_texts(data, rules.body), "")),
    )


def _data(tree: Element, rules: DataRules) -> Any:
    found = [one for expression in rules.where for one in found_in(tree, expression) if not isinstance(one, str)]
    texts = (script.text or "" for script in found) if rules.where else (script_text(tree),)
    read_ = (json_behind(text, rules.after or _BEGIN) for text in texts)
    return next((data for data in read_ if data is not None), None)


def _dates(data: Any, rules: DataRules, zone: ZoneInfo, now: datetime) -> Iterator[Dating]:
    for value in _values(data, rules.published):
        dating = read_moment(value, zone, "page", now)
        if dating is not None:
            yield dating


def _texts(data: Any, expressions: Iterable[str]) -> Iterator[str]:
    return (value for value in _values(data, expressions) if isinstance(value, str) and value.strip())


def _values(data: Any, expressions: Iterable[str]) -> Iterator[str | int | float]:
    for expression in expressions:
        try:
            found = ask(expression, data)
        except JMESPathError:  # a function of JMESPath on a field that is missing here
            continue
        if isinstance(found, str | int | float) and not isinstance(found, bool):
            yield found
