"""A page to an article, by what the page is."""

import json
from urllib.parse import urlsplit

from crawler.allowance import in_all
from crawler.bounds import TooMuchJsonError, check_json
from crawler.config.models import Kind, Source
from crawler.items import Article, Ended, Page
from crawler.noarchive import PAGE_SAYS, page_forbids_archiving
from crawler.outcomes import Outcome
from pipelines.extract.docsify import extract_docsify, looks_like_html
from pipelines.extract.html import extract_html
from pipelines.extract.no_text import no_text

# Other types are tried as text: servers call HTML many things.
_NO_TEXT_TYPES = ("image/", "video/", "audio/", "font/", "application/pdf", "application/zip", "application/msword")
_DOCSIFY = (Kind.WECHAT_MIRROR, Kind.DOCSIFY)
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_CONTROLS = bytes([*range(9), 11, *range(14, 27), *range(28, 32), 127])


def extract(page: Page, source: Source, *, keeps: bool = True) -> Article | Ended:
    """The article on a page of `source`, or how its entry ended without one.

    `keeps`: what is read is to be kept, which a page may forbid.

    Raises:
        TooSlowError: the config's expressions took too long over the page.
    """
    with in_all():
        return _extract(page, source, keeps=keeps)


def _extract(page: Page, source: Source, *, keeps: bool) -> Article | Ended:
    content_type = page.content_type.partition(";")[0].strip().lower()
    if content_type.startswith(_NO_TEXT_TYPES):
        return no_text(page, f"the answer is {content_type}, not a page of text")
    if _is_binary(page.body):
        return no_text(page, f"the answer ({content_type or 'no content type'}) is not text")
    if keeps and any(map(page_forbids_archiving, (page.body, *(part.body for part in page.parts)))):
        return Ended(pending=page.pending, outcome=Outcome.REFUSED, reason=PAGE_SAYS, at=page.fetched_at)
    if _is_json(page.body):
        return no_text(page, f"the answer ({content_type or 'no content type'}) is JSON, not a page of text")
    if _is_markdown(page, content_type, source):
        return extract_docsify(page, source)
    return extract_html(page, source)


def _is_markdown(page: Page, content_type: str, source: Source) -> bool:
    """Whether it is the Markdown file behind a docsify page. Where one was asked for, a page of HTML is none of its
    articles; elsewhere an address that ends in .md may well show HTML.
    """
    asked = urlsplit(page.url).path.endswith(".md") or content_type == "text/markdown"
    return asked and (source.kind in _DOCSIFY or not looks_like_html(page.body))


def _is_json(body: bytes) -> bool:
    if not body.lstrip().startswith((b"{", b"[")):
        return False
    try:
        check_json(body.decode("latin-1"))
        json.loads(body)
    except TooMuchJsonError:
        return True
    except (ValueError, RecursionError):
        return False
    return True


def _is_binary(body: bytes) -> bool:
    """Whether more than one byte in a hundred is a control character that no text holds."""
    head = body[:4096]
    return not head.startswith(_UTF16) and len(head) - len(head.translate(None, _CONTROLS)) > len(head) / 100
