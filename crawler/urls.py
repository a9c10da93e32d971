"""Identity of URLs: one canonical spelling, one article key, one host. Pure.

Keep the URL as announced to fetch it; compare by `article_key` alone.
"""

import html
import re
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import SplitResult, parse_qs, parse_qsl, quote, unquote_to_bytes, urlencode, urlsplit, urlunsplit

import idna
import tldextract

_DEFAULT_PORTS = {"http": 80, "https": 443}
# Parameters that name the click, not the content (dedup measurements: utm, spm and from were 0 % folded by others).
_TRACKING_PREFIXES = ("utm_", "spm", "pk_", "mtm_", "hmsr", "hmpl", "hmcu", "hmkw", "hmci", "at_")
_TRACKING = frozenset(
    "from ref ref_src referrer share_token share_source share_medium share_from share_plat "
    "fbclid gclid dclid msclkid yclid igshid mc_cid mc_eid _ga _gl wt_mc cmpid ncid "
    "isappinstalled nsukey scene pgv_ref adchannelid ivk_sa vd_source".split()
)
_WECHAT_SHORT = re.compile(r"/s/([\w\-]{10,})/?")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PLAIN_HOST_PREFIXES = ("www.", "m.", "wap.", "mobile.")
# Unreserved plus the sub-delimiters a path or a value may carry; everything else is percent-encoded.
_PATH_SAFE = "/:@!$&'()*+,;=-._~"


class UrlError(ValueError):
    """The text is not a URL presswatch will fetch; the message says why."""


def check_fetchable(url: str) -> SplitResult:
    """Split an http(s) URL with a host and without credentials.

    Raises:
        UrlError: any other scheme, no host, userinfo, a bad port, control characters.
    """
    if any(ord(character) <= 32 or ord(character) == 127 for character in url):
        raise UrlError(f"{url!r} holds spaces or control characters")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UrlError(f"{url!r} is not a URL: {error}") from error
    if parts.scheme.lower() not in _DEFAULT_PORTS:
        raise UrlError(f"{url!r} does not begin with http:// or https://")
    if not parts.hostname:
        raise UrlError(f"{url!r} names no host")
    if parts.username is not None or parts.password is not None:
        raise UrlError(f"{url!r} carries a user name or password")
    if port == 0:
        raise UrlError(f"{url!r} has port 0")
    _ascii_host(parts.hostname)
    return parts


def _ascii_host(host: str) -> str:
    host = host.rstrip(".").lower()
    if host.isascii():
        return host
    try:
        return idna.encode(host, uts46=True).decode("ascii")
    except idna.IDNAError as error:
        raise UrlError(f"{host!r} is not a host name: {error}") from error


def _netloc(parts: SplitResult) -> str:
    host = _ascii_host(parts.hostname or "")
    if ":" in host:
        host = f"[{host}]"
    if parts.port is None or parts.port == _DEFAULT_PORTS[parts.scheme.lower()]:
        return host
    return f"{host}:{parts.port}"


def _requote(text: str, safe: str) -> str:
    """Percent-encode what must be and nothing else, so that both spellings of a character become one."""
    return quote(unquote_to_bytes(_BAD_ESCAPE.sub("%25", text)), safe=safe)


def _is_tracking(name: str) -> bool:
    name = name.lower()
    return name in _TRACKING or name.startswith(_TRACKING_PREFIXES)


def canonical_url(url: str) -> str:
    """One spelling for one address; idempotent.

    Scheme and host in lower case, punycode, no default port, no fragment, no tracking parameters,
    query sorted, percent-encoding in one form, dot segments resolved.

    Raises:
        UrlError: see `check_fetchable`.
    """
    parts = check_fetchable(html.unescape(url.strip()) if "&amp;" in url else url.strip())
    pairs = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if not _is_tracking(pair[0])]
    path = _resolve_dots(_requote(parts.path, _PATH_SAFE)) or "/"
    return urlunsplit((parts.scheme.lower(), _netloc(parts), path, urlencode(sorted(pairs)), ""))


def _resolve_dots(path: str) -> str:
    """RFC 3986 section 5.2.4, doubled slashes left as they are."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[max(1, len(kept) - 1) :]
        elif segment != ".":
            kept.append(segment)
    if path.endswith(("/.", "/..")):
        kept.append("")
    return "/".join(kept)


def article_key(url: str) -> str:
    """The identity of the article at `url`: equal keys mean the same article.

    `wechat:` for mp.weixin addresses (__biz, mid, idx and sn, or the short id), `docsify:` for the Markdown
    file behind a docsify route, else `url:` and the canonical address less its scheme, `www.` or `m.`,
    doubled and trailing slashes.

    Raises:
        UrlError: see `check_fetchable`.
    """
    parts = check_fetchable(html.unescape(url.strip()) if "&" in url else url.strip())
    host = _ascii_host(parts.hostname or "")
    if host == "mp.weixin.qq.com":
        wechat = _wechat_key(parts)
        if wechat:
            return wechat
    if parts.fragment.startswith("/"):
        return "docsify:" + _bare(docsify_file_url(url))
    if parts.path.endswith(".md"):
        return "docsify:" + _bare(url)
    return "url:" + _bare(url)


def _bare(url: str) -> str:
    parts = urlsplit(canonical_url(url))
    host = parts.netloc
    for prefix in _PLAIN_HOST_PREFIXES:
        if host.startswith(prefix) and host.count(".") > 1:
            host = host.removeprefix(prefix)
            break
    path = re.sub(r"/{2,}", "/", parts.path).rstrip("/")
    return host + path + (f"?{parts.query}" if parts.query else "")


def _wechat_key(parts: SplitResult) -> str:
    """The key of an mp.weixin article, or "" for its other pages (temporary Sogou links among them)."""
    short = _WECHAT_SHORT.fullmatch(parts.path)
    if short:
        return f"wechat:{short[1]}"
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    biz = query.get("__biz", "").replace(" ", "+").rstrip("=")
    mid = query.get("mid") or query.get("appmsgid")
    if not biz or not mid:
        return ""
    idx = query.get("idx") or query.get("itemidx") or "1"
    sign = query.get("sn") or query.get("sign") or ""
    return f"wechat:{biz}:{mid}:{idx}:{sign}"


def docsify_file_url(url: str) -> str:
    """The Markdown file a docsify address shows: `https://h/#/a/b` → `https://h/a/b.md`."""
    parts = check_fetchable(url)
    path = parts.fragment.split("?")[0] if parts.fragment.startswith("/") else parts.path
    if path.endswith("/"):
        path += "README"
    if not path.endswith(".md"):
        path += ".md"
    return urlunsplit((parts.scheme.lower(), _netloc(parts), _requote(path, _PATH_SAFE), "", ""))


@lru_cache(maxsize=1)
def _suffixes() -> tldextract.TLDExtract:
    # No address to load a newer list from: the shipped one is used, and no request leaves.
    return tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)


def host_of(url: str) -> str:
    """The key of the host a URL belongs to: its registrable domain, or address and port for a bare IP.

    Pace, leases and back-off go by this key. Private suffixes count, so two sites of one hoster differ.
    """
    parts = check_fetchable(url)
    name = _ascii_host(parts.hostname or "")
    try:
        address = ip_address(name)
    except ValueError:
        return _suffixes()(name).top_domain_under_public_suffix or name
    port = parts.port or _DEFAULT_PORTS[parts.scheme.lower()]
    return f"[{address}]:{port}" if address.version == 6 else f"{address}:{port}"


def origin_of(url: str) -> str:
    """Scheme, host and port: the scope of one robots.txt."""
    parts = check_fetchable(url)
    return f"{parts.scheme.lower()}://{_netloc(parts)}"
