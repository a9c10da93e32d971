"""Expressions in a config that find something in a page or in JSON, checked when the config is read."""

import jmespath
from cssselect import SelectorError
from lxml import etree  # type: ignore[import-untyped]
from parsel.csstranslator import HTMLTranslator

_XPATH_STARTS = ("/", "./", "(", "..", "self::", "descendant", "ancestor", "following", "preceding")


def is_xpath(expression: str) -> bool:
    """Whether an expression is XPath; everything else is CSS."""
    return expression.startswith(_XPATH_STARTS)


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
        raise ValueError(f"not a CSS selector: {error}") from error


def check_selector(expression: str) -> str:
    """
    Raises:
        ValueError: the expression is neither CSS nor XPath.
    """
    try:
        etree.XPath(as_xpath(expression))
    except etree.XPathError as error:
        raise ValueError(f"not an XPath expression: {error}") from error
    return expression


def check_jmespath(expression: str) -> str:
    """
    Raises:
        ValueError: the expression is not JMESPath.
    """
    if expression:
        try:
            jmespath.compile(expression)
        except jmespath.exceptions.JMESPathError as error:
            raise ValueError(f"not a JMESPath expression: {' '.join(str(error).split())}") from error
    return expression
