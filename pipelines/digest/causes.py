"""Why sources failed, in Chinese. Pure.

The books are written in English, by `crawler.fetch.failures` and by whoever reads an answer. What is known of it is
told in Chinese; all else, a page's own words above all, stays as it is.
"""

import re

from pipelines.failure_words import FAILURES

# Each stands at the beginning of a cause or after a colon or semicolon, and ends before one.
PHRASES = {
    **FAILURES,
    # what readers of answers say
    "timed out": "超时",
    "the answer is empty": "答复为空",
    "not XML": "不是 XML",
    "not JSON": "不是 JSON",
    "the gzip body is cut off": "压缩的答复不完整",
    "no list of items": "答复里没有条目列表",
    "an RSS or Atom feed, not a sitemap": "是订阅源，不是站点地图",
    "an HTML page, not a sitemap": "是网页，不是站点地图",
}

_PHRASE = re.compile(
    r"(?:(?<=: )|(?<=; )|^)(" + "|".join(map(re.escape, sorted(PHRASES, key=len, reverse=True))) + r")(?=[:;,]|$)"
)
_MOMENT = r"(\d{4}-\d\d-\d\d \d\d:\d\d)"  # as crawler.moments tells it
_USED_UP = r"politeness\.requests_per_day \((\d+)\) is used up"
_SENTENCES = tuple(
    (re.compile(rf"(?:(?<=: )|(?<=; )|^){pattern}"), told)
    for pattern, told in (
        (rf"it is left alone until {_MOMENT}", r"暂停访问至 \1"),
        (rf"not polled: (\S+) asked to be left alone until {_MOMENT}", r"没有查看：\1 要求暂缓访问，至 \2"),
        (
            rf"not polled: (\S+) does not answer and is asked again at {_MOMENT}",
            r"没有查看：\1 没有答复，将于 \2 再次访问",
        ),
        (r"(\S+) does not answer(?= \()", r"\1 没有答复"),
        (rf"it is asked again at {_MOMENT}", r"将于 \1 再次访问"),
        (
            r"only (\d+) MB are free in (.+), less than min_free_mb: (\d+)",
            r"\2 只剩 \1 MB 可用，少于 min_free_mb 的 \3 MB",
        ),
        (rf"{_USED_UP}; articles wait until {_MOMENT}", r"一天的请求次数 \1 已用完，文章等到 \2"),
        (rf"{_USED_UP}; nothing is asked until {_MOMENT}", r"一天的请求次数 \1 已用完，\2 之前不再访问"),
        (rf"(\S+), read {_MOMENT}, forbids (\S+) in line (\d+)(?=: )", r"\1 第 \4 行不许抓取 \3，\2 读取"),
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
