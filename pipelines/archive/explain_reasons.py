"""Reasons and errors as the ledger holds them, in English, said in Chinese where they are of a closed set. Pure."""

import re

from crawler.noarchive import HEADER_SAYS, PAGE_SAYS
from pipelines.failure_words import FAILURES

# What begins or makes up a reason. A test compares it with what the code says.
SAYINGS: dict[str, str] = {
    **FAILURES,
    "no longer there": "原页已不在",  # an article's
    # what pages and headers say
    HEADER_SAYS: "X-Robots-Tag 响应头写着 noarchive",
    PAGE_SAYS: "页面的 robots 标签写着 noarchive",
    "a paywall: the beginning of a text that is sold": "付费墙：只有付费文章的开头",
    "a paywall: the page says article_is_pay": "付费墙：页面写着 article_is_pay",
    "a video page without an article's text": "视频页，没有文章正文",
    "the page is empty": "页面是空的",
    "the answer is an HTML page where a Markdown file was expected": "本应是 Markdown 文件，得到的却是网页",
    "the file has no body": "文件没有正文",
    "the mirror's backup failed: its body is the word None": "镜像备份失败：正文只有 None 一词",
    "a stub: the title twice and next to nothing below it": "空壳：标题写了两遍，其下几乎没有内容",
    "unsupported: a short post of WeChat, whose text only scripts load": "不支持：微信短贴，正文由脚本载入",
    # pipelines/extract/data/failures.yaml
    "WeChat says that its publisher deleted or moved it": "微信称文章已被发布者删除或迁移",
    "WeChat says that it cannot be read any more": "微信称文章已无法查看",
    "Tencent's page for deleted articles": "腾讯的已删除页面",
    "the site wants a login": "网站要求登录",
    "the site says that the article does not exist": "网站称文章不存在",
    "the site answers with a message instead of an article": "网站返回的是提示信息，不是文章",
    "a challenge that only a browser's scripts pass": "只有浏览器脚本才能通过的验证",
    "a shell whose text only scripts load": "空壳页面，正文由脚本载入",
    # of the ledger and the archive
    "no theme takes it": "没有主题收它",
    "a seed": "种子",
}

_STALE = r"older than the source's limit of (?P<days>\d+) days"
_USED_UP_TODAY = r"politeness\.requests_per_day \((?P<most>\d+)\) is used up"
_UNTIL = r"(?P<at>.+?)(?: UTC)?"
_NEAREST = r"no theme takes it; nearest: (?P<theme>\S+) with (?P<score>\S+) of (?P<floor>[\d.]+)"
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), told)
    for pattern, told in (
        (r"on theme: (?P<themes>.*)", "属于主题 {themes}"),
        (
            rf"{_NEAREST}, vetoed by (?P<veto>.*)",
            "没有主题收它；最接近的是 {theme}，{score} 分，门槛 {floor}，被“{veto}”否决",
        ),
        (
            _NEAREST,
            "没有主题收它；最接近的是 {theme}，{score} 分，门槛 {floor}",
        ),
        (r"same_text as entry (?P<entry>\d+)", "与编号 {entry} 的正文相同"),
        (r"same_key as entry (?P<entry>\d+)", "与编号 {entry} 是同一篇文章"),
        (rf"published (?P<at>[^,]+), {_STALE}", "发布于 {at}，超过来源 {days} 天的时限"),
        (rf"unchanged since (?P<at>[^,]+), {_STALE}", "自 {at} 起没有变动，超过来源 {days} 天的时限"),
        (
            r"undated, behind (?P<most>\d+) others of what its list or index held at first: taken for old",
            "没有日期，排在列表最初的 {most} 条之后：当作旧文",
        ),
        (
            r"(?P<found>\d+) characters of text(?: were found)?, at least (?P<least>\d+) are expected",
            "只有 {found} 个字，至少应有 {least} 个",
        ),
        (
            r"redirected to the front page (?P<url>\S+), as sites do with what they deleted",
            "被转到首页 {url}，网站对已删除的文章常这样做",
        ),
        (r"the host asked to be left alone until (?P<at>.+)", "这台主机要求在 {at} 之前不要打扰"),
        (r"(?P<host>\S+) asked to be left alone until (?P<at>.+)", "{host} 要求在 {at} 之前不要打扰"),
        (rf"{_USED_UP_TODAY}; articles wait until {_UNTIL}", "来源一天的请求次数 {most} 已用完，文章等到 {at}"),
        (rf"{_USED_UP_TODAY}; nothing is asked until {_UNTIL}", "来源一天的请求次数 {most} 已用完，{at} 之前不再访问"),
        (r"(?P<host>\S+) does not answer and is asked again at (?P<at>.+)", "{host} 没有答复，将于 {at} 再次访问"),
        (r"the answer is (?P<type>.+), not a page of text", "得到的是 {type}，不是文字页面"),
        (r"forgotten on (?P<day>\S+): (?P<why>.*)", "已于 {day} 按要求遗忘：{why}"),
    )
)
_USED_UP = "attempts used up; the last: "
# The detail behind a saying, where it has words of its own.
_DETAILS: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r"(?P<file>\S+), read (?P<at>[^,]+), forbids (?P<url>\S+) in line (?P<number>\d+): (?P<line>.*)"),
        "{file} 第 {number} 行“{line}”不许抓取 {url}，{at} 读取",
    ),
)


def in_chinese(reason: str) -> str:
    """The reason in Chinese; in quotes and as it is where it is not of the closed set."""
    if reason.startswith(_USED_UP):
        return f"尝试次数已用尽，最后一次是{in_chinese(reason.removeprefix(_USED_UP))}"
    if reason in SAYINGS:
        return SAYINGS[reason]
    for pattern, told in _PATTERNS:
        match = pattern.fullmatch(reason)
        if match:
            return told.format(**match.groupdict())
    saying, _, detail = reason.partition(": ")
    if saying in SAYINGS:
        return f"{SAYINGS[saying]}（{_detail(detail)}）"
    return f"“{reason}”"


def _detail(detail: str) -> str:
    for pattern, told in _DETAILS:
        match = pattern.fullmatch(detail)
        if match:
            return told.format(**match.groupdict())
    return detail
