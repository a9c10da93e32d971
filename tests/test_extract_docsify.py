"""Markdown files of mirrors and other docsify sites → articles."""

import pytest
from html_pages import BODY, CHINESE, portal
from pages import FEED, MIRROR, mirror_page, page

from crawler.config.models import Source
from crawler.items import Article
from crawler.outcomes import Outcome
from pipelines.extract.extract import extract
from pipelines.extract.repair import repair_markdown

# The mirror's Markdown files


@pytest.mark.parametrize("notice", ["小懒自动备份，仅供查阅学习", "公众号【懒人搜索】备份，仅供查阅学习"])
def test_a_mirror_file_gives_body_account_and_title(notice):
    head = f"# \u200b一篇文章\n\n[**返回列表页**](/gzh/观潮)\n\n{notice}\n\n"
    found = extract(mirror_page(f"{BODY}\n\n{CHINESE}", head=head), MIRROR)
    assert (found.title, found.account, found.extractor) == ("一篇文章", "观潮", "docsify 2")
    assert found.text == f"{BODY}\n{CHINESE}"


def test_the_entrys_title_goes_before_the_files_and_loses_zero_width_characters():
    assert extract(mirror_page(BODY, title="\u200b列表里的标题"), MIRROR).title == "列表里的标题"


def test_the_account_is_unknown_without_a_back_link():
    assert extract(mirror_page(BODY, head="# 一篇文章\n\n"), MIRROR).account == ""


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        pytest.param("None\n", "None", id="failed-backup"),
        pytest.param("\n\n", "no body", id="no-body"),
        pytest.param("# 一篇文章\n\n__ 资源分享 , 101\n\n,\n\n2024-06-14 20:42 , ,\n", "stub", id="stub"),
        pytest.param("# “一篇”文章\n\n,\n\n, ,\n", "stub", id="stub-with-other-quotes"),
        pytest.param("只有这么一句话。", "at least 40", id="one-sentence"),
        pytest.param("![](https://img.example/a.png)\n" * 9, "at least 40", id="pictures-alone"),
    ],
)
def test_a_mirror_file_without_an_article_ends_with_the_reason(body, reason):
    found = extract(mirror_page(body), MIRROR)
    assert found.outcome is Outcome.NO_TEXT
    assert reason in found.reason


@pytest.mark.parametrize("body", ["他们是怎么想的？…… 全文一万字。", "付费文章，全文约3200字。", "付费阅读：" + BODY])
def test_the_beginning_of_a_text_that_is_sold_is_blocked(body):
    found = extract(mirror_page(body), MIRROR)
    assert (found.outcome, found.reason[:9]) == (Outcome.BLOCKED, "a paywall")


def test_an_article_that_speaks_of_paying_is_one():
    assert isinstance(extract(mirror_page(f"付费阅读的账，全文一万字。\n\n{CHINESE * 6}"), MIRROR), Article)


@pytest.mark.parametrize("body", ["<!DOCTYPE html><html>加载中</html>", "\n<html><body>404</body></html>", ""])
def test_the_mirrors_shell_and_an_empty_file_are_no_article(body):
    assert extract(mirror_page(body, head=""), MIRROR).outcome is Outcome.NO_TEXT


def test_a_title_that_is_repeated_above_a_real_body_is_not_part_of_it():
    assert extract(mirror_page(f"# 一篇文章\n\n{BODY}"), MIRROR).text == BODY


@pytest.mark.parametrize(
    ("broken", "whole"),
    [
        pytest.param("第一行是长长的\n第二行", "第一行是长长的第二行", id="wrapped-han"),
        pytest.param("因为Open\nAI的出现", "因为Open AI的出现", id="wrapped-latin"),
        pytest.param("一段。  \n另一段。  \n", "一段。\n\n另一段。", id="two-spaces-end-a-paragraph"),
        pytest.param("甲\u00a0\u00a0 乙\u200b丙", "甲 乙丙", id="no-break-and-zero-width"),
        pytest.param("甲[](https://a.example/x)乙", "甲乙", id="empty-anchor"),
        pytest.param("![](https://a.example/x.png)", "![](https://a.example/x.png)", id="an-image-is-no-empty-anchor"),
        pytest.param("[草莓]()和[梨]()", "草莓和梨", id="links-to-nothing"),
        pytest.param("****戳这里**“观潮”** 关注我****", "戳这里 **“观潮”** 关注我", id="star-debris"),
        pytest.param("**甲****乙**", "**甲乙**", id="bold-that-was-cut"),
        pytest.param(
            "![](https://mmbiz.qpic.cn/x/640?wx_fmt=other&from;=appmsg&wx;_lazy=1&tp;=webp)",
            "![](https://mmbiz.qpic.cn/x/640?wx_fmt=other)",
            id="wechat-image",
        ),
        pytest.param("[文](https://a.example/?a=1&from;=2)", "[文](https://a.example/?a=1&from=2)", id="broken-query"),
        pytest.param(
            "[文](https://a.example/长\n路\n径)", "[文](https://a.example/长路径)", id="address-wrapped-twice"
        ),
        pytest.param("> 引一\n> 引二\n\n- 甲\n- 乙", "> 引一引二\n\n- 甲\n- 乙", id="quotes-and-lists"),
        pytest.param("正文\n\n\n\n\n正文", "正文\n\n正文", id="one-empty-line"),
    ],
)
def test_what_the_conversion_broke_is_put_right(broken, whole):
    assert repair_markdown(broken) == whole
    assert repair_markdown(whole) == whole


# Other docsify sites

DOCS = Source(name="手册", kind="docsify", endpoints=[{"url": "https://docs.example/"}])


def docs_page(text, url="https://docs.example/guide/setup.md", content_type="text/markdown", **entry):
    return page(text, url=url, content_type=content_type, **entry)


def test_a_docsify_file_is_an_article_called_by_its_first_heading():
    front = "---\ntitle: x\ntags: [a]\n---\n"
    found = extract(docs_page(f"{front}# 安装\n\n{BODY}\n\n![](img/a.png) [下一步](next.md)", title="第三章"), DOCS)
    assert (found.title, found.account) == ("安装", "")
    assert found.text.split("\n") == [BODY, "下一步"]
    assert found.images == ("https://docs.example/guide/img/a.png",)


def test_a_docsify_file_without_a_heading_is_called_as_it_was_announced():
    assert extract(docs_page(BODY, title="第三章"), DOCS).title == "第三章"


@pytest.mark.parametrize(
    ("content_type", "url"),
    [("text/markdown", "https://a.example/file"), ("text/plain", "https://a.example/file.md")],
)
def test_a_markdown_file_is_one_whatever_announced_it(content_type, url):
    found = extract(docs_page(f"# 安装\n\n{BODY}", url=url, content_type=content_type), FEED)
    assert found.extractor.startswith("docsify")


def test_a_page_of_html_is_one_whatever_its_address_ends_in():
    found = extract(docs_page(portal(), url="https://code.example/README.md", content_type="text/html"), FEED)
    assert found.extractor.startswith("trafilatura")


def test_a_page_of_a_mirror_in_html_is_read_as_html():
    body = (
        "<h1>一篇文章</h1><p><a href='/gzh/观潮'><strong>返回列表页</strong></a></p>"
        f"<p>公众号【观潮】备份，仅供查阅学习</p><div class=content><p>{BODY}</p><p>短。</p></div><p>标签不可点</p>"
    )
    found = extract(page(f"<html><body>{body}</body></html>", url="https://mirror.example/a.html"), MIRROR)
    assert (found.title, found.account, found.text) == ("一篇文章", "观潮", f"{BODY}\n短。")
