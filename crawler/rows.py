"""What the readers of all lists share: a link and the texts of a row → an entry. Pure."""

from urllib.parse import urljoin

from crawler.items import Dating, Entry
from crawler.urls import UrlError, article_key, check_fetchable, host_of

MOST_ENTRIES = 50_000  # of one list, as many as https://www.sitemaps.org/protocol.html allows; what follows is unread
LONGEST_TITLE = 500  # characters; the longest of the press have a hundred, a post that is its own title some more
_SUMMARY_LIMIT = 2000  # characters; some lists carry the whole article here
_AUTHOR_LIMIT = 200  # characters
# What stands in href and opens no page.
_NO_PAGES = ("#", "javascript:", "mailto:", "tel:", "sms:", "data:", "about:")


def absolute(link: str, base: str) -> str:
    """The address a link on the page `base` leads to; "" where it opens no page (#top, javascript:, mailto:).

    Inner spaces are encoded and line breaks dropped, as browsers do. What is no address at all stays as it is.
    """
    link = link.strip()
    if not link or link.lower().startswith(_NO_PAGES):
        return ""
    for sign, written in (("\t", ""), ("\r", ""), ("\n", ""), (" ", "%20")):
        link = link.replace(sign, written)
    try:
        return urljoin(base, link)
    except ValueError:  # http://[broken
        return link


def entry(
    url: str, *, title: str = "", summary: str = "", author: str = "", published: Dating | None = None
) -> Entry | None:
    """The entry of a row whose texts are plain, or None where its address cannot be used."""
    try:
        check_fetchable(url)
        key = article_key(url)
    except UrlError:
        return None
    return Entry(
        key=key,
        url=url,
        title=title[:LONGEST_TITLE].rstrip(),
        summary=summary[:_SUMMARY_LIMIT].rstrip(),
        authors=(author[:_AUTHOR_LIMIT].rstrip(),) if author else (),
        published=published,
    )


def same_host(url: str, other: str) -> bool:
    """Whether two addresses belong to one host (`crawler.urls.host_of`)."""
    try:
        return host_of(url) == host_of(other)
    except UrlError:
        return False
