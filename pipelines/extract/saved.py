"""Pages that lie in files: their bytes, what they are, and what address they give themselves."""

import gzip
import html
import re
import zlib
from pathlib import Path

from crawler.urls import UrlError, check_fetchable
from pipelines.extract.docsify import take_apart

_GZIP = b"\x1f\x8b"
_HTML = re.compile(r"\A\s*(?:<!doctype|<html|<head|<\?xml)", re.IGNORECASE)
# Neither goes over the same characters twice, whatever a page is made of.
_TAG = re.compile(r"<(?:link|meta)\s[^<>]{1,3000}>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""(?<![\w:\-])([\w:\-]++)\s*+=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")
_HEAD = 500_000  # characters in which a page names its address; scripts may stand before


class SavedPageError(Exception):
    """A file cannot be read as a page. The message is what there is to say behind its name."""


def read_saved(path: Path, most: int) -> bytes:
    """The page in a file, as it was sent; one that is gzipped is unpacked, whatever its name.

    Args:
        path: of the file.
        most: bytes that a page may have, unpacked too.

    Raises:
        SavedPageError: see there.
    """
    if not path.is_file():
        raise SavedPageError("is no file" if path.exists() else "does not exist")
    try:
        with path.open("rb") as file:
            packed = file.read(len(_GZIP)) == _GZIP
            file.seek(0)
            body = (gzip.GzipFile(fileobj=file) if packed else file).read(most + 1)
    except (EOFError, zlib.error) as error:
        raise SavedPageError(f"is broken: {error}") from error
    except OSError as error:
        raise SavedPageError(f"cannot be read: {error.strerror or error}") from error
    if len(body) > most:
        raise SavedPageError(f"is larger than {most / 1024 / 1024:.4g} MB, the limit of safety.max_body_mb")
    return body


def is_markdown(name: str, text: str) -> bool:
    """Whether a file is one that docsify shows: named .md, or begun as a mirror begins its articles."""
    if _HTML.match(text):
        return False
    if name.lower().removesuffix(".gz").endswith(".md"):
        return True
    file = take_apart(text.replace("\r\n", "\n"))
    return bool(file.account) or file.noticed


def own_address(text: str) -> str:
    """The address a page gives itself: its canonical link, else its og:url; "" where neither is a whole address."""
    found: dict[str, str] = {}
    for tag in _TAG.findall(text[:_HEAD]):
        pairs = ((match[1].lower(), match[2] or match[3] or match[4] or "") for match in _ATTRIBUTE.finditer(tag))
        said = {name: html.unescape(value).strip() for name, value in pairs}
        if said.get("rel", "").lower() == "canonical":
            found.setdefault("canonical", said.get("href", ""))
        elif (said.get("property") or said.get("name") or "").lower() == "og:url":
            found.setdefault("og:url", said.get("content", ""))
    return next((found[name] for name in ("canonical", "og:url") if _is_address(found.get(name, ""))), "")


def _is_address(text: str) -> bool:
    try:
        check_fetchable(text)
    except UrlError:
        return False
    return True
