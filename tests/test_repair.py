"""Mirror pages come out whole: no debris, no boilerplate, every word."""

import re
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from shared import SHARED, needs_shared

from pipelines.extract.blocks import Kind, as_text, kind_of
from pipelines.extract.boilerplate import phrases, without_boilerplate
from pipelines.extract.docsify import article_markdown, take_apart
from pipelines.extract.escape import escaped
from pipelines.extract.plain import plain_text
from pipelines.extract.repair import repair_markdown

IMAGE = "![](https://a.example/x.png)"
OTHER = "https://mp.weixin.qq.com/s?a=1"


@pytest.mark.parametrize(
    ("broken", "whole"),
    [
        pytest.param("[文](\nhttps://a.example/x)", "[文](https://a.example/x)", id="address-on-the-next-line"),
        pytest.param("[文](https://a.example/x?a=1 &b=2)", "[文](https://a.example/x?a=1&b=2)", id="space-in-a-query"),
        pytest.param('[文](https://a.example "题")', '[文](https://a.example "题")', id="a-links-title-stays"),
        pytest.param("[文](https://a.example/?a&amp;b=2)", "[文](https://a.example/?a&b=2)", id="entity-in-a-query"),
        pytest.param("[\n**文字** \n](https://a.example)", "[**文字**](https://a.example)", id="link-text-wrapped"),
        pytest.param("甲[**  **](https://a.example)乙", "甲乙", id="a-link-with-bold-nothing"),
        pytest.param(f"[{IMAGE}]()", IMAGE, id="a-picture-that-links-to-nothing"),
        pytest.param("前![]()后![图]()", "前后图", id="pictures-of-nothing"),
        pytest.param("**主笔****** / 木一", "**主笔** / 木一", id="six-stars-close-once"),
        pytest.param("**甲** **乙**", "**甲乙**", id="bold-with-a-space-inside"),
        pytest.param("**甲** 乙", "**甲**乙", id="the-space-behind-chinese-bold"),
        pytest.param("**AI** 乙", "**AI** 乙", id="a-space-beside-latin"),
        pytest.param("甲**“乙”**丙", "甲 **“乙”** 丙", id="bold-that-nobody-would-see"),
        pytest.param("甲**乙", "甲乙", id="bold-that-never-ends"),
        pytest.param("****", "", id="stars-alone"),
        pytest.param("* * *", "* * *", id="a-rule"),
        pytest.param("甲\n\n __\n\n乙", "甲\n\n乙", id="underscores-alone"),
        pytest.param("用`a**b`和`c**d`", "用`a**b`和`c**d`", id="code"),
        pytest.param("```\na**b\n\n# c\n```", "```\na**b\n\n# c\n```", id="a-block-of-code"),
        pytest.param("~~~ 分割线\n\n**甲****乙**", "\\~~~ 分割线\n\n**甲乙**", id="a-fence-that-is-none"),
        pytest.param(f"**{IMAGE}**甲", f"{IMAGE}\n\n甲", id="a-picture-in-bold"),
        pytest.param(f"甲。{IMAGE}乙", f"甲。\n\n{IMAGE}\n\n乙", id="a-picture-behind-a-sentence"),
        pytest.param(f"甲{IMAGE}乙", f"甲{IMAGE}乙", id="a-picture-in-a-sentence"),
        pytest.param(f"{IMAGE}\n{IMAGE}", f"{IMAGE}\n\n{IMAGE}", id="two-pictures"),
        pytest.param("###\n\n甲", "甲", id="a-heading-without-words"),
        pytest.param(f"### {IMAGE}", IMAGE, id="a-heading-of-a-picture"),
        pytest.param("## **题**\n正文", "## **题**\n\n正文", id="a-heading-and-its-text"),
        pytest.param(
            f"###\n{IMAGE}\n\n**第一座吊车：谁来按**\n没有人", f"{IMAGE}\n\n**第一座吊车：谁来按**\n\n没有人",
            id="a-title-swallowed-by-its-text",
        ),
        pytest.param("甲。\n\n**乙：丙丁** 戊", "甲。\n\n**乙：丙丁**戊", id="bold-words-below-text-are-no-title"),
        pytest.param(">\n> 甲\n>\n>\n> 乙\n>", "> 甲\n>\n> 乙", id="empty-lines-of-a-quote"),
        pytest.param("> **甲****乙**", "> **甲乙**", id="bold-in-a-quote"),
        pytest.param("- 甲\n  乙\n- \n- **丙****丁**", "- 甲乙\n- **丙丁**", id="a-list"),
        pytest.param("甲  \n# 乙", "甲\n\n# 乙", id="a-heading-below-a-break"),
    ],
)  # fmt: skip
def test_what_the_conversion_broke_is_put_right(broken, whole):
    assert repair_markdown(broken) == whole
    assert repair_markdown(whole) == whole


FRAGMENTS = st.sampled_from(
    "甲|乙。|丙，|“丁”|AI|Open|**|****|******|*|_|__|`|```|~~~|#|###|>|-|1.| |  |\n|\n\n|  \n|\\|[|]|(|)|!|&|"
    "[](https://a.example)|[戊](https://a.example/x\n&from;=1)|[]()|[己]()|![](https://a.example/y.png)|"
    "[![](https://a.example/y.png)]()|\u00a0\u00a0|\u200b|* * *|---|\t|    |===|**庚：辛壬**|<b>|1、".split("|")
) | st.just("|")  # fmt: skip
DAMAGED = st.lists(FRAGMENTS, max_size=24).map("".join)


@settings(max_examples=1500, deadline=None, database=None)
@given(DAMAGED)
def test_repairing_twice_changes_nothing_more(markdown):
    once = repair_markdown(markdown)
    assert repair_markdown(once) == once


@settings(max_examples=1500, deadline=None, database=None)
@given(DAMAGED)
def test_no_word_is_lost_or_moved(markdown):
    assert han(repair_markdown(markdown)) == han(markdown)


FRAMED = st.lists(
    FRAGMENTS
    | st.sampled_from(["全文完。", "戳蓝字“甲”关注我。", f"推荐阅读：[乙]({OTHER})", "\n- ", "\n> ", "。\n\n"]),
    max_size=16,
).map("".join)


@settings(max_examples=1000, deadline=None, database=None)
@given(FRAMED)
@example("![戊](https://a.example/x\n&from;=1)戳蓝字“甲”关注我。")
def test_boilerplate_goes_in_one_piece_above_and_one_below_and_nothing_is_left_for_a_second_time(markdown):
    repaired = repair_markdown(markdown)
    article = without_boilerplate(repaired)
    assert re.fullmatch(f"(?:戳蓝字甲关注我)*{han(article)}(?:戳蓝字甲关注我|全文完|推荐阅读|乙)*", han(repaired))
    assert without_boilerplate(article) == article


@given(st.text(alphabet="甲乙 a1.)#>-+*_`[]()!<b>&amp;~|=\\\t\u3000", max_size=30))
def test_escaped_text_reads_as_it_was_written(text):
    line = " ".join(text.split())
    assert plain_text(escaped(text)) == ("" if not line.strip("_*") else line)
    assert kind_of(escaped(text)) in {Kind.TEXT, Kind.BLANK}


def test_a_paragraph_that_looks_like_a_list_is_escaped_at_the_number():
    assert (as_text("12. 甲"), as_text("# 甲"), as_text("12、甲")) == ("12\\. 甲", "\\# 甲", "12、甲")


# Boilerplate


@pytest.mark.parametrize(
    ("framed", "article"),
    [
        pytest.param("戳蓝字“观潮” 关注我哦\n\n甲。", "甲。", id="head"),
        pytest.param("戳 **蓝字“观潮”** 关注我哦！甲。", "甲。", id="head-in-the-first-paragraph"),
        pytest.param(f"{IMAGE}\n\n戳蓝字“观潮”关注我。\n\n甲。", f"{IMAGE}\n\n甲。", id="head-below-a-picture"),
        pytest.param("甲。\n\n戳蓝字“观潮”关注我。\n\n乙。", "甲。\n\n戳蓝字“观潮”关注我。\n\n乙。", id="not-inside"),
        pytest.param("戳蓝字“观潮”关注我的人都来了。", "戳蓝字“观潮”关注我的人都来了。", id="not-half-a-sentence"),
        pytest.param("甲。\n\n**全文完，多谢大家阅读，如果喜欢就请三连。**", "甲。", id="tail"),
        pytest.param("甲。 **全文完，感谢阅读。**", "甲。", id="tail-in-the-last-paragraph"),
        pytest.param(f"甲。\n\n全文完。\n\n{IMAGE}", "甲。", id="the-picture-below-goes-too"),
        pytest.param(f"甲。\n\n{IMAGE}\n\n全文完。", f"甲。\n\n{IMAGE}", id="the-picture-above-stays"),
        pytest.param("甲。\n\n全文完。\n\n乙。", "甲。\n\n全文完。\n\n乙。", id="not-above-a-sentence"),
        pytest.param("甲说全文完。", "甲说全文完。", id="not-the-end-of-a-sentence"),
        pytest.param("全文完，可是故事没有完。", "全文完，可是故事没有完。", id="not-another-sentence"),
        pytest.param(f"甲。\n\n**往期阅读：[乙]({OTHER})**\n\n[丙]({OTHER})", "甲。", id="other-articles"),
        pytest.param(f"甲。\n\n[推荐阅读：]({OTHER})[乙]({OTHER})", "甲。", id="other-articles-all-linked"),
        pytest.param(f"甲。\n\n[乙]({OTHER})", f"甲。\n\n[乙]({OTHER})", id="a-link-that-nobody-announces"),
        pytest.param(
            f"推荐阅读：[乙]({OTHER})和别的。", f"推荐阅读：[乙]({OTHER})和别的。", id="links-inside-a-sentence"
        ),
        pytest.param(
            "推荐阅读：[乙](https://a.example)", "推荐阅读：[乙](https://a.example)", id="links-to-somewhere-else"
        ),
        pytest.param("甲。\n\n全文完。\n\n如果转载本文，文末务必注明：“转自微信公众号：观潮”。", "甲。", id="two"),
        pytest.param("- 甲。\n- 乙。全文完。", "- 甲。\n- 乙。", id="in-a-list"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_boilerplate_goes_at_head_and_tail_and_nowhere_else(framed, article):
    assert without_boilerplate(framed) == article


def test_every_phrase_of_the_list_says_why():
    assert all(phrase.why and phrase.words.pattern for phrase in phrases())


# The real mirror


@needs_shared("data", "mirror", "gzh", "backup")
def test_the_pages_of_a_real_mirror_hold_no_debris_and_every_word():
    pages = sorted((SHARED / "data" / "mirror" / "gzh" / "backup").rglob("*.md"))
    faults = {page.stem: fault for page in pages if (fault := debris(page.read_text(encoding="utf-8")))}
    assert (len(pages) > 250, faults) == (True, {})


def debris(text):
    """What is wrong with the page's repaired body, as far as it can be told without reading it."""
    file = take_apart(text)
    repaired, article = repair_markdown(file.body), article_markdown(file)
    wrong = {
        "again": repair_markdown(article) != article,
        "words": words(repaired) != words(file.body),
        "stars": re.search(r"\*{4}", article),
        "links": re.search(r"\]\((?!https?://[^\s()]+\))|(?<!!)\[\s*\]\(|&\w+;", article),
        "lines": re.search(r"(?m)^#+\s*$|[ \t]$|\u00a0|\n\n\n|(?:\A|\n\n)>\s*$", article),
        "marks": [text for text in texts(article) if "**" in text and "***" not in text],
    }
    return [name for name, found in wrong.items() if found]


def texts(markdown):
    tokens = MarkdownIt("commonmark").parse(markdown)
    return [child.content for token in tokens for child in token.children or () if child.type == "text"]


def words(markdown):
    """Letters and digits outside addresses."""
    return "".join(filter(str.isalnum, re.sub(r"\]\([^()]*\)", "", markdown)))


def han(text):
    return re.sub(r"[^\u4e00-\u9fff]", "", text)


def test_a_picture_is_one_whole_address():
    [found] = re.findall(r"\]\((.*)\)", repair_markdown("![](https://mmbiz.qpic.cn/a/640?wx_fmt=png\n&from;=appmsg)"))
    assert urlsplit(found).query == "wx_fmt=png"
