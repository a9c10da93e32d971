"""WeChat pages in the newsroom, in the markup of two years, and what stands where there is none."""

import re
from urllib.parse import unquote

import lxml.html
import pytest
from newsroom_visits import END, START, ask, fetch, visit, with_trait

from crawler.newsroom import Newsroom

HOST = "www.wxcang.example"


@pytest.fixture(scope="module")
def newsroom() -> Newsroom:
    return Newsroom(start=START)


@pytest.fixture(scope="module")
def of_2025(newsroom):
    return next(one for one in newsroom.truth if one.site == HOST and one.article_id == "weixin-chips-2025")


def tree_of(answer):
    return lxml.html.fromstring(answer.body.decode())


def test_the_list_links_to_everything_with_noise(newsroom):
    links = [link.get("href") for link in tree_of(ask(newsroom, HOST, "/")).cssselect("ul.captures a")]
    published = newsroom.published_until(END, HOST)[::-1]
    assert all(link.startswith(one.url) for link, one in zip(links, published, strict=True))
    assert all(link.endswith("#wechat_redirect") for link in links)
    assert any("&scene=21" in link for link in links)


@pytest.mark.parametrize("trait", ["2025", "markup_2020"])
def test_a_page_is_hidden_has_no_title_and_no_time_where_one_looks(newsroom, of_2025, trait):
    one = of_2025 if trait == "2025" else with_trait(newsroom, trait, HOST)
    page = visit(newsroom, one).body.decode()
    tree = lxml.html.fromstring(page)
    body = tree.cssselect("div#js_content.rich_media_content")[0]
    assert tree.cssselect("title")[0].text is None
    assert tree.cssselect("em#publish_time")[0].text_content() == ""
    assert tree.cssselect('meta[property="og:title"]')[0].get("content") == one.title
    assert tree.cssselect("h1#activity-name" if trait == "2025" else "h2#activity-name")
    assert body.get("style") == "visibility: hidden; opacity: 0; "
    assert f'var ct = "{int(one.at.timestamp())}";' in page
    assert body.cssselect("img")[0].get("data-src").startswith("https://mmbiz.qpic.cn/")
    assert body.cssselect("img")[0].get("src").startswith("data:image/gif")
    text = body.text_content()
    assert all(block in text for block in newsroom.article(one.article_id).blocks)
    leaves = [section for section in body.iter("section") if not len(section)]
    assert any(section.text in newsroom.article(one.article_id).blocks for section in leaves)


def test_the_page_of_2025_has_its_body_twice_and_its_time_in_words(newsroom, of_2025):
    page = visit(newsroom, of_2025).body.decode()
    escaped = re.search(r"content_noencode: JsDecode\('([^']*)'\)", page)[1]
    plain = re.sub(r"\\x([0-9a-f]{2})", lambda found: chr(int(found[1], 16)), escaped)
    blocks = newsroom.article(of_2025.article_id).blocks
    assert [block.text_content() for block in lxml.html.fromstring(f"<div>{plain}</div>").iter("p")] == list(blocks)
    assert f"var createTime = '{of_2025.at.astimezone(START.tzinfo):%Y-%m-%d %H:%M}'" in page


def test_the_names_of_the_piece_are_the_first_literal_that_is_not_empty(newsroom, of_2025):
    for one in (of_2025, with_trait(newsroom, "markup_2020", HOST)):
        page = visit(newsroom, one).body.decode()
        for name, value in re.findall(r"(__biz|mid|sn)=([\w=]+)", one.url):
            line = re.search(rf"var {name.strip('_')} = (.*);", page)[1]
            assert next(literal for literal in re.findall(r'"([^"]*)"', line) if literal) == value


def test_a_piece_stands_at_a_long_a_short_and_a_temporary_address(newsroom, of_2025):
    long, short, temporary = of_2025.url, *of_2025.aliases
    assert "__biz=" in long
    assert re.search(r"/s/[A-Za-z0-9]{22}$", short)
    assert re.search(r"\?src=11&timestamp=\d+&ver=1&signature=", temporary)
    assert len({fetch(newsroom, url).body for url in (f"{long}&scene=21", short, temporary)}) == 1
    assert "/s/" in with_trait(newsroom, "short", HOST).url
    assert fetch(newsroom, f"https://{HOST}/s?__biz=x&mid=1&idx=1&sn=y").status == 404


@pytest.mark.parametrize(
    ("trait", "selector", "ends"),
    [
        ("text_post", "p#js_text_desc", ""),
        ("pictures", "p#js_image_desc", ""),
        ("repost", "div.original_page", ""),
        ("fullscreen", "div#js_fullscreen_layout_padding", "no_text"),
        ("deleted", "div.weui-msg", "gone"),
        ("violated", "div.weui-msg", "gone"),
    ],
)
def test_other_layouts_and_messages(newsroom, trait, selector, ends):
    one = with_trait(newsroom, trait, HOST)
    answer = visit(newsroom, one)
    found = tree_of(answer).cssselect(selector)
    assert (answer.status, len(found), one.ends) == (200, 1, ends)
    assert (newsroom.article(one.article_id).lead in found[0].text_content()) == (not ends)
    assert tree_of(answer).cssselect("#js_content") == []


def test_a_captcha_names_the_page_it_stands_before(newsroom):
    one = with_trait(newsroom, "captcha", HOST)
    answer = visit(newsroom, one)
    target = re.search(r"/mp/wappoc_appmsgcaptcha\?poc_token=\w+&target_url=(.*)$", answer.headers["Location"])[1]
    assert (answer.status, unquote(target), one.ends) == (302, one.url, "blocked")
    asked = fetch(newsroom, answer.headers["Location"])
    assert (asked.status, "环境异常" in asked.body.decode()) == (200, True)
