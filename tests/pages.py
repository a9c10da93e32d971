"""Builders for what the stages of an article take and give."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from crawler.config.models import Source
from crawler.items import Article, Dating, Entry, Page, PendingEntry, Precision

SEEN = datetime(2026, 3, 5, 4, 0, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")
FEED = Source(name="样例", kind="feed", endpoints=[{"url": "https://news.example.cn/feed"}])
MIRROR = Source(name="观潮", kind="wechat_mirror", endpoints=[{"url": "https://mirror.example/gzh/观潮.md"}])
URL = "https://news.example.cn/tech/2026/a1.html"
MARKDOWN_URL = "https://mirror.example/gzh/backup/观潮/文.md"


def pending(*, title="", url=URL, key=f"url:{URL}", summary="", published=None, authors=(), number=1, source="样例"):
    entry = Entry(key=key, url=url, title=title, summary=summary, published=published, authors=authors)
    return PendingEntry(id=number, source=source, host="example.cn", entry=entry, first_seen=SEEN)


def page(body, *, content_type="text/html", url=URL, **entry):
    data = body if isinstance(body, bytes) else body.encode()
    return Page(
        pending=pending(url=url, **entry),
        url=url,
        status=200,
        content_type=content_type,
        body=data,
        fetched_at=SEEN,
    )


def mirror_page(body, *, title="", head="# 一篇文章\n\n[**返回列表页**](/gzh/观潮)\n\n小懒自动备份，仅供查阅学习\n\n"):
    return page(head + body, content_type="text/markdown", url=MARKDOWN_URL, title=title)


def article(text="", *, title="一篇文章", final_key=f"url:{URL}", verdicts=(), text_hash="", **entry):
    return Article(
        pending=pending(**entry),
        url=URL,
        final_key=final_key,
        fetched_at=SEEN,
        title=title,
        text=text,
        markdown=text,
        verdicts=verdicts,
        text_hash=text_hash,
    )


def dating(at, *, precision=Precision.SECOND, where="feed"):
    return Dating(at=at, precision=precision, where=where, text=at.isoformat())
