"""What leaves the operator's machine never shows more of a text than its source allows."""

import json
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from archive_rows import StoredRows, a_config, a_source
from exports import LONG, exported_lines, front_and_body
from hypothesis import example, given, settings
from hypothesis import strategies as st

from crawler.config.models import Rights
from crawler.database import Database
from crawler.items import Origin
from pipelines.export.choose import Wanted
from pipelines.export.export import export_hugo, export_jsonl
from pipelines.export.rights import EXCERPT_CHARACTERS, Shown, excerpt, rights_of, within


@pytest.mark.parametrize(
    ("origin", "source", "expected"),
    [
        pytest.param(Origin.CRAWL, "chenfeng", Rights.EXCERPT, id="the default"),
        pytest.param(Origin.CRAWL, "open", Rights.FULL, id="full"),
        pytest.param(Origin.IMPORT, "closed", Rights.HEADLINE, id="an imported article is its source's"),
        pytest.param(Origin.SEED, "closed", Rights.FULL, id="a seed is the operator's own file"),
        pytest.param(Origin.CRAWL, "gone", Rights.HEADLINE, id="a source that config no longer knows"),
    ],
)
def test_whose_rights_hold(tmp_path, origin, source, expected):
    sources = (a_source("chenfeng"), a_source("open", rights="full"), a_source("closed", rights="headline"))
    assert rights_of(a_config(tmp_path, sources=sources), source, origin) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("短句一句。", "短句一句。", id="all of a short text"),
        pytest.param(
            "甲" * 98 + "。\n" + "乙" * 98 + "。\n丙。", "甲" * 98 + "。" + "乙" * 98 + "。丙。", id="200 exactly"
        ),
        pytest.param("甲" * 98 + "。\n" + "乙" * 101 + "。", "甲" * 98 + "。", id="whole sentences alone"),
        pytest.param("甲" * 300 + "。", "甲" * 199 + "…", id="a sentence too long is cut, and says so"),
        pytest.param("没有句号", "没有句号", id="no sentence at all"),
        pytest.param("题目\n正文的第一句在这里。", "正文的第一句在这里。", id="not the title again"),
        pytest.param("", "", id="no text"),
    ],
)
def test_an_excerpt_is_whole_sentences_where_they_fit(text, expected):
    assert excerpt(text, title="题目") == expected


WHOLE = Shown(title="题", text=LONG, markdown=f"# 题\n\n{LONG}", images=("https://a.example/1.jpg",), thumbnail="t")


@pytest.mark.parametrize(
    ("rights", "expected"),
    [
        pytest.param(Rights.FULL, WHOLE, id="full"),
        pytest.param(Rights.EXCERPT, Shown(title="题", text=LONG[:189], markdown=LONG[:189]), id="excerpt"),
        pytest.param(Rights.HEADLINE, Shown(title="题", text="", markdown=""), id="headline"),
    ],
)
def test_what_each_right_shows(rights, expected):
    assert within(rights, WHOLE) == expected


def test_an_excerpt_stays_text_in_markdown():
    shown = within(Rights.EXCERPT, Shown(title="题", text="用 <b> 和 *星号* 写成的一句。", markdown=""))
    assert shown.markdown == r"用 \<b\> 和 \*星号\* 写成的一句。"


def test_a_line_shows_what_its_source_allows_and_everything_when_asked(rows, database, config, tmp_path):
    images = ["https://a.example/1.jpg"]
    rows.an_article(1, text=LONG, images=images)
    closed = a_config(tmp_path, sources=(a_source("chenfeng", rights="headline"),))
    shown = [exported_lines(database, config)[0][0] for config in (closed, config)]
    assert [(len(record["text"]), record["images"], record["rights"]) for record in shown] == [
        (0, [], "headline"),
        (189, [], "excerpt"),
    ]
    whole = exported_lines(database, config, whole=True)[0][0]
    assert (whole["text"], whole["images"], whole["rights"]) == (LONG, images, "excerpt")


LETTERS = st.sampled_from("甲乙丙丁ab1 。！？.…“”\n*<>{}%🚀")
TEXTS = st.text(LETTERS, min_size=EXCERPT_CHARACTERS - 50, max_size=EXCERPT_CHARACTERS * 4)
ARTICLES = st.lists(st.tuples(TEXTS, st.booleans()), min_size=1, max_size=6)


@contextmanager
def an_archive_of(articles):
    """Crawled articles of a source that allows excerpts; of some the title is all of the text."""
    with TemporaryDirectory() as folder:
        database = Database.open(f"sqlite:///{folder}/presswatch.db")
        rows = StoredRows(database)
        for number, (text, is_title) in enumerate(articles):
            rows.an_article(number, text if is_title else "题", text=text, path=f"chenfeng/{number}.md", images=[text])
        yield database, a_config(Path(folder)), Path(folder) / "site"
        database.close()


def strings_of(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.items():
            yield from strings_of(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from strings_of(item)


def runs_longer_than_allowed(strings, text):
    """Pieces of `strings`, one character longer than an excerpt may be, that stand in `text`."""
    size = EXCERPT_CHARACTERS + 1
    return [
        string[start : start + size]
        for string in strings
        for start in range(len(string) - size + 1)
        if string[start : start + size] in text
    ]


@settings(max_examples=20, deadline=None)
@example(articles=[("甲" * 98 + "。" + "乙" * 105 + "。", False), ("丙" * 300, True)])
@given(articles=ARTICLES)
def test_no_string_of_an_export_holds_more_than_the_excerpt_of_its_text(articles):
    with an_archive_of(articles) as (database, config, folder):
        written = []
        export_jsonl(database, config, Wanted(), written.append)
        export_hugo(database, config, Wanted(), folder)
        pages = [front_and_body((folder / "chenfeng" / f"{number}.md").read_text()) for number in range(len(articles))]
    for line, page, (text, _) in zip(written, pages, articles, strict=True):
        assert runs_longer_than_allowed(strings_of([json.loads(line), page]), text) == []
