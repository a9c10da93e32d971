"""Articles that stand on several pages."""

from dataclasses import replace

import pytest
from html_pages import discuz
from pages import FEED, page

from crawler.items import Article, PagePart
from crawler.outcomes import Outcome
from pipelines.extract.extract import extract

TEXT = "青松市的机器人工厂说，他们在三月里会生产一百台新的机器，比去年多出一倍。"
SECOND, THIRD = "第二页说，机器在春天装好，夏天就坏了。", "第三页说，修好它用了整整一个秋天。"


def part(body, number=2):
    url = f"http://portal.example.cn/article-7-{number}.html"
    return PagePart(url=url, content_type="text/html; charset=gbk", body=body)


def read(first, *bodies):
    parts = tuple(part(body, number) for number, body in enumerate(bodies, 2))
    return extract(replace(page(first), parts=parts), FEED)


def test_the_pages_of_an_article_are_one_text_in_order():
    first = discuz(f"{TEXT}<br><img src='data/a.jpg'>")
    found = read(first, discuz(f"{SECOND}<img src='data/b.jpg'>"), discuz(THIRD))
    assert found.text.split("\n") == [TEXT, SECOND, THIRD]
    assert found.images == ("http://portal.example.cn/data/a.jpg", "http://portal.example.cn/data/b.jpg")
    assert found.title == "旧城的路灯换成了会说话的"
    assert found.text.count("摘要") == 0


def test_what_every_page_begins_with_is_told_once():
    first = discuz(f"<h2>旧城的路灯换成了会说话的</h2>导语：路灯会说话。<br>{TEXT}")
    found = read(first, discuz(f"<h2>旧城的路灯换成了会说话的</h2>导语：路灯会说话。<br>{SECOND}"))
    assert found.text.split("\n") == ["导语：路灯会说话。", TEXT, SECOND]


def test_the_title_with_the_number_of_the_page_is_told_nowhere():
    title = "旧城的路灯换成了会说话的"
    found = read(discuz(TEXT, pagetitle=f"{title}（1）"), discuz(SECOND, pagetitle=f"{title}（2）"))
    assert found.text.split("\n") == [TEXT, SECOND]


def test_the_title_of_a_sub_page_stays():
    found = read(discuz(TEXT), discuz(SECOND, pagetitle="夏天"))
    assert found.text.split("\n") == [TEXT, "夏天", SECOND]


@pytest.mark.parametrize(
    "body", [b"", b"<!-- x -->", discuz(""), "<div id='messagetext'>抱歉，文章不存在</div>".encode("gbk")]
)
def test_a_page_beyond_the_end_adds_nothing(body):
    assert read(discuz(TEXT), body, discuz(SECOND)).text.split("\n") == [TEXT, SECOND]


LOGIN = "<div id='messagetext'><p>抱歉，您需要登录才能继续浏览</p></div>".encode("gbk")
WALL = "<p>很抱歉，由于您访问的URL有可能对网站造成安全威胁，您的访问被阻断。</p>".encode("gbk")


@pytest.mark.parametrize(("body", "reason", "holds"), [(LOGIN, "login", False), (WALL, "firewall", True)])
def test_an_article_whose_further_page_is_kept_back_is_not_told_in_part(body, reason, holds):
    found = read(discuz(TEXT), discuz(SECOND), body)
    assert (found.outcome, found.hold_host is not None) == (Outcome.BLOCKED, holds)
    assert reason in found.reason


@pytest.mark.parametrize(
    ("url", "blocked"),
    [
        ("http://portal.example.cn/member.php?mod=logging&action=login", True),
        ("https://passport.example.cn/login?from=article-7-3.html", True),
        ("https://mp.weixin.qq.com/mp/wappoc_appmsgcaptcha?poc_token=a", True),
        ("http://portal.example.cn/article-7-1.html", False),
        ("http://portal.example.cn/", False),
        ("https://www.qq.com/babygohome/?pgv_ref=404", False),
    ],
)
def test_what_answers_behind_the_last_page_may_be_a_login(url, blocked):
    beyond = replace(part(b"", 3), url=url)
    found = extract(replace(page(discuz(TEXT)), parts=(part(discuz(SECOND)),), beyond=beyond), FEED)
    assert isinstance(found, Article) is not blocked


def test_the_sources_rules_are_those_of_every_page():
    rules = FEED.model_validate({**FEED.model_dump(), "articles": {"body": ".b", "drop": ".ad"}})
    first, second = (
        f"<div><p>{text * 9}外面</p><div class=b>{text}<i class=ad>广告</i></div></div>" for text in (TEXT, SECOND)
    )
    parts = (PagePart(url="https://news.example.cn/2", content_type="text/html", body=second.encode()),)
    assert extract(replace(page(first), parts=parts), rules).text.split("\n") == [TEXT, SECOND]


def test_without_a_first_page_there_is_no_article():
    found = read("<div id='messagetext'>抱歉，您指定要查看的文章不存在</div>", discuz(SECOND))
    assert not isinstance(found, Article)
    assert found.outcome is Outcome.GONE
