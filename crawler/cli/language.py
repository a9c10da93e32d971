"""The language of the person at the terminal."""

from collections.abc import Mapping

import click

from crawler.config.models import Language

_OWN = "PRESSWATCH_LANG"
# In this order; the locale's three as POSIX ranks them.
_VARIABLES = (_OWN, "LC_ALL", "LC_MESSAGES", "LANG")


def language_of(environ: Mapping[str, str]) -> Language:
    """Chinese where the first of the variables that says something begins with zh, else English.

    Raises:
        ValueError: presswatch's own variable asks for a language it does not speak; a locale may be any.
    """
    own = environ.get(_OWN, "")
    if own and not own.lower().startswith(("zh", "en")):
        raise ValueError(f"{_OWN} expects zh-CN or en, got {own}")
    said = next((environ[name] for name in _VARIABLES if environ.get(name)), "")
    return Language.ZH_CN if said.lower().startswith("zh") else Language.EN


def check_language(environ: Mapping[str, str]) -> Language:
    """
    Raises:
        click.UsageError: PRESSWATCH_LANG names a language presswatch does not speak.
    """
    try:
        return language_of(environ)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
