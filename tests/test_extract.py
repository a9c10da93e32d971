"""Pages → articles."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from html_pages import BODY, CHINESE, html, jsonld, portal
from hypothesis import given, settings
from hypothesis import strategies as st
from pages import FEED, MIRROR, SEEN, URL, page

from crawler.charsets import decode
from crawler.items import Article, Ended, Precision
from crawler.outcomes import Outcome
from pipelines.extract import generic, metadata
from pipelines.extract.boilerplate import without_boilerplate
from pipelines.extract.extract import extract
from pipelines.extract.pipeline import ExtractPipeline
from pipelines.extract.plain import plain_text

# Decoding


@pytest.mark.parametrize(
    ("body", "content_type", "encoding"),
    [
        pytest.param(CHINESE.encode(), "text/html; charset=gbk", "utf-8", id="utf8-labelled-gbk-by-the-header"),
        pytest.param(b"<meta charset=gb2312>" + CHINESE.encode(), "", "utf-8", id="utf8-labelled-gb2312-by-the-page"),
        pytest.param(CHINESE.encode("gbk"), "text/html; charset=gb2312", "gb18030", id="header-gb2312-is-gb18030"),
        pytest.param(b"<meta charset='gbk'>" + CHINESE.encode("gbk"), "text/html", "gb18030", id="meta-gbk"),
        pytest.param(
            b"<meta http-equiv=Content-Type content='text/html; charset=gb2312'>" + CHINESE.encode("gbk"),
            "text/html; charset=iso-8859-1",
            "gb18030",
            id="the-servers-default-label-yields-to-the-pages",
        ),
        pytest.param(CHINESE.encode("gbk"), "text/html; charset=utf-8", "gb18030", id="gbk-labelled-utf8"),
        pytest.param(CHINESE.encode("gbk"), "text/html; charset=iso-8859-1", "gb18030", id="gbk-labelled-latin"),
        pytest.param(CHINESE.encode("gbk"), "", "gb18030", id="gbk-without-a-label"),
        pytest.param("這裡的機器人".encode("big5"), "text/html; charset=big5", "big5hkscs", id="big5"),
        pytest.param(b"<?xml version='1.0' encoding='gbk'?>" + CHINESE.encode("gbk"), "", "gb18030", id="xml-prolog"),
        pytest.param("café très à la mode".encode("latin-1"), "text/html; charset=latin1", "cp1252", id="latin"),
        pytest.param(CHINESE.encode("gbk"), "text/html; charset=no-such-code", "gb18030", id="unknown-label"),
        pytest.param(CHINESE.encode("gbk"), "text/html; charset=hex", "gb18030", id="label-of-no-character-code"),
    ],
)
def test_the_encoding_is_the_one_that_fits_whatever_the_label_says(body, content_type, encoding):
    text, name = decode(body, content_type)
    assert name == encoding
    assert "\ufffd" not in text
    assert body.decode(encoding) == text


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_decides_and_is_no_text(encoding):
    assert decode(CHINESE.encode(encoding), "text/html; charset=gbk")[0] == CHINESE


@pytest.mark.parametrize(("encoding", "label"), [("utf-8", "utf-8"), ("gbk", "gbk")])
def test_one_broken_byte_costs_one_character(encoding, label):
    body = (CHINESE * 20).encode(encoding) + b"\xff\n" + (CHINESE * 20).encode(encoding)
    text, _ = decode(body, f"text/html; charset={label}")
    assert text.count("\ufffd") == 1
    assert text.count(CHINESE) == 40


@settings(max_examples=300, deadline=None, database=None)
@given(
    st.binary(max_size=200), st.sampled_from(["", "charset=gbk", "charset=utf-16", "charset=undefined", "charset=hex"])
)
def test_decoding_never_raises(body, content_type):
    decode(body, content_type)


# Plain text


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        pytest.param("# 题\n\n一段**话**，[链接](https://a.example)。", "题\n一段话，链接。", id="marks-go"),
        pytest.param("前![图](https://a.example/b.png)后", "前后", id="images-go"),
        pytest.param("一行\n接着", "一行接着", id="wrapped-han-joins-without-a-space"),
        pytest.param("one line\ngoes on", "one line goes on", id="wrapped-latin-joins-with-one"),
        pytest.param("一行  \n另一行", "一行\n另一行", id="a-hard-break-is-a-new-line"),
        pytest.param("> 引\n\n- 甲\n- 乙", "引\n甲\n乙", id="quotes-and-lists"),
        pytest.param("他说**“好。”**然后走了", "他说“好。”然后走了", id="bold-that-commonmark-does-not-see"),
        pytest.param("用 `a**b` 计算", "用 a**b 计算", id="code-keeps-its-stars"),
        pytest.param("| 甲 | 乙 |\n|---|---|\n| 一 | 二 |", "甲\n乙\n一\n二", id="tables"),
        pytest.param("一\n\n__\n\n二", "一\n二", id="underscores-alone"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_plain_text_is_the_words_a_paragraph_a_line(markdown, text):
    assert plain_text(markdown) == text


# HTML pages


@pytest.mark.parametrize(
    ("encoding", "label", "content_type"),
    [
        ("utf-8", "utf-8", "text/html; charset=utf-8"),
        ("gbk", "gbk", "text/html"),
        ("gbk", "utf-8", "text/html; charset=utf-8"),
        ("utf-8", "gb2312", "text/html; charset=gb2312"),
    ],
)
def test_a_portal_page_gives_its_body_and_nothing_around_it(encoding, label, content_type):
    found = extract(page(portal(encoding, label), content_type=content_type), FEED)
    lines = found.text.split("\n")
    assert lines[0].startswith("样例新闻网三月五日讯")
    assert lines[-1].endswith("让工厂在当天就能得到支持。")
    assert "工厂已经下单" in lines
    for foreign in ("首页", "热门排行", "樱花", "相关阅读", "版权所有", "脚本"):
        assert foreign not in found.text


def test_markdown_keeps_headings_bold_absolute_links_and_the_lazy_images_real_address():
    found = extract(page(portal()), FEED)
    assert "## 工厂已经下单" in found.markdown
    assert "**双臂负载**" in found.markdown
    assert "[交付计划](https://news.example.cn/tech/orders/7.html)" in found.markdown
    assert found.images == ("https://news.example.cn/images/robot?wx_fmt=jpeg",)


def test_the_base_element_is_honoured_and_images_need_no_extension_but_http():
    found = jsonld()
    assert "(https://static.example.cn/2026/map/line1.html)" in found.markdown
    assert found.images == ("https://static.example.cn/2026/bus/640?wx_fmt=png",)
    assert "#" not in found.images[0]


def test_linked_data_gives_time_and_authors_without_the_editor():
    found = jsonld()
    assert found.published.at == datetime(2026, 3, 5, 1, 20, tzinfo=UTC)
    assert found.published.precision is Precision.SECOND
    assert found.published.zone == ""
    assert found.authors == ("周一鸣",)


@pytest.mark.parametrize(
    ("announced", "title"),
    [
        ("青松市开通首条无人公交线路", "青松市开通首条无人公交线路"),
        ("", "青松市开通首条无人公交线路 - 样例日报"),
        ("另一个标题", "青松市开通首条无人公交线路 - 样例日报"),
    ],
)
def test_a_sites_name_behind_the_title_goes_only_when_the_entry_proves_it(announced, title):
    assert jsonld(title=announced).title == title


@pytest.mark.parametrize(
    ("head", "body", "announced", "title"),
    [
        pytest.param("<title>甲公司上市_样例网</title>", "<h1>甲公司上市</h1>", "", "甲公司上市", id="headline-proves"),
        pytest.param("<title>样例网</title>", "", "", "样例网", id="title-alone"),
        pytest.param(
            "<title>甲公司今天上市_科技_样例网</title>",
            "<div>甲公司今天上市</div>",
            "",
            "甲公司今天上市",
            id="shown-alone",
        ),
        pytest.param(
            "<title>甲公司 今天上市 样例网</title>",
            "<b>甲公司 今天上市</b>",
            "",
            "甲公司 今天上市",
            id="spaces-before-a-site",
        ),
        pytest.param(
            "<title>甲公司今天上市——乙公司退市_样例网</title>",
            "<td>甲公司今天上市<br>——乙公司退市</td>",
            "",
            "甲公司今天上市——乙公司退市",
            id="shown-on-two-lines",
        ),
        pytest.param(
            "<title>甲公司今天上市_样例网</title>",
            "<a>甲公司今天上市</a>",
            "",
            "甲公司今天上市_样例网",
            id="shown-as-a-link",
        ),
        pytest.param(
            "<title>甲公司今天上市_样例网</title>",
            "<p>甲公司今天上市，股价大涨</p>",
            "",
            "甲公司今天上市_样例网",
            id="shown-in-a-sentence",
        ),
        pytest.param(
            "<title>小顾 | 样例博客</title>", "<b>小顾</b>", "", "小顾 | 样例博客", id="a-name-is-no-headline"
        ),
        pytest.param("", "", "列表里的标题", "列表里的标题", id="the-entrys-when-the-page-has-none"),
        pytest.param("<title>甲公司上市之后</title>", "", "甲公司上市", "甲公司上市之后", id="a-longer-title-stays"),
        pytest.param(
            "<title>GPT-5 来了 | Site</title>", "", "gpt-5来了", "gpt-5来了", id="case-and-spaces-do-not-count"
        ),
    ],
)
def test_the_title_is_the_pages_own(head, body, announced, title):
    assert extract(page(html(body, head), title=announced), FEED).title == title


def test_the_title_and_the_authors_are_one_visible_line():
    head = "<title>机器人\u202e\x9b进\n厂</title><meta name=author content='林\u200b\u3000 晓'>"
    found = extract(page(html(head=head)), FEED)
    assert (found.title, found.authors) == ("机器人进 厂", ("林", "晓"))


def test_the_language_is_the_documents_else_the_sources():
    assert extract(page(html(lang="zh-HK")), FEED).language == "zh-HK"
    assert extract(page(html(lang="??")), FEED).language == "zh-CN"


def test_an_article_names_its_page_its_key_and_its_extractor():
    found = extract(page(portal()), FEED)
    assert (found.url, found.final_key, found.fetched_at) == (URL, "url:news.example.cn/tech/2026/a1.html", SEEN)
    assert found.extractor.startswith("trafilatura 2.")


@pytest.mark.parametrize(
    ("body", "content_type", "reason"),
    [
        pytest.param("", "text/html", "empty", id="empty"),
        pytest.param("<!-- x -->", "text/html", "ParserError", id="comment-alone"),
        pytest.param("<html><body><p>短。</p></body></html>", "text/html", "at least 20", id="too-short"),
        pytest.param(b"\x89PNG", "image/png", "image/png", id="image"),
        pytest.param(b"%PDF-1.7", "application/pdf; v=1", "application/pdf", id="pdf"),
        pytest.param(bytes(range(256)) * 40, "application/octet-stream", "is not text", id="binary"),
        pytest.param("<div>" * 5000 + BODY, "text/html", "at least 20", id="five-thousand-levels"),
    ],
)
def test_a_page_without_text_ends_with_the_reason(body, content_type, reason):
    found = extract(page(body, content_type=content_type), FEED)
    assert (found.outcome, found.at) == (Outcome.NO_TEXT, SEEN)
    assert reason in found.reason


@pytest.mark.parametrize(
    "tag",
    ['<meta name="robots" content="noarchive">', "<META content='index,NOARCHIVE' name=ROBOTS>"],
)
def test_a_page_that_asks_not_to_be_archived_is_refused(tag):
    assert extract(page(html(head=tag)), FEED).outcome is Outcome.REFUSED


@pytest.mark.parametrize(
    "head",
    ['<meta name="robots" content="index"><p>noarchive', '<meta name="description" content="noarchive, and why">'],
)
def test_a_page_that_only_speaks_of_noarchive_is_not_refused(head):
    assert isinstance(extract(page(html(head=head)), FEED), Article)


FRAGMENTS = st.sampled_from(
    "<p> </p> <section> <div> </div> <table> <tr> <td> <ul> <li> <h1> <br> <b> <pre> <blockquote> <svg> <a:b> &#1; "
    "&#xFFFE; &#xD800; <a_href=' '> <img_src=' <base_href=' http://[ \0 \ufffe <!-- --> <![CDATA[".replace(
        "_", "\t"
    ).split(" ")
)


@settings(max_examples=150, deadline=None, database=None)
@given(st.lists(FRAGMENTS | st.text(max_size=4), max_size=40))
def test_no_markup_however_broken_raises(fragments):
    body = "".join(fragments).encode("utf-8", "replace")
    assert isinstance(extract(page(body), FEED), Article | Ended)
    assert isinstance(extract(page(portal()[: len(body) * 37] + body), FEED), Article | Ended)


@pytest.mark.parametrize(("paragraphs", "fast"), [(1000, False), (5000, True)])
def test_a_page_of_too_many_elements_gets_no_second_opinion(monkeypatch, paragraphs, fast):
    asked = []
    monkeypatch.setattr(generic, "main_text", lambda tree, **options: asked.append(options["fast"]))
    extract(page("<div>" + "<p>a</p>" * paragraphs + "</div>"), FEED)
    assert asked == [fast]


def test_linked_data_is_read_once(monkeypatch):
    read = []
    monkeypatch.setattr(metadata, "_objects", lambda value: read.append(value) or ())
    jsonld()
    assert len(read) == 1


def test_the_body_that_wechat_hides_is_read():
    hidden = f"<div id='js_content' style='visibility: hidden; display: none'><p>{BODY}</p><p>{CHINESE * 3}</p></div>"
    assert BODY in extract(page(f"<html><body><p>关注我们</p>{hidden}</body></html>"), FEED).text


# The shell


def pipeline(*sources):
    config = SimpleNamespace(source=lambda name: next((one for one in sources if one.name == name), None))
    visit = SimpleNamespace(config=config, capture=lambda source, captured, *, anew: None)
    return ExtractPipeline.from_crawler(SimpleNamespace(spider=SimpleNamespace(visit=visit)))


def test_the_pipeline_turns_pages_into_articles_and_hands_on_the_rest():
    ended = pipeline(FEED).process_item(page(""))
    assert isinstance(pipeline(FEED).process_item(page(portal())), Article)
    assert pipeline(FEED).process_item(ended) is ended


def test_a_page_of_an_unknown_source_is_an_error_that_names_it():
    with pytest.raises(LookupError, match="样例"):
        pipeline(MIRROR).process_item(page(portal()))


@pytest.mark.parametrize(
    "tail",
    [
        pytest.param("免责声明：本内容来自腾讯平台创作者，不代表腾讯新闻或腾讯网的观点和立场。", id="tencent"),
        pytest.param("<strong>全文完，多谢大家阅读，如果喜欢就请三连。</strong>", id="thanks"),
    ],
)
def test_what_stands_below_every_article_goes_from_html_pages_too(tail):
    paragraphs = [f"第{number}台机器人走进工厂，工程师在旁边记录它的每一个动作。" for number in range(1, 9)]
    body = "".join(f"<p>{text}</p>" for text in (*paragraphs, tail))
    read = extract(page(f"<html><body><article><h1>题</h1>{body}</article></body></html>"), FEED)
    assert read.text == "\n".join(paragraphs)


def test_the_charset_of_the_config_is_taken_unless_the_bytes_are_plainly_something_else():
    text = "這裡的機器人今天學會了開門。" * 20
    assert decode(text.encode("big5"), "text/html; charset=gbk", "big5") == (text, "big5")
    assert decode(CHINESE.encode("gbk"), "text/html; charset=gbk", "utf-8") == (CHINESE, "gb18030")


def test_a_brief_of_a_hundred_characters_keeps_its_paragraphs_and_nothing_else():
    paragraphs = (
        "河湾镇的机器人今天修好了第三座水闸，用时四个小时，比去年快了一半，镇上的人都到岸边来看，孩子们给它起了名字。",
        "工程师顾远说，水闸的图纸是五十年前画的，机器人先把它量了一遍，再自己算出该换哪几块木板，一块也没有换错。",
    )
    body = "".join(f"<p>{one}</p>" for one in paragraphs)
    html = (
        "<html><head><title>机器人修好水闸_河湾新闻</title></head><body><nav><a href='/'>首页</a></nav><main>"
        "<article class='article'><h1>机器人修好水闸</h1><div class='article-meta'><time>2026-03-05 09:30</time>"
        f"<span>来源：河湾新闻</span></div><div class='article-content'>{body}</div>"
        "<div class='share'><a href='#a'>分享到微博</a></div></article></main><footer>版权所有</footer></body></html>"
    )
    assert extract(page(html), FEED).text == "\n".join(paragraphs)


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("2025年03月02日 09:05 来源：河湾晚报 作者：李雷　编辑：韩梅梅", "相关阅读：<a href=/9>机器人旧闻</a>"),
        ("发布时间：2025-3-2 来源: 河湾晚报", "上一篇：<a href=/1>旧闻</a> 下一篇：<a href=/2>新闻</a>"),
        ("2025-03-02 09:05:30 来源：", "（责任编辑：韩梅梅）"),
        ("2025-03-02 09:05更新 来源：河湾晚报", "【打印】 【关闭窗口】"),
    ],
)
def test_a_portals_lines_of_names_and_of_links_are_no_part_of_the_article(first, last):
    markdown = f"{first}\n\n{BODY}\n\n{CHINESE}\n\n{last}"
    assert without_boilerplate(markdown) == f"{BODY}\n\n{CHINESE}"


@pytest.mark.parametrize(
    "line",
    [
        "2025年3月2日，据来源：河湾晚报的记者说，水闸修好了。",
        "2025年03月02日 09:05",
        "相关阅读的人数比去年多。",
        "上一篇：这是他给每一章起的名字，读者都记得。",
        "责任编辑说，这本书写了十年。",
    ],
)
def test_a_sentence_that_only_begins_so_stays(line):
    assert without_boilerplate(line) == line
