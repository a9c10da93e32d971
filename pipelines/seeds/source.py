"""Where a seed comes from, as the archive calls it."""

import re
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from crawler.config.models import Config, Kind
from crawler.urls import docsify_file_url
from pipelines.seeds.seed import Seed

#: Source and folder of seeds that do not say where they come from.
UNKNOWN_SOURCE = "seed"

_WORD = re.compile(r"[^\W_]+")
_LONGEST_NAME = 40


def source_of(seed: Seed, config: Config) -> str:
    """The name of the source a seed belongs to: the one it names, the mirror of its account, else UNKNOWN_SOURCE."""
    if named := as_name(seed.source):
        return named
    mirrors = (source for source in config.sources if source.kind is Kind.WECHAT_MIRROR)
    ours = (source.name for source in mirrors if any(_is_list_of(item.url, seed.account) for item in source.endpoints))
    return next(ours, as_name(seed.account)) or UNKNOWN_SOURCE


def as_name(text: str) -> str:
    """A name that may be a folder: words alone, so that no seed can name a place outside the archive."""
    return "-".join(_WORD.findall(text))[:_LONGEST_NAME].strip("-")


def _is_list_of(url: str, account: str) -> bool:
    """Whether a mirror's endpoint is the list page of this account, in any spelling."""
    return PurePosixPath(unquote(urlsplit(docsify_file_url(url)).path)).stem == account
