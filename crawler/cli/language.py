"""The language of the person at the terminal."""

from collections.abc import Mapping

from crawler.config.models import Language

# In this order; the locale's three as POSIX ranks them.
_VARIABLES = ("PRESSWATCH_LANG", "LC_ALL", "LC_MESSAGES", "LANG")


def language_of(environ: Mapping[str, str]) -> Language:
    """Chinese where the first of the variables that says something begins with zh, else English."""
    said = next((environ[name] for name in _VARIABLES if environ.get(name)), "")
    return Language.ZH_CN if said.lower().startswith("zh") else Language.EN
