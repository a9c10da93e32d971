"""Article keys by a site's own rules, where an address alone says too much or too little. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

# Of Tencent's ids the first 14 characters are the identity: one page calls an article 20190907A081B0, the next one
# 20190907A081B000.
_QQ_ID = r"(\d{8}[A-Z][0-9A-Z]{5})(?:[0-9A-Z]{2})?"
_QQ_ARTICLE = re.compile(rf"/(?:rain/a|omn/\d{{8}})/{_QQ_ID}(?:\.html?)?")
_QQ_MOBILE = re.compile(rf"/a/{_QQ_ID}")
_QQ_MOBILE_OWN = re.compile(r"/k/([0-9A-Za-z]+)")  # its ids are not those of the articles
_QQ_PORTAL = re.compile(r"/a/(\d{8})/(\d{6})\.html?")  # until 2019
_QQ_PORTAL_MOBILE = re.compile(r"/c/([a-z0-9]+)/(\d{14})")
# The date before the counter is not the article's: one of them says 1970.
_IYIOU_DATED = re.compile(r"/(news|briefing)/\d{8}(\d{7})(?:\.html)?")
_IYIOU_OLD = re.compile(r"/p/(\d+)(?:\.html)?")
_DISCUZ_REWRITTEN = re.compile(r"(.*)/article-(\d{1,9})-(\d{1,2})\.html")
_DISCUZ_SCRIPT = "/portal.php"
_WECHAT = "mp.weixin.qq.com"
_WECHAT_SHORT = re.compile(r"/s/([\w\-]{10,})")
_WECHAT_PART = re.compile(r"[\w+/=\-]*", re.ASCII)  # they are decoded, and %00 would be a character of the key
_WECHAT_LONG_PATHS = ("/s", "/mp/appmsg/show")
_WECHAT_CAPTCHA = "/mp/wappoc_appmsgcaptcha"
_MOST_ENCODINGS = 4
# Other sites number their articles within a category or a year: article-5-17.html, article-2025-7.html.
_MOST_PAGES = 50  # as articles.most_pages allows; more are no pages, and so many categories are rare
_YEARS = range(1990, 2101)


@dataclass(frozen=True, kw_only=True)
class Address:
    """A canonical address in the parts that keys are made of."""

    host: str  # with its port, without www. or m.
    path: str  # single slashes, none at the end
    query: Mapping[str, str]


def site_key(address: Address) -> str:
    """The key of an article of a site whose addresses are known, or "" for every other address."""
    if address.host == _WECHAT:
        return _wechat_key(address)
    if address.host.endswith(".qq.com"):
        return _qq_key(address)
    return _iyiou_key(address) if address.host == "iyiou.com" else _discuz_key(address)


def behind_captcha(address: Address) -> str:
    """The address WeChat's captcha page stands before, or "" when it is no captcha page."""
    if (address.host, address.path) != (_WECHAT, _WECHAT_CAPTCHA):
        return ""
    target = address.query.get("target_url", "")
    for _ in range(_MOST_ENCODINGS):  # it is encoded twice at times
        if target.startswith(("http://", "https://")):
            return target
        target = unquote(target)
    return ""


def _wechat_key(address: Address) -> str:
    """The key of an mp.weixin article, or "" for its other pages (temporary Sogou links among them)."""
    short = _WECHAT_SHORT.fullmatch(address.path)
    if short:
        return f"wechat:{short[1]}"
    query = address.query
    biz = query.get("__biz", "").replace(" ", "+").rstrip("=")
    mid = query.get("mid") or query.get("appmsgid")
    if not biz or not mid or address.path not in _WECHAT_LONG_PATHS:
        return ""
    idx = query.get("idx") or query.get("itemidx") or "1"
    sign = query.get("sn") or query.get("sign") or ""
    if not all(map(_WECHAT_PART.fullmatch, (biz, mid, idx, sign))):
        return ""
    return f"wechat:{biz}:{mid}:{idx}:{sign}"


def _qq_key(address: Address) -> str:
    """Tencent news: one article over its hosts; the portals of old by channel, day and number."""
    name, path = address.host.removesuffix(".qq.com"), address.path
    if name in {"news", "new"} and (found := _QQ_ARTICLE.fullmatch(path)):
        return f"qq:{found[1]}"
    if name == "view.inews":
        if found := _QQ_MOBILE.fullmatch(path):
            return f"qq:{found[1]}"
        own = _QQ_MOBILE_OWN.fullmatch(path)
        return f"qq:k/{own[1]}" if own else ""
    if name == "xw":
        twin = _QQ_PORTAL_MOBILE.fullmatch(path)
        return f"qq:{twin[1]}/{twin[2]}" if twin else ""
    portal = _QQ_PORTAL.fullmatch(path)
    return f"qq:{name}/{portal[1]}{portal[2]}" if portal else ""


def _iyiou_key(address: Address) -> str:
    if found := _IYIOU_DATED.fullmatch(address.path):
        return f"iyiou:{found[1]}/{found[2]}"
    old = _IYIOU_OLD.fullmatch(address.path)
    return f"iyiou:p/{old[1]}" if old else ""


def _discuz_key(address: Address) -> str:
    """A Discuz! portal's article over all its pages: the site, the folder the portal lies in, the article's number."""
    folder, script, behind = address.path.rpartition(_DISCUZ_SCRIPT)
    if script and not behind and address.query.get("mod") == "view":
        number = address.query.get("aid", "")
    else:
        folder, number = _discuz_rewritten(address.path)
    if not (number.isascii() and number.isdigit()):
        return ""
    return f"discuz:{address.host}{folder}/{number.lstrip('0') or '0'}"


def _discuz_rewritten(path: str) -> tuple[str, str]:
    """Folder and number of `article-<number>-<page>.html`, where that can hardly be anything else.

    A first page always is: no second address can fall together with it. Of further pages those of a number up to
    fifty, or of one that may be a year, go by their address; they are announced by themselves next to never. Wrongly
    taken for pages are still the first fifty articles of a category with a number above fifty, on a site that has such
    addresses and is no Discuz! portal.
    """
    found = _DISCUZ_REWRITTEN.fullmatch(path)
    if not found:
        return "", ""
    number, page = int(found[2]), int(found[3])
    is_page = page == 1 or (page <= _MOST_PAGES < number and number not in _YEARS)
    return (found[1], found[2]) if is_page else ("", "")
