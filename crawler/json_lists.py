"""A list in JSON → entries, by the rules of a config. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from json import JSONDecodeError, JSONDecoder
from typing import Any
from urllib.parse import quote

from jmespath.exceptions import JMESPathError

from crawler.bounds import TooMuchJsonError, check_json
from crawler.charsets import decode
from crawler.config.models import EntryRules, Pages
from crawler.dates import read_moment
from crawler.items import Announced, Answer, Dating, Entry, PollFaultError
from crawler.jmes import ask
from crawler.listings import parse_listing
from crawler.markup import ParseError, plain_text
from crawler.patterns import pattern
from crawler.rows import MOST_ENTRIES, absolute, entry
from crawler.text import one_line

_TEMPLATES = ("http://", "https://")
_BRACES = re.compile(r"(?<!\$)\{([^{}]*)\}")  # ${NAME} is a secret
_KEYS_SHOWN = 12
_TEXT_SHOWN = 200  # characters of what an error says


def parse_json_list(answer: Answer, rules: EntryRules, pages: Pages) -> Announced:
    """What a JSON answer announces, an entry a row; a key that stands twice is told twice.

    An empty list announces nothing and is no fault. A row without link and id is a container and announces nothing;
    one that is no object, or whose address cannot be used, is `unread`.

    Raises:
        PollFaultError: no JSON, an error in its `ok`, no list where `items` looks, or nested too deeply.
        TooSlowError: an expression took too long.
    """
    try:
        data = _data(answer, rules)
        _check_ok(data, rules)
        cursor = one_line(_text(data, (pages.cursor,))) if pages.cursor else ""  # half a character cannot be sent
        if rules.html:
            return replace(_html_list(data, answer, rules, pages), cursor=cursor)
        entries, unread = _read(_rows(data, rules.items), answer, rules)
    except RecursionError as error:
        raise PollFaultError("the JSON is nested too deeply") from error
    return Announced(entries=entries, unread=unread, cursor=cursor)


def _data(answer: Answer, rules: EntryRules) -> Any:
    text, _ = decode(answer.body, answer.content_type, answer.charset)
    if not text.strip():
        raise PollFaultError("the answer is empty")
    start = 0
    if rules.after:
        match = pattern(rules.after).search(text)
        if match is None:
            raise PollFaultError(f"nothing on the page matches after: {rules.after}")
        start = match.end()
    while start < len(text) and text[start].isspace():
        start += 1
    try:
        check_json(text, start)
        data, end = JSONDecoder(strict=False).raw_decode(text, start)
    except TooMuchJsonError as error:
        raise PollFaultError(f"the JSON has {error}") from error
    except ValueError as error:  # JSONDecodeError, and a number of more digits than Python reads
        raise PollFaultError(_no_json(text, start, error)) from error
    if not rules.after and text[end:].strip():
        raise PollFaultError(f"not JSON: something follows it at character {end}")
    return data


def _no_json(text: str, start: int, error: ValueError) -> str:
    if text[start : start + 1] == "<":
        return "an HTML or XML page, not JSON; the address may have moved, or the site shows an error page"
    says = error.msg if isinstance(error, JSONDecodeError) else str(error)
    return f"not JSON: {says}, at {text[start : start + 40]!r}"


def _check_ok(data: Any, rules: EntryRules) -> None:
    if rules.ok and not _asked(data, rules.ok):
        said = _asked(data, rules.error) if rules.error else None
        told = f": {str(said)[:_TEXT_SHOWN]}" if said not in (None, "") else ""
        given = _asked(data, rules.ok)
        zero = f"{rules.ok} is 0, which counts as an error; write {rules.ok} == `0`"
        why = zero if given == 0 and given is not False else f"{rules.ok} does not hold"
        raise PollFaultError(f"the answer is an error ({why}){told}")


def _html_list(data: Any, answer: Answer, rules: EntryRules, pages: Pages) -> Announced:
    found = _asked(data, rules.html)
    if not isinstance(found, str):
        raise PollFaultError(f"html: {rules.html} gives {_kind(found)}, not text; {_keys(data)}")
    if not found.strip():
        return Announced(entries=())
    body = found.encode("utf-8", "replace")
    return parse_listing(replace(answer, body=body, content_type="text/html", charset="utf-8"), rules, pages)


def _rows(data: Any, expressions: Iterable[str]) -> list[Any]:
    """What the first expression that gives a list with something in it gives, else an empty list."""
    given = [(expression, _asked(data, expression)) for expression in expressions]
    lists = [found for _, found in given if isinstance(found, list)]
    if not lists:
        told = ", ".join(f"{expression} gives {_kind(found)}" for expression, found in given)
        raise PollFaultError(f"no list of items: {told}; {_keys(data)}")
    return next((found for found in lists if found), [])


def _read(rows: Sequence[Any], answer: Answer, rules: EntryRules) -> tuple[tuple[Entry, ...], int]:
    entries, unread = [], len(rows[MOST_ENTRIES:])
    for row in rows[:MOST_ENTRIES]:
        if not isinstance(row, Mapping):
            unread += 1
            continue
        url = absolute(_link(row, rules.link), answer.url)
        if not url:
            continue
        found = _entry(row, url, answer, rules)
        if found is None:
            unread += 1
        else:
            entries.append(found)
    if not entries and not unread:
        _tell_linkless(rows, rules)
    return tuple(entries), unread


def _tell_linkless(rows: Sequence[Any], rules: EntryRules) -> None:
    """A row without a link may be a container beside others; where none has one, the rule is wrong.

    Raises:
        PollFaultError: there are rows.
    """
    if rows:
        tried = ", ".join(rules.link)
        keys = ", ".join(map(str, list(rows[0])[:_KEYS_SHOWN]))
        raise PollFaultError(f"{len(rows)} rows, none with a link: {tried} gives nothing; the keys of a row are {keys}")


def _entry(row: Mapping[str, Any], url: str, answer: Answer, rules: EntryRules) -> Entry | None:
    try:
        title, summary, author = (plain_text(_text(row, where)) for where in (rules.title, rules.summary, rules.author))
    except ParseError:  # one broken row costs its list nothing
        return None
    published = _published(row, rules.published, answer)
    return entry(url, title=title, summary=summary, author=author, published=published)


def _link(row: Mapping[str, Any], expressions: Iterable[str]) -> str:
    for expression in expressions:
        is_template = expression.startswith(_TEMPLATES)
        found = _filled_in(expression, row) if is_template else _text(row, (expression,))
        if found:
            return found
    return ""


def _filled_in(template: str, row: Mapping[str, Any]) -> str:
    """The address with its braces filled in; "" where one of them finds nothing."""
    values = {part: _text(row, (part,)) for part in _BRACES.findall(template)}
    if not all(values.values()):
        return ""
    return _BRACES.sub(lambda match: quote(values[match[1]].encode("utf-8", "replace"), safe=""), template)


def _published(row: Mapping[str, Any], expressions: Iterable[str], answer: Answer) -> Dating | None:
    for expression in expressions:
        for value in _values(row, (expression,)):
            found = read_moment(value, answer.zone, "list", answer.at)
            if found is not None:
                return found
    return None


def _text(data: Any, expressions: Iterable[str]) -> str:
    return next((str(value).strip() for value in _values(data, expressions)), "")


def _values(data: Any, expressions: Iterable[str]) -> Iterator[str | int | float]:
    """The texts and numbers the expressions find, in their order; nothing empty, no 0, no yes or no."""
    for expression in expressions:
        try:
            found = _asked(data, expression)
        except PollFaultError:  # a function of JMESPath on a field that this row lacks
            continue
        if isinstance(found, str | int | float) and not isinstance(found, bool) and found and str(found).strip():
            yield found


def _asked(data: Any, expression: str) -> Any:
    try:
        return ask(expression, data)
    except JMESPathError as error:
        told = " ".join(str(error).split())[:_TEXT_SHOWN]
        raise PollFaultError(f"{expression}: {told}") from error


def _kind(value: Any) -> str:
    if value is None:
        return "nothing"
    return {dict: "an object", list: "a list", str: "a text", bool: "true or false"}.get(type(value), "a number")


def _keys(data: Any) -> str:
    """What stands there instead."""
    if not isinstance(data, Mapping):
        return f"the answer is {_kind(data)}"
    shown = [str(key) for key in data][:_KEYS_SHOWN]
    return f"its keys are {', '.join(shown) or 'none'}{' …' if len(data) > _KEYS_SHOWN else ''}"
