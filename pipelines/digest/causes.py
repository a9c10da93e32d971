"""Why sources failed, in Chinese. Pure.

The books are written in English, by `crawler.fetch.failures` and by whoever reads an answer. What is known of it is
told in Chinese; all else, a page's own words above all, stays as it is.
"""

import re

# Each stands at the beginning of a cause or after a colon or semicolon, and ends before one.
PHRASES = {
    # what crawler.fetch.failures calls the ways a fetch can fail
    "the host name cannot be resolved": "域名无法解析",
    "no connection": "连接不上",
    "the certificate or TLS handshake is not valid": "证书或 TLS 握手无效",
    "no answer in time": "超时没有答复",
    "the answer broke off": "答复中断",
    "larger than the limit": "超过大小上限",
    "too many redirects, or one that leads nowhere": "重定向过多或无处可去",
    "the address is not one presswatch may reach": "地址不在可访问之列",
    "robots.txt forbids it": "robots.txt 不准抓取",
    "robots.txt could not be read, so nothing may be fetched yet": "读不到 robots.txt，暂不抓取",
    "no longer there": "已不存在",
    "the server refuses us": "服务器拒绝访问",
    "the server asks us to slow down": "服务器要求放慢",
    "the server's firewall turns us away": "被服务器的防火墙拦下",
    "the server rejects the request": "服务器不接受这个请求",
    "the server has an error": "服务器出错",
    "presswatch itself failed; the log has the traceback": "presswatch 自身出错，详情见日志",
    # what readers of answers say
    "timed out": "超时",
    "the answer is empty": "答复为空",
    "not XML": "不是 XML",
    "not JSON": "不是 JSON",
    "the gzip body is cut off": "压缩的答复不完整",
    "no list of items": "答复里没有条目列表",
    "the site's firewall blocked the visit": "被网站的防火墙拦下",
    "WeChat asks for a captcha": "微信要求验证码",
    "an RSS or Atom feed, not a sitemap": "是订阅源，不是站点地图",
    "an HTML page, not a sitemap": "是网页，不是站点地图",
}

_PHRASE = re.compile(
    r"(?:(?<=: )|(?<=; )|^)(" + "|".join(map(re.escape, sorted(PHRASES, key=len, reverse=True))) + r")(?=[:;,]|$)"
)
_MOMENT = r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(?::\d\d)?(?:\+00:00| UTC)"
_SENTENCES = tuple(
    (re.compile(rf"(?:(?<=: )|(?<=; )|^){pattern}"), told)
    for pattern, told in (
        (rf"it is left alone until {_MOMENT}", r"暂停访问至 \1 \2 UTC"),
        (rf"not polled: (\S+) asked to be left alone until {_MOMENT}", r"没有查看：\1 要求暂缓访问，至 \2 \3 UTC"),
        (r"not polled(?=: )", "没有查看"),
        (r"no (?:row|link) was found by ", "没有找到条目，选择器为 "),
        (r"the answer is an error(?= \()", "答复是一个错误"),
        (
            r"(\d+) entries wait, but no enabled source has this name any more",
            r"\1 条条目在等候，但已没有启用的来源叫这个名字",
        ),
    )
)
_COLONS = re.compile("(?<=[\u4e00-\u9fff]): ")
_SEMICOLONS = re.compile("; (?=[\u4e00-\u9fff])")


def told_in_chinese(cause: str) -> str:
    """The cause with what is known of it in Chinese."""
    told = _PHRASE.sub(lambda match: PHRASES[match[1]], cause)
    for pattern, sentence in _SENTENCES:
        told = pattern.sub(sentence, told)
    return told if told == cause else _SEMICOLONS.sub("；", _COLONS.sub("：", told))
