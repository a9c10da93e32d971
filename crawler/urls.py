"""Identity of URLs: one canonical spelling, one article key, one host. Pure.

Keep the URL as announced to fetch it; compare by `article_key` alone.
"""

import re
from collections.abc import Collection
from contextlib import suppress
from functools import lru_cache
from urllib.parse import SplitResult, parse_qsl, quote, unquote, unquote_to_bytes, urlencode, urlsplit, urlunsplit

import tldextract

from crawler.hosts import Destination, HostNameError, ascii_host
from crawler.site_keys import Address, behind_captcha, site_key

_DEFAULT_PORTS = {"http": 80, "https": 443}
_BLANK = re.compile(r"[\x00-\x20\x7f-\x9f]|\s")
_HALF = re.compile("[\ud800-\udfff]")
_SHOWN = 200  # characters of an address that an error names
_LONGEST = 4096  # characters; servers refuse long before
# An identity must stay indexable, and is encoded: 4,000 times < are 12,000 characters of a key. PostgreSQL indexes
# 2,704 bytes, https://www.postgresql.org/docs/current/btree.html; a host written out may take 253 of them.
_LONGEST_ENCODED = 2400
# Parameters that name the click, not the content (dedup measurements: utm, spm and from were 0 % folded by others).
_TRACKING_PREFIXES = ("utm_", "mtm_")
_TRACKING = frozenset(
    "from ref ref_src referrer share_token share_source share_medium share_from share_plat "
    "spm spm_id_from hmsr hmpl hmcu hmkw hmci pk_campaign pk_kwd pk_keyword pk_source pk_medium pk_content pk_cid "
    "fbclid gclid dclid msclkid yclid igshid mc_cid mc_eid _ga _gl wt_mc cmpid ncid "
    "isappinstalled nsukey scene pgv_ref adchannelid ivk_sa vd_source".split()
)
_RSS_READER = ("f", "rss")  # of 36kr and 虎嗅; elsewhere f may be a number of a forum
_KEYED_LATER = ("qq:", "iyiou:", "discuz:")  # sites whose own rules are known since schema 0003
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_ESCAPED_SLASH = re.compile(r"%2F", re.IGNORECASE)
_SLASHES = re.compile(r"(?:/|%2F){2,}|%2F", re.IGNORECASE)
_ESCAPED_DOT = re.compile(r"%2E", re.IGNORECASE)
_DOTS = re.compile(r"/(?:\.|%2E){1,2}(?:/|$)", re.IGNORECASE)  # a segment that names no place of its own
# An ampersand as HTML or a script spells it, once or several times over.
_ESCAPED_AMPERSAND = re.compile(r"(?:&|\\x26)(?:amp;|#38;|#x26;)+|\\x26", re.IGNORECASE)
_BRACKETED = re.compile(r"\[[^\[\]:]*:[^\[\]]*\](?::\d*)?")
_PLAIN_HOST_PREFIXES = ("www.", "m.", "wap.", "mobile.")
# Unreserved plus the sub-delimiters a path or a value may carry; everything else is percent-encoded.
_PATH_SAFE = "/:@!$&'()*+,;=-._~"


class UrlError(ValueError):
    """The text is not a URL presswatch will fetch. The message names it; `why` alone does not repeat it."""

    def __init__(self, url: str, why: str) -> None:
        super().__init__(url, why)
        self.why = why

    def __str__(self) -> str:
        url = self.args[0]
        return f"{url if len(url) <= _SHOWN else url[:_SHOWN] + '…'!r} {self.why}"


@lru_cache(maxsize=64)  # each row of a list has its address split several times over
def check_fetchable(url: str) -> SplitResult:
    """Split an http(s) URL with a host and without credentials.

    Raises:
        UrlError: any other scheme, no host, userinfo, a bad port, control characters, or it is too long.
    """
    _check_characters(url)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UrlError(url, f"is not a URL: {error}") from error
    if parts.scheme.lower() not in _DEFAULT_PORTS:
        raise UrlError(url, "does not begin with http:// or https://")
    if not parts.hostname:
        raise UrlError(url, "names no host")
    if parts.username is not None or parts.password is not None:
        raise UrlError(f"{parts.scheme}://…@{parts.hostname}", "carries a user name or password")
    if port == 0:
        raise UrlError(url, "has port 0")
    if "[" in parts.netloc and not _BRACKETED.fullmatch(parts.netloc):  # some Pythons read what is in them alone
        raise UrlError(url, "has brackets around what is no IPv6 address")
    _ascii_host(parts.hostname)
    return parts


def _check_characters(url: str) -> None:
    if len(url) > _LONGEST:
        raise UrlError(url, f"has {len(url)} characters, more than {_LONGEST}")
    if _BLANK.search(url):
        raise UrlError(url, "holds spaces or control characters")
    if _HALF.search(url):
        raise UrlError(url, "holds half of a character")
    encoded = len(quote(_BAD_ESCAPE.sub("%25", url), safe="%"))
    if encoded > _LONGEST_ENCODED:
        raise UrlError(url, f"has {encoded} characters when it is encoded, more than {_LONGEST_ENCODED}")


def _ascii_host(host: str) -> str:
    try:
        return ascii_host(host)
    except HostNameError as error:
        raise UrlError(error.host, error.why) from error


def _netloc(parts: SplitResult) -> str:
    host = _ascii_host(parts.hostname or "")
    if ":" in host:
        host = f"[{host}]"
    if parts.port is None or parts.port == _DEFAULT_PORTS[parts.scheme.lower()]:
        return host
    return f"{host}:{parts.port}"


def destination_of(url: str) -> Destination:
    """
    Raises:
        UrlError: see `check_fetchable`.
    """
    parts = check_fetchable(url)
    port = parts.port or _DEFAULT_PORTS[parts.scheme.lower()]
    return Destination(host=_ascii_host(parts.hostname or ""), port=port)


def with_checked_host(url: str) -> str:
    """The URL with its host as it was checked, so that whoever splits it next finds the same one.

    Raises:
        UrlError: see `check_fetchable`.
    """
    parts = check_fetchable(url)
    return url if parts.netloc == _netloc(parts) else urlunsplit(parts._replace(netloc=_netloc(parts)))


def as_sent(url: str) -> str:
    """The URL that goes on the wire: host as it was checked, dot segments resolved, all else as it is.

    robots.txt is asked about this one, for what the transport would resolve behind our back nobody has allowed.

    Raises:
        UrlError: see `check_fetchable`.
    """
    checked = with_checked_host(url)
    parts = urlsplit(checked)
    return urlunsplit(parts._replace(path=_resolve_dots(parts.path))) if _DOTS.search(parts.path) else checked


def server_spellings(url: str) -> tuple[str, ...]:
    """The URL as it is sent, and as servers read it to which an escaped slash, or two of them, are a slash."""
    sent = as_sent(url)
    parts = urlsplit(sent)
    plain = _resolve_dots(_SLASHES.sub("/", parts.path))
    return (sent,) if plain == parts.path else (sent, urlunsplit(parts._replace(path=plain)))


def with_ascii_host(url: str) -> str:
    """The URL with a host of other letters as it was checked: Scrapy would make fass.de of faß.de. Else as it is."""
    with suppress(UrlError):
        if not (check_fetchable(url).hostname or "").isascii():
            return with_checked_host(url)
    return url


def _requote(text: str, safe: str) -> str:
    """Percent-encode what must be and nothing else, so that both spellings of a character become one."""
    # An escaped slash is part of a name, not a border between two.
    parts = _ESCAPED_SLASH.split(_BAD_ESCAPE.sub("%25", text))
    return "%2F".join(quote(unquote_to_bytes(part), safe=safe) for part in parts)


def _plain(url: str) -> str:
    """The address without what surrounds it, the ampersands of its query unescaped."""
    path, mark, query = url.strip().partition("?")
    return path + mark + _ESCAPED_AMPERSAND.sub("&", query)


def _is_tracking(name: str) -> bool:
    name = name.lower()
    return name in _TRACKING or name.startswith(_TRACKING_PREFIXES)


def without_tracking(url: str) -> str:
    """The address less the parameters that name the click; every other character of it as it was. For people to see."""
    before, mark, rest = url.partition("?")
    query, hash_mark, fragment = rest.partition("#")
    if not mark or "#" in before:  # a question mark of the fragment begins no query
        return url
    kept = "&".join(pair for pair in query.split("&") if not _names_the_click(pair))
    return before + (mark if kept else "") + kept + hash_mark + fragment


def _names_the_click(pair: str) -> bool:
    name, _, value = pair.partition("=")
    return _is_tracking(unquote(name)) or (name, value) == _RSS_READER


def canonical_url(url: str) -> str:
    """One spelling for one address; idempotent.

    Scheme and host in lower case, punycode, no default port, no fragment, no tracking parameters,
    query sorted, percent-encoding in one form, dot segments resolved.

    Raises:
        UrlError: see `check_fetchable`.
    """
    return _canonical(url, dropped=(_RSS_READER,))


def _canonical(url: str, dropped: Collection[tuple[str, str]]) -> str:
    parts = check_fetchable(_plain(url))
    pairs = [pair for pair in _pairs(parts.query) if not (_is_tracking(pair[0]) or pair in dropped)]
    query = urlencode(sorted(pairs), errors="surrogateescape")
    return urlunsplit((parts.scheme.lower(), _netloc(parts), _canonical_path(parts.path), query, ""))


def _pairs(query: str) -> list[tuple[str, str]]:
    # Surrogates carry bytes that are no UTF-8 through unharmed: old sites write GBK here.
    return parse_qsl(query, keep_blank_values=True, errors="surrogateescape")


def _canonical_path(path: str) -> str:
    return _resolve_dots(_requote(path, _PATH_SAFE)) or "/"


def _resolve_dots(path: str) -> str:
    """RFC 3986 section 5.2.4, doubled slashes left as they are; an escaped dot is a dot (section 6.2.2.2)."""
    kept: list[str] = []
    segment = ""
    for written in path.split("/"):
        segment = _ESCAPED_DOT.sub(".", written)
        if segment == "..":
            del kept[max(1, len(kept) - 1) :]
        elif segment != ".":
            kept.append(written)
    if segment in {".", ".."}:
        kept.append("")
    return "/".join(kept)


def article_key(url: str) -> str:
    """The identity of the article at `url`: equal keys mean the same article.

    By the site's own rules where they are known (`wechat:`, `qq:`, `iyiou:`, `discuz:`, see `crawler.site_keys`),
    `docsify:` for the Markdown file behind a docsify route, else `url:` and the canonical address less its scheme,
    `www.` or `m.`, doubled and trailing slashes. WeChat's captcha page has the key of the article behind it.

    Raises:
        UrlError: see `check_fetchable`.
    """
    if check_fetchable(_plain(url)).fragment.startswith("/"):
        return "docsify:" + _bare(docsify_file_url(url))
    canonical = canonical_url(url)
    parts = urlsplit(canonical)
    host, path = _plain_host(parts.netloc), _single_slashes(parts.path)
    address = Address(host=host, path=path, query=dict(_pairs(parts.query)))
    with suppress(UrlError):  # nonsense behind a captcha is no article
        if target := behind_captcha(address):
            return article_key(target)
    return site_key(address) or ("docsify:" if parts.path.endswith(".md") else "url:") + _bare(canonical)


def former_key(url: str, key: str) -> str:
    """The key an address had until schema 0003, by which a tombstone may stand for it; "" where it has that still.

    Args:
        url: the address.
        key: of the article there, as `article_key` gives it.

    Raises:
        UrlError: see `check_fetchable`.
    """
    changed = key.startswith(_KEYED_LATER) or (key.startswith("url:") and "=".join(_RSS_READER) in url)
    former = "url:" + _bare(_canonical(url, dropped=())) if changed else key
    return "" if former == key else former


def _bare(canonical: str) -> str:
    parts = urlsplit(canonical)
    query = f"?{parts.query}" if parts.query else ""
    return _plain_host(parts.netloc) + _single_slashes(parts.path) + query


def _single_slashes(path: str) -> str:
    return re.sub(r"/{2,}", "/", path).rstrip("/")


@lru_cache(maxsize=1024)
def _plain_host(netloc: str) -> str:
    """Without www. or m., unless a public suffix would be left: m.github.io is a site of its own."""
    prefix = next((prefix for prefix in _PLAIN_HOST_PREFIXES if netloc.startswith(prefix)), "")
    rest = netloc.removeprefix(prefix)
    if not prefix or "." not in rest:
        return netloc
    found = _suffixes()(rest)
    return rest if found.top_domain_under_public_suffix or not found.suffix else netloc


def docsify_file_url(url: str) -> str:
    """The Markdown file a docsify address shows, in its canonical spelling.

    `https://h/#/a/b` and `https://h/a/b` → `https://h/a/b.md`, `https://h/docs/#/a/` → `https://h/docs/a/README.md`.

    Raises:
        UrlError: see `check_fetchable`.
    """
    parts = check_fetchable(_plain(url))
    path = parts.path
    if parts.fragment.startswith("/"):
        path = path.rpartition("/")[0] + parts.fragment.partition("?")[0]
    path = _canonical_path(path)
    if path.endswith("/"):
        path += "README"
    if not path.endswith(".md"):
        path += ".md"
    return urlunsplit((parts.scheme.lower(), _netloc(parts), path, "", ""))


@lru_cache(maxsize=1)
def _suffixes() -> tldextract.TLDExtract:
    # No address to load a newer list from: the shipped one is used, and no request leaves.
    return tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)


@lru_cache(maxsize=1024)
def _registrable(name: str) -> str:
    found = _suffixes()(name)
    if found.suffix:
        return found.top_domain_under_public_suffix or name
    # The list's own rule for what it does not hold: the last label is the suffix.
    return ".".join(name.split(".")[-2:])


def host_of(url: str) -> str:
    """The key of the host a URL belongs to: its registrable domain, or address and port for a bare IP.

    Pace, leases and back-off go by this key. Private suffixes count, so two sites of one hoster differ.
    """
    target = destination_of(url)
    return str(target) if target.is_address else _registrable(target.host)


def origin_of(url: str) -> str:
    """Scheme, host and port: the scope of one robots.txt."""
    parts = check_fetchable(url)
    return f"{parts.scheme.lower()}://{_netloc(parts)}"
