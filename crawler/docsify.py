"""The list pages of docsify sites → entries: any site's, and those of WeChat mirrors with their index. Pure."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, unquote, urljoin, urlsplit
from zoneinfo import ZoneInfo

from markdown_it import MarkdownIt
from markdown_it.token import Token

from crawler.charsets import decode
from crawler.dates import read_moment_beside
from crawler.items import Announced, Answer, Dating, Entry, FurtherList, PollFaultError, Precision
from crawler.rows import absolute, entry
from crawler.text import clean
from crawler.urls import UrlError, article_key, canonical_url, docsify_file_url, origin_of

# - [title](http://mp.weixin.qq.com/s?…) |  [备份查看](/gzh/backup/account/title), perhaps with (付费) in front.
# Titles hold brackets and bars of their own, so each part runs up to what must follow it.
_ROW = re.compile(
    r"^[-*+] (?P<label>[(（][^)）\]]{1,8}[)）])?\s*\[(?P<title>.*)\]\((?P<original>https?://[^\s)\[\]]+)\)"
    r"(?:\s*\|\s*\[备份查看\]\((?P<backup>.+)\))?\s*$"
)
_LOOKS_LIKE_A_ROW = re.compile(r"^[-*+]\s.*https?://mp\.weixin\.qq\.com/")
_DATE = re.compile(r"^\s+- 时间：\s*(?P<date>\d{4}-\d{1,2}-\d{1,2})")
_SUMMARY = re.compile(r"^\s+- 摘要：\s*(?P<summary>.*)$")
_FIRST_FILES = ("/README.md", "/_sidebar.md")
# What a docsify site links to and shows as it is.
_FILES = re.compile(r"\.(?:avif|docx?|epub|gif|html?|jpe?g|json|mobi|mp[34]|pdf|png|pptx?|svg|txt|webp|xlsx?|xml|zip)$")


def parse_mirror_list(answer: Answer) -> Announced:
    """What the list announces, an entry a row. List items with an mp.weixin address that are no row are `unread`.

    A row's identity is its mp.weixin address; what is fetched is the mirror's own copy (the `.md` file), or where a
    row has none the original address, which robots.txt then decides about.

    Raises:
        PollFaultError: an HTML page, or no row at all.
    """
    lines = _markdown(answer).splitlines()
    entries = tuple(_entries(lines, answer.url, answer.zone))
    if not entries:
        raise PollFaultError("no row of the form - [title](http://mp.weixin.qq.com/…) was found")
    looked_like = sum(_LOOKS_LIKE_A_ROW.match(line) is not None for line in lines)
    return Announced(entries=entries, unread=max(0, looked_like - len(entries)))


def parse_mirror_index(answer: Answer) -> Announced:
    """The lists of accounts that a mirror's index names: what it links to in its own folder.

    Raises:
        PollFaultError: an HTML page, or no such link.
    """
    own = docsify_file_url(answer.url)
    folder = own.rpartition("/")[0]
    links, unread = _links(answer)
    found = dict.fromkeys(link.url for link in links if link.url.rpartition("/")[0] == folder)
    if not found:
        raise PollFaultError("no link to a list of the form [account](/gzh/account) was found")
    return Announced(entries=(), lists=tuple(FurtherList(url=url) for url in found), unread=unread)


def parse_docsify_list(answer: Answer) -> Announced:
    """What a Markdown file of a docsify site announces: the pages of the same site it links to.

    A date beside a link, in its list item or its line of a table, is its time of publication: one with its year, or any
    other that nothing else stands beside. A link without a leading slash is looked for beside the list. Links to other
    sites and to the site's first page announce nothing.

    Raises:
        PollFaultError: an HTML page, or no such link.
    """
    links, unread = _links(answer)
    entries = [entry(link.url, title=link.title, published=link.published) for link in links]
    found = tuple(item for item in entries if item is not None)
    if not found:
        raise PollFaultError("no link to another page of this site was found")
    return Announced(entries=found, unread=unread + len(entries) - len(found))


def _entries(lines: list[str], url: str, zone: ZoneInfo) -> Iterator[Entry]:
    for number, line in enumerate(lines):
        # The end is looked at first: of a long line without it, every bracket would be tried as that of a row.
        row = _ROW.match(line) if line.rstrip().endswith(")") else None
        if row is None:
            continue
        found = _entry(row, _details(lines, number + 1), url, zone)
        if found is not None:
            yield found


def _details(lines: list[str], start: int) -> list[str]:
    """The indented lines that belong to a row."""
    details = []
    for line in lines[start:]:
        if line.strip() and not line.startswith((" ", "\t")):
            break
        details.append(line)
    return details


def _entry(row: re.Match[str], details: list[str], url: str, zone: ZoneInfo) -> Entry | None:
    original = row["original"]
    try:
        key = article_key(original)
        fetched = _backup_url(row["backup"], url) if row["backup"] else original
    except UrlError:
        return None
    summary = next((match["summary"] for match in map(_SUMMARY.match, details) if match), "")
    return Entry(
        key=key,
        url=fetched,
        title=clean(row["title"]),
        summary=clean(summary),
        published=_published(details, zone),
        original_url=original,
    )


def _backup_url(path: str, list_url: str) -> str:
    """The `.md` file a backup link shows. Its name is the title as it is: spaces, `?` and `#` belong to it."""
    encoded = path.isascii() and "%" in path
    return docsify_file_url(urljoin(canonical_url(list_url), path if encoded else quote(path, safe="/")))


def _published(details: list[str], zone: ZoneInfo) -> Dating | None:
    text = next((match["date"] for match in map(_DATE.match, details) if match), None)
    if text is None:
        return None
    year, month, day = (int(part) for part in text.split("-"))
    try:
        at = datetime(year, month, day, tzinfo=zone)
    except ValueError:
        return None
    return Dating(at=at, precision=Precision.DAY, where="list", text=text, zone=zone.key)


def _markdown(answer: Answer) -> str:
    text, _ = decode(answer.body, answer.content_type, answer.charset)
    if "<html" in text[:2000].lower():
        raise PollFaultError("an HTML page, not the Markdown file of a docsify list; the address may lack its .md")
    return text.removeprefix("\ufeff")


@dataclass(frozen=True, kw_only=True)
class _Site:
    url: str  # of the list, what its links are relative to
    home: str  # the folder that a leading slash means
    own: str  # the list's own Markdown file


@dataclass(frozen=True, kw_only=True)
class _Link:
    url: str  # of the Markdown file
    title: str
    published: Dating | None


def _links(answer: Answer) -> tuple[list[_Link], int]:
    """The links to other pages of the site, in order, and how many of them cannot be used."""
    found: list[_Link] = []
    unread = 0
    site = _site(answer.url)
    for tokens in _rows_of(MarkdownIt("commonmark").enable("table").parse(_markdown(answer))):
        links, beside = _split(tokens)
        published = read_moment_beside(beside, answer.zone, "list", answer.at)
        for href, title in links:
            try:
                url = _file_url(href, site)
            except UrlError:
                unread += 1
                continue
            if url:
                found.append(_Link(url=url, title=title, published=published))
    return found, unread


def _site(url: str) -> _Site:
    """A README or a sidebar stands in the folder of its site, which may be below the host's: user.github.io/site."""
    own = docsify_file_url(url)
    home = urljoin(own, "." if own.endswith(_FIRST_FILES) else "/")
    return _Site(url=canonical_url(url), home=home, own=own)


def _rows_of(blocks: Iterable[Token]) -> Iterator[list[Token]]:
    """The inline tokens of each paragraph or list item, and of each line of a table."""
    line: list[Token] | None = None
    for block in blocks:
        if block.type == "tr_open":
            line = []
        elif block.type == "tr_close":
            yield line or []
            line = None
        elif block.type == "inline" and line is not None:
            line.extend([*(block.children or ()), Token("text", "", 0, content=" ")])
        elif block.type == "inline":
            yield block.children or []


def _split(tokens: Iterable[Token]) -> tuple[list[tuple[str, str]], str]:
    """The links of a row with their texts, and the text beside them."""
    links: list[tuple[str, str]] = []
    href, inside, beside = "", "", ""
    for token in tokens:
        if token.type == "link_open":
            href, inside = str(token.attrGet("href") or ""), ""
        elif token.type == "link_close":
            links.append((href, clean(inside)))
            href = ""
        elif href:
            inside += token.content if token.type != "image" else ""
        else:
            beside += token.content if token.type != "softbreak" else " "
    return links, beside


def _file_url(href: str, site: _Site) -> str:
    """The Markdown file a link of a list shows, or "" where it leads off the site, to the list itself or to no page.

    Raises:
        UrlError: it cannot be used.
    """
    route = href.partition("#")[2] if href.startswith(("#/", "/#/")) else href
    url = absolute(_from_home(route.partition("?")[0], site.home), site.url)
    if not url or origin_of(url) != origin_of(site.home) or _FILES.search(unquote(urlsplit(url).path).lower()):
        return ""
    file = docsify_file_url(url)
    return "" if file in {site.own, docsify_file_url(site.home)} else file


def _from_home(route: str, home: str) -> str:
    """A route of the site as an address, unless it names the site's folder itself or is none."""
    folder = unquote(urlsplit(home).path)
    if not route.startswith("/") or route.startswith("//") or unquote(route).startswith(folder):
        return route
    return home + route.removeprefix("/")
