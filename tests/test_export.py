"""An export holds what was asked for, in its documented form, and never more of a text than its source allows."""

import json
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import yaml
from archive_rows import DAY, HOUR, NOON, StoredRows, a_config, a_dating, a_source, a_verdict
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter
from sqlalchemy import update

from crawler.cli import cli
from crawler.config.models import Rights
from crawler.database import Database, sqlite_url
from crawler.items import Origin, Precision
from crawler.tables import article, version
from pipelines.export import tree
from pipelines.export.choose import Wanted, day_of
from pipelines.export.export import LeftOut, Summary, export_hugo, export_jsonl
from pipelines.export.record import ExportedArticle
from pipelines.export.rights import EXCERPT_CHARACTERS, Shown, excerpt, rights_of, within
from pipelines.export.tree import MANIFEST, ForeignFilesError, TreeLockedError, open_tree

SCHEMA = Path(__file__).parents[1] / "config" / "schema" / "export.schema.json"
LONG = "宇树科技今天在杭州展示了新一代人形机器人。" * 30
SEED_KEYS = (
    "title date summary categories lang translations tags menu thumbnail lead comments authorbox pager toc mathjax "
    "sidebar widgets"
).split()
PLAIN = """\
---
title: "硅谷怎么看“新模型”？\\"聊\\" Agent：一"
date: "2025-02-13 23:17:50"
summary: "技术的力量。第二段。..."
categories:
  - "qq"
lang:
  - "zh-CN"
translations:
  - "zh-CN"
tags:
  - "qq"
menu: ""
thumbnail: "https://img.example/640/0"
lead: ""
comments: false
authorbox: false
pager: true
toc: false
mathjax: false
sidebar: "right"
widgets:
  - "search"
  - "recent"
  - "taglist"
---

> 技术的力量。

第二段。

[qq](https://new.qq.example/rain/a/1)
"""


# -- what is asked for ------------------------------------------------------------------------------------------------


@pytest.fixture
def lines(database, config):
    """Exports as JSON lines: the records, and the summary."""

    def run(wanted=None, *, whole=False, config=config):
        written = []
        summary = export_jsonl(database, config, wanted or Wanted(), written.append, whole=whole)
        return [json.loads(line) for line in b"".join(written).decode().split("\n")[:-1]], summary

    return run


def titles(records):
    return [record["title"] for record in records]


def an_archive(rows):
    """Four articles: two of a source, one that another copied from it, one seed without a date."""
    first = rows.an_article(1, "一", verdicts=[a_verdict("space")], path="chenfeng/1.md")
    rows.an_article(2, "二", kept_at=NOON + DAY, published=None, path="chenfeng/2.md")
    rows.an_article(3, "三", source="xinchao", copy_of=first, path="xinchao/3.md")
    rows.an_article(4, "四", source="seed", origin="seed", kept_at=NOON - DAY, published=None, path="seed/4.md")
    rows.an_article(5, "别的", outcome="off_theme", verdicts=[a_verdict(score=0.0)])


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


EAST = timezone(timedelta(hours=8))


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


def test_an_article_whose_text_expired_is_a_line_without_text(rows, lines):
    rows.an_article(1, "一", text="")
    assert lines()[0][0]["text"] == ""


# -- the form of a line -----------------------------------------------------------------------------------------------


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


# -- rights -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("origin", "source", "expected"),
    [
        pytest.param(Origin.CRAWL, "chenfeng", Rights.EXCERPT, id="the default"),
        pytest.param(Origin.CRAWL, "open", Rights.FULL, id="full"),
        pytest.param(Origin.IMPORT, "closed", Rights.HEADLINE, id="an imported article is its source's"),
        pytest.param(Origin.SEED, "closed", Rights.FULL, id="a seed is the operator's own file"),
        pytest.param(Origin.CRAWL, "gone", Rights.EXCERPT, id="a source that config no longer knows"),
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


def test_a_line_shows_what_its_source_allows_and_everything_when_asked(rows, lines, tmp_path):
    rows.an_article(1, text=LONG, images=["https://a.example/1.jpg"])
    closed = a_config(tmp_path, sources=(a_source("chenfeng", rights="headline"),))
    shown = {name: lines(config=config)[0][0] for name, config in (("closed", closed), ("excerpt", a_config(tmp_path)))}
    assert [len(record["text"]) for record in shown.values()] == [0, 189]
    assert [record["images"] for record in shown.values()] == [[], []]
    whole = lines(whole=True)[0][0]
    assert (whole["text"], whole["images"], whole["rights"]) == (LONG, ["https://a.example/1.jpg"], "excerpt")


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


def front_and_body(page):
    front, _, body = page.removeprefix("---\n").partition("\n---\n")
    return yaml.safe_load(front), body


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
@given(articles=ARTICLES)
def test_no_string_of_an_export_holds_more_than_the_excerpt_of_its_text(articles):
    with an_archive_of(articles) as (database, config, folder):
        written = []
        export_jsonl(database, config, Wanted(), written.append)
        export_hugo(database, config, Wanted(), folder)
        pages = [front_and_body((folder / "chenfeng" / f"{number}.md").read_text()) for number in range(len(articles))]
    for line, page, (text, _) in zip(written, pages, articles, strict=True):
        assert runs_longer_than_allowed(strings_of([json.loads(line), page]), text) == []


# -- the Hugo section -------------------------------------------------------------------------------------------------


@pytest.fixture
def site(database, config, tmp_path):
    """Exports into the folder `site`: its files without the manifest, and the summary."""

    def run(wanted=None, *, config=config, **options):
        summary = export_hugo(database, config, wanted or Wanted(), tmp_path / "site", **options)
        return files_below(tmp_path / "site"), summary

    return run


def files_below(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and path.name[0] != ".")


def a_seed(rows):
    return rows.an_article(
        4, "硅谷怎么看“新模型”？\"聊\" Agent：一", source="seed", origin="seed", path="qq/2025/02/13-硅谷-0123.md",
        url="https://new.qq.example/rain/a/1", text="技术的力量。\n第二段。", language="zh-CN",
        published=a_dating(datetime(2025, 2, 13, 23, 17, 50, tzinfo=EAST)).to_json(),
        thumbnail="https://img.example/640/0",
    )  # fmt: skip


def test_a_plain_page_has_the_seventeen_keys_of_the_corpus_and_its_value_forms(rows, site, database, tmp_path):
    number = a_seed(rows)
    with database.write() as connection:
        connection.execute(
            update(version).where(version.c.entry == number).values(markdown="> 技术的力量。\n\n第二段。")
        )
        connection.execute(update(article).values(source="qq"))
    site(plain=True)
    page = (tmp_path / "site" / "qq/2025/02/13-硅谷-0123.md").read_text("utf-8")
    assert page == PLAIN
    assert list(front_and_body(page)[0]) == SEED_KEYS


def test_a_page_lies_where_the_archive_file_lies_and_keeps_our_key(rows, site, tmp_path):
    an_archive(rows)
    files, summary = site()
    assert files == ["chenfeng/1.md", "chenfeng/2.md", "seed/4.md", "xinchao/3.md"]
    assert (summary.articles, summary.changed) == (4, 4)
    assert front_and_body((tmp_path / "site" / "xinchao/3.md").read_text())[0]["presswatch"]["copy_of"].endswith("/1")


@pytest.mark.parametrize(
    ("rights", "summary", "body"),
    [
        pytest.param("excerpt", LONG[:50] + "...", LONG[:189] + "\n\n", id="excerpt"),
        pytest.param("headline", "", "", id="headline"),
        pytest.param("full", LONG[:50] + "...", LONG + "\n\n", id="full"),
    ],
)
def test_a_page_shows_what_its_source_allows(rows, site, tmp_path, rights, summary, body):
    rows.an_article(1, "题", text=LONG, path="chenfeng/1.md", images=["https://a.example/1.jpg"])
    site(config=a_config(tmp_path, sources=(a_source("chenfeng", rights=rights),)))
    front, shown = front_and_body((tmp_path / "site" / "chenfeng/1.md").read_text("utf-8"))
    assert (front["title"], front["summary"]) == ("题", summary)
    assert shown == f"\n{body}[chenfeng](https://chenfeng.example/1)\n"
    assert ("images" in front["presswatch"]) is (rights == "full")


def test_an_expired_and_a_withheld_article_have_no_page(rows, site):
    rows.an_article(1, text="", path="chenfeng/1.md")
    rows.an_article(2, deleted_at=NOON, path="chenfeng/2.md")
    files, summary = site(whole=True)
    assert files == []
    assert summary.left_out == {LeftOut.WITHHELD: 1, LeftOut.EXPIRED: 1}


# -- a second export --------------------------------------------------------------------------------------------------


def test_nothing_new_writes_no_page(rows, site):
    an_archive(rows)
    before = site()
    files, summary = site()
    assert files == before[0]
    assert (summary.articles, summary.changed, summary.removed) == (4, 0, 0)


def test_what_is_no_longer_asked_for_or_allowed_goes_and_what_others_added_stays(rows, site, database, tmp_path):
    an_archive(rows)
    site()
    (tmp_path / "site" / "_index.md").write_text("ours")
    (tmp_path / "site" / "seed" / "note.md").write_text("theirs")
    with database.write() as connection:
        connection.execute(update(article).where(article.c.title == "三").values(deleted_at=NOON))
        connection.execute(update(version).where(version.c.title == "一").values(title="新"))
    files, summary = site(Wanted(sources={"chenfeng", "xinchao"}))
    assert files == ["_index.md", "chenfeng/1.md", "chenfeng/2.md", "seed/note.md"]
    assert (summary.changed, summary.removed) == (1, 2)
    assert not (tmp_path / "site" / "xinchao").exists()


def test_a_page_edited_by_hand_is_made_again_and_the_edit_kept_where_hugo_does_not_look(rows, site, tmp_path, caplog):
    an_archive(rows)
    site()
    for name in ("chenfeng/1.md", "seed/4.md"):
        (tmp_path / "site" / name).write_text("edited")
    files, _ = site(Wanted(origins={Origin.CRAWL}))
    assert files == ["chenfeng/1.md", "chenfeng/2.md", "xinchao/3.md"]
    kept = [path.read_text() for path in (tmp_path / "site").rglob(".*.edited-*")]
    assert kept == ["edited", "edited"]
    assert caplog.text.count("was edited by hand") == 2


def a_file(folder):
    folder.write_text("a file")


def other_files(folder):
    folder.mkdir()
    (folder / "about.md").write_text("mine")


def a_damaged_manifest(folder):
    folder.mkdir()
    (folder / MANIFEST).write_text('{"files": {')


def a_manifest_that_leads_out(folder):
    folder.mkdir()
    (folder / MANIFEST).write_text('{"files": {"../config/presswatch.yaml": ""}}')


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (a_file, "is a file"),
        (other_files, "not empty and no former export"),
        (a_damaged_manifest, "is damaged"),
        (a_manifest_that_leads_out, "is damaged"),
    ],
)
def test_a_folder_that_is_no_export_is_refused_and_left_as_it_is(rows, site, tmp_path, made, told):
    an_archive(rows)
    made(tmp_path / "site")
    before = sorted((tmp_path / "site").rglob("*"))
    with pytest.raises(ForeignFilesError, match=told):
        site()
    assert sorted((tmp_path / "site").rglob("*")) == before


def test_a_strangers_file_where_a_page_would_go_is_refused_before_anything_is_written(rows, site, tmp_path):
    site()
    an_archive(rows)
    (tmp_path / "site" / "seed").mkdir()
    (tmp_path / "site" / "seed" / "4.md").write_text("theirs")
    with pytest.raises(ForeignFilesError, match="was not written by an export"):
        site()
    assert files_below(tmp_path / "site") == ["seed/4.md"]


def test_two_exports_do_not_write_to_one_folder(rows, site, tmp_path):
    with open_tree(tmp_path / "site"), pytest.raises(TreeLockedError, match="another export writes to"):
        site()


def test_an_export_that_died_is_finished_by_the_next(rows, site, tmp_path, monkeypatch):
    an_archive(rows)
    write = tree.write_atomically

    def full_disk(root, relative, text):
        if relative.name == "3.md":
            raise OSError(28, "No space left on device")
        return write(root, relative, text)

    with monkeypatch.context() as patched:
        patched.setattr(tree, "write_atomically", full_disk)
        with pytest.raises(OSError, match="No space left"):
            site()
    (tmp_path / "site" / "chenfeng" / f".{'0' * 16}.tmp").write_text("half")  # as after a kill
    files, summary = site(Wanted(sources={"xinchao"}))
    assert files == ["xinchao/3.md"]
    assert (summary.changed, summary.removed) == (1, 2)
    assert not (tmp_path / "site" / "chenfeng").exists()


# -- the command ------------------------------------------------------------------------------------------------------


@pytest.fixture
def command(tmp_path):
    """Calls `presswatch export` on an archive of four articles."""
    (tmp_path / "config" / "sources").mkdir(parents=True)
    source = "name: chenfeng\nkind: feed\nendpoints: [{url: 'https://chenfeng.example/feed'}]\n"
    (tmp_path / "config" / "sources" / "chenfeng.yaml").write_text(source, "utf-8")
    (tmp_path / "data").mkdir()
    database = Database.open(sqlite_url(tmp_path / "data" / "presswatch.db"))
    an_archive(StoredRows(database))
    database.close()
    places = ["--config", str(tmp_path / "config"), "--data", str(tmp_path / "data")]
    return lambda *arguments: CliRunner().invoke(cli, [*places, "export", *arguments], prog_name="presswatch")


def test_lines_go_to_stdout_and_what_they_came_to_to_stderr(command):
    result = command("--format", "jsonl", "--no-copies")
    assert titles(map(json.loads, result.stdout.splitlines())) == ["一", "二", "四"]
    assert (result.exit_code, result.stderr) == (0, "exported 3 articles\n")


def test_a_file_is_replaced_whole(command, tmp_path):
    place = tmp_path / "made" / "articles.jsonl"
    for source in ("xinchao", "chenfeng"):
        assert command("--format", "jsonl", "--source", source, "--out", str(place)).exit_code == 0
    assert titles(map(json.loads, place.read_text("utf-8").splitlines())) == ["一", "二"]
    assert list(place.parent.iterdir()) == [place]


def test_a_file_that_cannot_be_written_leaves_what_was_there(command, tmp_path, monkeypatch):
    place = tmp_path / "articles.jsonl"
    place.write_text("before")

    def refuse(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", refuse)
    result = command("--format", "jsonl", "--out", str(place))
    assert (result.exit_code, place.read_text()) == (1, "before")
    assert "the export cannot be written: [Errno 28] No space left on device" in result.stderr
    assert not list(tmp_path.glob(".*.tmp"))


def test_a_section_is_written_and_its_summary_is_a_document(command, tmp_path):
    result = command("--format", "hugo", "--out", str(tmp_path / "site"), "--json")
    left_out = {"withheld": 0, "expired": 0}
    assert json.loads(result.stdout) == {"articles": 4, "left_out": left_out, "changed": 4, "removed": 0}
    assert result.stderr == "exported 4 articles (4 files written, 0 removed)\n"


def test_whole_says_that_it_is_for_this_machine(command):
    result = command("--format", "jsonl", "--whole")
    assert (
        result.stderr.splitlines()[-1] == "all texts are whole, whatever their sources allow: keep them on this machine"
    )


def test_nothing_that_matches_is_told_and_no_failure(command):
    result = command("--format", "jsonl", "--since", "2030-01-01")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "nothing in the archive is as asked for: exported no article\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--format", "hugo"], "--format hugo needs a folder: --out DIR"),
        (["--format", "xml"], "'xml' is not one of 'jsonl', 'hugo'"),
        ([], "Missing option '--format'"),
        (["--format", "jsonl", "--plain"], "--plain is about front matter"),
        (["--format", "jsonl", "--json"], "name a file for them with --out"),
        (["--format", "jsonl", "--out", "."], "--out . is a folder"),
        (["--format", "jsonl", "--out", ""], "--out expects a folder, got an empty name"),
        (["--format", "jsonl", "--source", "chenfang"], "no source is named chenfang; nearest known source: chenfeng"),
        (["--format", "jsonl", "--theme", "spice"], "no theme is named spice; nearest known theme: space"),
        (["--format", "jsonl", "--origin", "seeds"], "'seeds' is not one of"),
        (["--format", "jsonl", "--since", "yesterday"], "'yesterday' does not match the format '%Y-%m-%d'"),
        (["--format", "jsonl", "--since", "2025-03-02", "--until", "2025-03-01"], "--until 2025-03-01 lies before"),
        (["--format", "hugo", "--out", "data"], "data is not empty and no former export"),
    ],
)
def test_bad_usage_is_told(command, tmp_path, monkeypatch, arguments, told):
    monkeypatch.chdir(tmp_path)
    result = command(*arguments)
    assert result.exit_code == 2
    assert told in " ".join(result.stderr.split())


def test_a_source_that_only_the_archive_knows_is_known(command):
    result = command("--format", "jsonl", "--source", "xinchao", "--theme", "humanoid")
    assert (result.exit_code, len(result.stdout.splitlines())) == (0, 1)


def test_another_export_to_the_folder_is_exit_code_4(command, tmp_path):
    with open_tree(tmp_path / "site"):
        result = command("--format", "hugo", "--out", str(tmp_path / "site"))
    assert (result.exit_code, result.stdout) == (4, "")
    assert "another export writes to" in result.stderr
