"""An export holds what was asked for, in its documented form."""

import json
import sys
import tracemalloc
from datetime import UTC, date, datetime, timedelta, timezone
from functools import partial
from pathlib import Path

import pytest
from archive_rows import HOUR, NOON, Rows, a_dating
from exports import EAST, an_archive, exported_lines, titles
from pydantic import TypeAdapter
from sqlalchemy import update

from crawler.items import Origin, Precision
from crawler.tables import article
from pipelines.export.choose import Wanted, day_of
from pipelines.export.export import LeftOut, Summary, export_jsonl
from pipelines.export.record import ExportedArticle

SCHEMA = Path(__file__).parents[1] / "config" / "schema" / "export.schema.json"


@pytest.fixture
def lines(database, config):
    """Exports as JSON lines: the records, and the summary."""
    return partial(exported_lines, database, config)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        pytest.param({}, "一二三四", id="everything, in the order it came in, and nothing off theme"),
        pytest.param({"sources": {"xinchao", "seed"}}, "三四", id="sources"),
        pytest.param({"themes": {"space"}}, "一", id="a theme"),
        pytest.param({"origins": {Origin.SEED}}, "四", id="an origin"),
        pytest.param({"copies": False}, "一二四", id="no copies"),
        pytest.param({"since": date(2025, 3, 3), "until": date(2025, 3, 3)}, "一三", id="a day, both ends included"),
        pytest.param({"since": date(2025, 3, 4)}, "二", id="an undated one by when it was kept"),
        pytest.param({"until": date(2025, 3, 2)}, "四", id="until"),
        pytest.param({"sources": {"chenfeng"}, "themes": {"humanoid"}}, "二", id="both must hold"),
    ],
)
def test_the_filters_take_what_they_name(rows, lines, wanted, expected):
    an_archive(rows)
    records, summary = lines(Wanted(**wanted))
    assert "".join(titles(records)) == expected
    assert summary == Summary(articles=len(expected), left_out={LeftOut.WITHHELD: 0, LeftOut.EXPIRED: 0})


@pytest.mark.parametrize(
    ("published", "day"),
    [
        pytest.param(None, date(2025, 3, 4), id="unknown: the day it was kept, in the installation's zone"),
        pytest.param(a_dating(datetime(2025, 3, 1, 20, tzinfo=UTC)), date(2025, 3, 2), id="in the installation's zone"),
        pytest.param(
            a_dating(datetime(2025, 3, 1, tzinfo=timezone(timedelta(hours=14))), Precision.DAY),
            date(2025, 3, 1),
            id="a bare day stays that day",
        ),
    ],
)
def test_the_day_an_article_is_from(published, day):
    assert day_of(published, datetime(2025, 3, 3, 20, tzinfo=UTC), EAST) == day


def test_a_copy_names_the_original_it_was_folded_under(rows, lines):
    an_archive(rows)
    records, _ = lines(Wanted(sources={"xinchao"}))
    assert (records[0]["outcome"], records[0]["copy_of"]) == ("copy", "url:chenfeng.example/1")


def test_a_withheld_article_is_left_out_and_counted(rows, lines, database):
    an_archive(rows)
    with database.write() as connection:
        connection.execute(update(article).where(article.c.title == "一").values(deleted_at=NOON))
    records, summary = lines(whole=True)
    assert titles(records) == ["二", "三", "四"]
    assert summary.left_out[LeftOut.WITHHELD] == 1


def test_the_archive_is_read_piece_by_piece(database, config):
    text = "字" * 20_000
    with database.write() as connection:
        rows = Rows(connection)
        for number in range(500):
            rows.an_article(number, text=text)
    tracemalloc.start()
    summary = export_jsonl(database, config, Wanted(), lambda line: None, whole=True)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert summary.articles == 500
    assert peak < 500 * sys.getsizeof(text) / 2  # text and Markdown of all would be twice the product


def test_an_article_whose_text_expired_is_a_line_without_text(rows, lines):
    rows.an_article(1, "一", text="")
    assert lines()[0][0]["text"] == ""


# -- the form of a line ------------------------------------------------------------------------------------------------


def test_a_line_says_all_that_is_documented(rows, lines):
    number = rows.an_article(
        1, "旧题", account="九边", original_url="https://first.example/1", images=["https://a.example/1.jpg"],
        origin="seed", language="zh-TW",
    )  # fmt: skip
    rows.a_version(number, number=2, text="新的正文。", title="新题", seen=NOON + HOUR)
    assert lines()[0] == [
        {
            "key": "url:chenfeng.example/1",
            "url": "https://chenfeng.example/1",
            "original_url": "https://first.example/1",
            "title": "新题",
            "source": "chenfeng",
            "account": "九边",
            "origin": "seed",
            "outcome": "kept",
            "copy_of": "",
            "authors": ["林一舟"],
            "published": "2025-03-03T02:00:00+00:00",
            "published_evidence": {"precision": "second", "where": "feed", "text": "2025-03-03 12:00", "zone": ""},
            "kept_at": "2025-03-03T04:00:00+00:00",
            "language": "zh-TW",
            "themes": ["humanoid"],
            "version": 2,
            "updated_at": "2025-03-03T05:00:00+00:00",
            "rights": "full",
            "text": "新的正文。",
            "markdown": "新的正文。",
            "images": ["https://a.example/1.jpg"],
        }
    ]


def test_what_is_unknown_is_null_and_a_language_the_sources(rows, lines):
    rows.an_article(1, published=None)
    record = lines()[0][0]
    assert [record[name] for name in ("published", "published_evidence", "updated_at")] == [None] * 3
    assert record["language"] == "zh-CN"


def test_the_schema_is_that_of_the_record():
    """When this fails, and the change is meant, write what `schema` gives into the file: it is what others build on."""
    schema = TypeAdapter(ExportedArticle).json_schema(mode="serialization")
    document = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
    assert SCHEMA.read_text("utf-8") == json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def test_a_line_is_read_back_as_the_record_the_schema_describes(rows, lines):
    an_archive(rows)
    for record in lines()[0]:
        assert TypeAdapter(ExportedArticle).validate_json(json.dumps(record), strict=True).key == record["key"]
