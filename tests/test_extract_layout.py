"""Pages laid out in tables."""

import pytest
from pages import FEED, page

from crawler.markup import parse
from pipelines.extract import generic
from pipelines.extract.extract import extract
from pipelines.extract.layout import without_layout

PARAGRAPHS = tuple(
    f"第{number}座水闸昨天修好，机器人用了四个小时，比去年快了一半，镇上的人都到岸边来看，孩子们给它起了名字。"
    for number in "一二三四五六"
)
LINKS = "".join(f"<tr><td>·</td><td><a href=/{number}>无关旧闻第{number}条</a></td></tr>" for number in range(8))
DATA = "<table><tr><th>水闸</th><th>小时</th></tr><tr><td>东闸</td><td>4</td></tr></table>"


def portal(body, title="机器人修好水闸"):
    return (
        f"<html><head><title>{title}_河湾新闻</title></head><body>"
        "<table width=980><tr><td><a href=/>首页</a>|<a href=/t>科技</a></td></tr></table>"
        f"<table width=980><tr><td width=680><table><tr><td align=center><h1>{title}</h1></td></tr>"
        "<tr><td align=center>2026-3-2 9:05:00 来源：河湾新闻</td></tr>"
        f"<tr><td class=content>{body}</td></tr></table></td>"
        f"<td width=300><table>{LINKS}</table></td></tr></table>"
        "<table><tr><td>版权所有 河湾新闻 ICP备123号</td></tr></table></body></html>"
    )


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("".join(f"<p>　　{one}</p>" for one in PARAGRAPHS), id="paragraphs"),
        pytest.param("<br><br>".join(f"　　{one}" for one in PARAGRAPHS), id="broken-lines"),
        pytest.param("<font size=3>" + "<br><br>".join(PARAGRAPHS) + "</font>", id="in-a-font"),
        pytest.param(
            "".join(f"<p>{one}</p>" for one in PARAGRAPHS[:2])
            + "".join(PARAGRAPHS[2:5])
            + "".join(f"<p>{one}</p>" for one in PARAGRAPHS[5:]),
            id="words-beside-paragraphs",
        ),
    ],
)
@pytest.mark.parametrize("count", [1, 3], ids=["long", "longer"])
def test_a_page_laid_out_in_tables_is_its_body_and_nothing_around_it(body, count):
    text = extract(page(portal(body * count)), FEED).text
    assert "".join(text.split()) == "".join(PARAGRAPHS) * count
    assert text.count("\n") >= 3 * count


def test_a_table_of_values_stays_a_table():
    body = "".join(f"<p>{one}</p>" for one in PARAGRAPHS) + DATA
    assert "| 东闸 | 4 |" in extract(page(portal(body)), FEED).markdown


def test_a_page_without_tables_for_layout_is_left_alone():
    assert without_layout(parse(f"<html><body><p>{PARAGRAPHS[0]}</p>{DATA}</body></html>")) is None


def test_what_is_found_in_no_division_is_looked_for_in_the_tables(monkeypatch):
    tree = parse(portal(PARAGRAPHS[0]))
    monkeypatch.setattr(generic, "main_text", lambda page, **_: "正文" if page is tree else None)
    assert generic.main_markdown(tree, "https://a.example/") == "正文"
