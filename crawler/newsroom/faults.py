"""What goes wrong at a site, by word. A new fault is one function here and its word in press.yaml."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from urllib.parse import quote

from crawler.newsroom.answers import html, moved, plain
from crawler.newsroom.loading import FaultData
from crawler.newsroom.records import Content, Publication, SiteRequest

_CAPTCHA = "/mp/wappoc_appmsgcaptcha"  # where mp.weixin.qq.com sends clients it wants verified
_VERIFY = "<h2>环境异常</h2><p>当前环境异常，完成验证后即可继续访问。</p><a>去验证</a>"
_DELETED = '<div class="weui-msg"><h2>该内容已被发布者删除</h2></div>'  # in the words of mp.weixin.qq.com
_BLOCKED = "<p>很抱歉，由于您访问的URL有可能对网站造成安全威胁，您的访问被阻断。</p>"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a fault may look at."""

    request: SiteRequest
    publication: Publication | None  # the one whose page is asked for
    is_list: bool  # the feed or a list page is asked for
    nth: int
    since_start: timedelta


Fault = Callable[[FaultData, Asked], Content | None]
"""The content that stands in for the real answer, or None when the fault does not strike."""


def gone(fault: FaultData, asked: Asked) -> Content | None:
    """404 for the page of `article`."""
    return plain(404, "页面不存在或已删除") if _is_about(fault, asked) else None


def deleted_later(fault: FaultData, asked: Asked) -> Content | None:
    """A message at status 200, from `begins` on, that its publisher deleted `article`: it was there before."""
    return html(_DELETED) if _is_about(fault, asked) and fault.window[0] <= asked.since_start else None


def moved_to_charity(fault: FaultData, asked: Asked) -> Content | None:
    """302 to the page `to`, which is on another subject: how Tencent answers for a deleted article."""
    return moved(fault.to) if _is_about(fault, asked) else None


def server_error(fault: FaultData, asked: Asked) -> Content | None:
    """503 with Retry-After for the first `times` requests of the page of `article`."""
    return _unavailable(fault.retry_after) if _is_early(fault, asked) else None


def rate_567(fault: FaultData, asked: Asked) -> Content | None:
    """567 for the first `times` requests of the page of `article`: Tencent's word for too many requests."""
    return plain(567, "访问过于频繁") if _is_early(fault, asked) else None


def feed_down(fault: FaultData, asked: Asked) -> Content | None:
    """503 with Retry-After on lists from `begins` to `ends`, in hours after the start."""
    return _unavailable(fault.retry_after) if _is_list_then(fault, asked) else None


def firewall_501(fault: FaultData, asked: Asked) -> Content | None:
    """501 on lists from `begins` to `ends`: a firewall that has had enough of somebody."""
    return plain(501, "Not Implemented") if _is_list_then(fault, asked) else None


def business_error(fault: FaultData, asked: Asked) -> Content | None:
    """An error in JSON at status 200 on lists from `begins` to `ends`."""
    if not _is_list_then(fault, asked):
        return None
    told = json.dumps({"code": 99998, "desc": "系统繁忙"}, ensure_ascii=False)
    return Content(body=told.encode(), content_type="application/json; charset=utf-8")


def block_page(fault: FaultData, asked: Asked) -> Content | None:
    """A firewall's refusal at status 200: for `article`, or on lists from `begins` to `ends`."""
    return html(_BLOCKED) if _is_about(fault, asked) or _is_list_then(fault, asked) else None


def captcha(fault: FaultData, asked: Asked) -> Content | None:
    """302 from the page of `article` to a verification page, which names the page in its address and answers 200."""
    if asked.request.place == _CAPTCHA:
        return html(_VERIFY)
    if not _is_about(fault, asked):
        return None
    target = quote(f"https://{asked.request.host}{asked.request.path}?{asked.request.query}", safe="")
    return moved(f"https://{asked.request.host}{_CAPTCHA}?poc_token=HNewsroom&target_url={target}")


FAULTS: dict[str, Fault] = {
    "gone": gone,
    "deleted_later": deleted_later,
    "moved_to_charity": moved_to_charity,
    "server_error": server_error,
    "rate_567": rate_567,
    "feed_down": feed_down,
    "firewall_501": firewall_501,
    "business_error": business_error,
    "block_page": block_page,
    "captcha": captcha,
}

ENDS = {
    "gone": "gone",
    "deleted_later": "gone",
    "moved_to_charity": "gone",
    "block_page": "blocked",
    "captcha": "blocked",
}
"""How the article that a fault names must end for a crawler that comes when it strikes."""


def strike(faults: tuple[FaultData, ...], asked: Asked) -> Content | None:
    """The content of the first fault that strikes, with its word."""
    contents = ((fault.fault, FAULTS[fault.fault](fault, asked)) for fault in faults)
    return next((replace(content, fault=word) for word, content in contents if content is not None), None)


def _is_about(fault: FaultData, asked: Asked) -> bool:
    return asked.publication is not None and asked.publication.article_id == fault.article


def _is_early(fault: FaultData, asked: Asked) -> bool:
    return _is_about(fault, asked) and asked.nth <= fault.times


def _is_list_then(fault: FaultData, asked: Asked) -> bool:
    begins, ends = fault.window
    return asked.is_list and fault.path in {"", asked.request.place} and begins <= asked.since_start < ends


def _unavailable(retry_after: int) -> Content:
    return replace(plain(503, "服务暂不可用，请稍后再试"), headers={"Retry-After": str(retry_after)})
