"""Expressions in a config that find something in a page or in JSON, checked when the config is read."""

import re
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, NamedTuple

import jmespath
from cssselect import SelectorError
from lxml import etree, html  # type: ignore[import-untyped]
from parsel.csstranslator import HTMLTranslator

from crawler.allowance import Spell, TooSlowError
from crawler.config.xpath_steps import NAMESPACE, Steps, steps_of

# A comparison as other languages write it.
_COMPARED = re.compile(r"\s*([\w.]+)\s*={1,3}\s*([\w\-.]+)\s*")
# A path, an attribute, an axis or a function; no CSS selector begins with any of them.
_XPATH = re.compile(
    r"\.?/|\.\.|\.$|\(|@|[a-z\-]+\(|"
    r"(?:self|child|parent|attribute|ancestor(?:-or-self)?|descendant(?:-or-self)?|following(?:-sibling)?"
    r"|preceding(?:-sibling)?)::"
)
# What cssselect's parser says, https://github.com/scrapy/cssselect/blob/master/cssselect/parser.py
_MISSING = re.compile(r"(Expected .+|Operator expected), got <.+ at (\d+)>", re.DOTALL)
_UNCLOSED = re.compile(r"Unclosed string at (\d+)")
_EXSLT = re.compile(r"\bre:(?:test|match|replace)\s*\(")
_NO_EXSLT = "not an XPath expression of version 1.0: EXSLT's re: is not understood; write .//p[contains(., 'word')]"
_EXPECTED = {
    "Expected ident": "a name",
    "Expected ident or '*'": "a name or *",
    "Expected string or ident": "a name or a text in quotes",
    "Expected selector": "an element such as li or .title",
    "Expected an argument": "what belongs between the brackets",
    "Expected ']'": "]",
    "Expected ')'": ")",
    "Operator expected": "= or ]",
}
# What an expression is tried on: faults of functions and of prefixes show only when there is something to ask.
_SAMPLE = html.document_fromstring("<div class=a id=b><p><a href=/c title=d>e</a></p></div>")


_now: ContextVar[Spell] = ContextVar("now")  # of the expression that is being asked
# How much an expression may be asked of that looks at the page more than once. An article's page has some thousands.
_MOST_NODES = 100_000
# Where two paths are joined or compared no step of ours lies in between: 60,000 nodes take ONCE, 96,000 twice as long.
_MOST_PAIRED = 60_000
_NODES = etree.XPath("count(descendant::node()) + count(descendant::*/@*)")


def is_xpath(expression: str) -> bool:
    """Whether an expression is XPath; everything else is CSS."""
    return _XPATH.match(expression) is not None


def as_xpath(expression: str) -> str:
    """The XPath of a CSS or XPath expression, relative to the element it is asked of.

    Raises:
        ValueError: it is neither.
    """
    if is_xpath(expression):
        return expression
    try:
        return HTMLTranslator().css_to_xpath(expression, prefix="descendant-or-self::")
    except SelectorError as error:
        if _EXSLT.search(expression):
            raise ValueError(_NO_EXSLT) from error
        raise ValueError(f"not a CSS selector: {_in_plain_words(str(error), expression)}") from error


def _in_plain_words(fault: str, expression: str) -> str:
    """What cssselect says of an expression, without the words of its parser; as it is where it has none."""
    unclosed = _UNCLOSED.fullmatch(fault)
    if unclosed:
        return f"the quote at character {int(unclosed[1]) + 1} is not closed"
    missing = _MISSING.fullmatch(fault)
    if missing is None:
        return fault
    what, at = _EXPECTED.get(missing[1], "something"), int(missing[2])
    where = f'before character {at + 1}, "{expression[at]}"' if at < len(expression) else "at its end"
    return f"{what} is missing {where}"


class _Compiled(NamedTuple):
    ask: Any
    steps: Steps


@lru_cache(maxsize=1024)
def _compiled(expression: str) -> _Compiled:
    path = as_xpath(expression)
    plain = etree.XPath(path, smart_strings=False)
    steps = steps_of(path)
    if steps.is_simple:
        return _Compiled(plain, steps)
    counted = etree.XPath(
        steps.counted,
        smart_strings=False,
        namespaces={"presswatch": NAMESPACE},
        extensions={(NAMESPACE, "step"): _step},
    )
    return _Compiled(counted, steps)


def _step(_context: Any) -> bool:
    """What a counted expression calls at each of its steps."""
    _now.get().step()
    return True


def found_in(element: Any, expression: str) -> list[Any]:
    """What a CSS or XPath expression finds in an element, in order: elements, or texts (a number as its text).

    Raises:
        ValueError: the expression is neither.
        TooSlowError: it took too long.
    """
    try:
        found = _asked(element, expression)
    except etree.XPathError as error:
        if _EXSLT.search(expression):
            raise ValueError(_NO_EXSLT) from error
        raise ValueError(f"not an XPath expression: {error}") from error
    if isinstance(found, list):
        return found
    return [] if isinstance(found, bool) else [str(found)]


def _asked(element: Any, expression: str) -> Any:
    ask, steps = _compiled(expression)
    with Spell(expression) as spell:
        if steps.is_simple:
            return ask(element)
        most = _MOST_PAIRED if steps.is_paired else _MOST_NODES
        if _NODES(element if steps.is_inward else element.getroottree().getroot()) > most:
            raise TooSlowError(expression)
        _now.set(spell)
        return ask(element)


def check_selector(expression: str) -> str:
    """
    Raises:
        ValueError: the expression is neither CSS nor XPath.
    """
    try:
        found_in(_SAMPLE, expression)
    except RecursionError as error:
        raise ValueError("not a selector: brackets in brackets without end") from error
    return expression


def check_in_row(expression: str) -> str:
    """Check what is asked of a row of a list.

    Raises:
        ValueError: the expression is neither CSS nor XPath, or looks at the whole page.
    """
    if expression.startswith(("/", "(/")):
        at = expression.index("/")
        raise ValueError(f"looks at the whole page, not at its row; write {expression[:at]}.{expression[at:]}")
    return check_selector(expression)


def check_jmespath(expression: str) -> str:
    """
    Raises:
        ValueError: the expression is not JMESPath.
    """
    if expression:
        try:
            jmespath.compile(expression)
        except jmespath.exceptions.JMESPathError as error:
            told = " ".join(str(error).replace("^", "").split())
            raise ValueError(f"not a JMESPath expression: {told}{_comparison_hint(expression)}") from error
        except RecursionError as error:
            raise ValueError("not a JMESPath expression: brackets in brackets without end") from error
    return expression


def _comparison_hint(expression: str) -> str:
    """What the commonest mistake should have been."""
    compared = _COMPARED.fullmatch(expression)
    return f"; compare with == and write the value in backquotes: {compared[1]} == `{compared[2]}`" if compared else ""
