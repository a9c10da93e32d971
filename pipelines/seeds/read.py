"""The bytes of a seed file to a seed, whatever its shape."""

import re

from crawler.charsets import decode
from crawler.text import without_controls
from pipelines.seeds.hugo import is_hugo, read_hugo
from pipelines.seeds.mirror import is_mirror, read_mirror
from pipelines.seeds.portal import is_portal, read_portal
from pipelines.seeds.seed import Seed, SeedError

EXPECTED = (
    "expected one of three shapes: Markdown below Hugo front matter (first line ---), "
    "a WeChat mirror's page (# title, then [返回列表页](/gzh/account)), "
    "or the plain text of a Discuz! portal page (first line 快捷导航, or 上一篇:…下一篇:… below the article)"
)
_HTML = re.compile(r"\s*(?:<!doctype\s+html|<html|<head|<\?xml)", re.IGNORECASE)
_NO_TEXT = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\ufffd]")
# A text may hold a few stray control characters or broken bytes; one in fifty is no text.
_FEW_BROKEN = 8
_MOST_BROKEN = 0.02


def read_seed(raw: bytes, name: str, zone: str) -> Seed:
    """Read one seed file. Front matter decides first, whatever stands below it.

    Args:
        raw: the file's bytes; UTF-8 is not required, as `decode` finds out what they are.
        name: what error messages call the file.
        zone: assumed for a date without one, an IANA name.

    Raises:
        SeedError: it has none of the three shapes, or is a broken file of one.
    """
    text = _text(raw, name)
    if is_hugo(text):
        return read_hugo(text, name, zone)
    text = without_controls(text)
    if is_mirror(text):
        return read_mirror(text, name)
    if is_portal(text):
        return read_portal(text, name, zone)
    raise SeedError(f"{name}: {'an HTML page' if _HTML.match(text) else 'no seed'}; {EXPECTED}")


def _text(raw: bytes, name: str) -> str:
    if not raw.strip():
        raise SeedError(f"{name}: the file is empty; {EXPECTED}")
    text, _ = decode(raw, "")
    if len(_NO_TEXT.findall(text)) > max(_FEW_BROKEN, len(text) * _MOST_BROKEN):
        raise SeedError(f"{name}: the file is not text; {EXPECTED}")
    return text.replace("\r\n", "\n").replace("\r", "\n")
