"""The sentences of a lead are whole, and no text from outside makes markup."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from pipelines.markdown import clean, escaped, link
from pipelines.sentences import lead_of

TITLE = "题目就是这么写的吗？"
CHIP = "今天发布了新的芯片。"
FAIR = "明天还会有发布会。"
QUOTED = "他说：“今天发布。明天休息。”"
ENGLISH = "Mr. Lin of Acme Inc. sold 3.5 million. It rose."


@pytest.mark.parametrize(
    ("text", "lead"),
    [
        pytest.param(f"{CHIP}{FAIR}后天就没有了吧。", CHIP + FAIR, id="two"),
        pytest.param(f"作者 | 林一舟\n图源：晨风\n{CHIP}", CHIP, id="bylines are no sentences"),
        pytest.param(f"{TITLE}\n{CHIP}", CHIP, id="the title repeated"),
        pytest.param(f"{QUOTED}{FAIR}{CHIP}", QUOTED + FAIR, id="a quotation is not cut"),
        pytest.param("他问：“这可行吗？！”会场静下来了……", "他问：“这可行吗？！”会场静下来了……", id="several marks"),
        pytest.param(f"短句。{CHIP}", CHIP, id="too short to tell anything"),
        pytest.param(f"{CHIP}假的！{FAIR}", f"{CHIP}假的！", id="a short one after the first is not skipped"),
        pytest.param(f"{CHIP}\n假的！\n{FAIR}", f"{CHIP}假的！", id="nor in a paragraph of its own"),
        pytest.param("没有句号的一段话", "", id="no sentence"),
        pytest.param("", "", id="no text"),
        pytest.param("长" * 150 + "。" + "长" * 60 + "。", "长" * 150 + "。", id="one where two are too long"),
        pytest.param("长" * 201 + "。", "", id="none where one is too long"),
        pytest.param(f"{ENGLISH} Then it fell.", ENGLISH, id="English"),
        pytest.param("左括号（没有合上。所以没有句子。", "", id="a bracket that is never closed"),
    ],
)
def test_a_lead_is_whole_sentences(text, lead):
    assert lead_of(text, title=TITLE) == lead


@given(text=st.text(alphabet="芯片发布会。！？“”（）\n.a 1…", max_size=400))
def test_a_lead_is_taken_from_the_text_and_never_too_long(text):
    lead = lead_of(text)
    assert len(lead) <= 200
    assert lead == "" or lead.rstrip("”）")[-1] in "。！？.…"
    assert set(lead) <= set(text) | {" "}


SENTENCES = st.permutations(
    [CHIP, FAIR, "假的！", "好。", "It rose again.", " So it did.", "“是吗？”", "\n", "\n", '"']
)


@given(pieces=SENTENCES)
def test_a_lead_leaves_nothing_out_within_a_paragraph(pieces):
    paragraphs = ["", *"".join(pieces).splitlines()]
    lead = lead_of("\n".join(paragraphs))
    halves = [(lead[:place].strip(), lead[place:].strip()) for place in range(len(lead) + 1)]
    two_paragraphs = list(combinations(paragraphs, 2))
    assert any(first in one and second in other for first, second in halves for one, other in two_paragraphs)


HOSTILE = st.text(alphabet="ab文[](){}<>*_`~#|!&\\/:.-+=@1\n\t \u202e\x00\"'", max_size=40)


@given(text=HOSTILE)
def test_a_text_is_shown_as_it_is_and_makes_no_markup(text):
    shown = MarkdownIt("gfm-like", {"linkify": False}).parse(f"- {escaped(text)}")
    inline = next((token for token in shown if token.type == "inline"), None)
    kinds = {child.type for child in inline.children} if inline else set()
    assert kinds <= {"text", "text_special"}
    assert "".join(child.content for child in inline.children) == clean(text) if inline else clean(text) == ""


def test_what_readers_programs_turn_into_links_is_left_as_text():
    assert (
        escaped("见 https://a.example 或 www.b.example 或 c@d") == "见 https\\://a.example 或 www\\.b.example 或 c\\@d"
    )


@given(title=HOSTILE, path=st.text(alphabet="ab()<>[]\\`*_ \n|文", max_size=20))
def test_a_link_is_one_link_whatever_title_and_address_hold(title, path):
    url = f"https://a.example/{path}"
    (inline,) = (token for token in MarkdownIt("commonmark").parse(link(title, url)) if token.type == "inline")
    assert [child.type for child in inline.children].count("link_open") == 1
    assert inline.children[0].type == "link_open"
    assert inline.children[-1].type == "link_close"
    assert "".join(child.content for child in inline.children) == (clean(title) or "（无标题）")


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", ""])
def test_what_is_no_web_address_is_no_link(url):
    assert link("题目", url) == "题目"


def test_an_address_keeps_its_underscores_and_brackets():
    """Not every server takes %5F for _, and mp.weixin names its parameters with it."""
    url = "http://mp.weixin.qq.com/s?__biz=MzA=&mid=1&idx=1&sn=a_b*c[1]"
    assert link("题", url) == f"[题]({url})"
