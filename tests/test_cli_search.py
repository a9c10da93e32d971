"""presswatch search: what it prints for a person and for a program, and what it says when it cannot."""

import json
import re
from dataclasses import fields

import pytest
from archive_rows import DAY, NOON, StoredRows, a_config, a_dating
from click.testing import CliRunner
from pydantic import TypeAdapter

from crawler.cli import cli
from crawler.cli.schemas import DOCUMENTS, schema_file, schema_text
from crawler.config.models import Language
from crawler.database import Database, sqlite_url
from crawler.items import Precision
from pipelines.search.answer import TERMINAL, answer_text
from pipelines.search.index import catch_up
from pipelines.search.model import Found, Hit
from pipelines.search.snippet import Snippet
from pipelines.search.words import WORDS

SOURCE = "name: {0}\ntitle: {1}\nkind: feed\nendpoints: [{{url: 'https://{0}.example/feed'}}]\n"
THEMES = "themes:\n- {name: humanoid, title: 人形机器人, words: {plain: [人形机器人]}}\n"
TEXT = "晨风科技今天报道，人形机器人走进了工厂。"


@pytest.fixture
def database(tmp_path):
    sources = tmp_path / "config" / "sources"
    sources.mkdir(parents=True)
    for name, title in (("chenfeng", "晨风科技"), ("xinchao", "新潮观察")):
        (sources / f"{name}.yaml").write_text(SOURCE.format(name, title), "utf-8")
    (tmp_path / "config" / "themes.yaml").write_text(THEMES, "utf-8")
    (tmp_path / "data").mkdir()
    opened = Database.open(sqlite_url(tmp_path / "data" / "presswatch.db"))
    yield opened
    opened.close()


@pytest.fixture
def rows(database):
    return StoredRows(database)


@pytest.fixture
def call(database, tmp_path):
    """Indexes what is stored, unless told otherwise, and runs presswatch search."""
    places = ["--config", str(tmp_path / "config"), "--data", str(tmp_path / "data")]

    def called(*arguments, indexed=True):
        if indexed:
            catch_up(database)
        return CliRunner().invoke(cli, [*places, "search", *arguments], prog_name="presswatch")

    return called


def test_a_person_is_shown_title_place_passage_and_address(rows, call):
    original = rows.an_article(1, "人形机器人进厂", text=TEXT, account="晨风", path="chenfeng/2025/03/03-a.md")
    rows.an_article(2, "转载的进厂", source="xinchao", text=TEXT, copy_of=original)
    rows.an_article(
        3, "工厂里的机器人", source="gone", text="机器人" * 9, published=None, outcome="off_theme", verdicts=()
    )
    result = call("机器人", "--off-theme")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == (
        "共 2 篇\n\n"
        "1. 工厂里的**机器人**\n"
        "   gone · 2025-03-03 12:00 入库 · 不在任何主题内 · 编号 3\n"
        f"   {'**机器人**' * 9}\n"
        "   https://gone.example/3\n\n"
        "2. 人形**机器人**进厂\n"
        "   晨风科技 · 晨风 · 2025-03-03 10:00 · 人形机器人 · 另有转载 1 篇 · 编号 1\n"
        "   晨风科技今天报道，人形**机器人**走进了工厂。\n"
        "   https://chenfeng.example/1\n"
        "   archive/chenfeng/2025/03/03-a.md\n"
    )


def test_who_speaks_english_is_told_in_english(rows, call, monkeypatch):
    monkeypatch.setenv("PRESSWATCH_LANG", "en")
    rows.an_article(1, "人形机器人进厂", text=TEXT, published=None, origin="seed")
    rows.an_article(2, text=TEXT, copy_of=1)
    lines = call("机器人").stdout.splitlines()
    assert (lines[0], lines[3]) == (
        "found: 1",
        "   晨风科技 · a seed · stored 2025-03-03 12:00 · 人形机器人 · further copies: 1 · entry 1",
    )
    assert call("没有的词").stdout == "nothing found: 没有的词\n"


def test_both_languages_have_the_same_words_with_the_same_blanks():
    blanks = {
        language: {key: sorted(re.findall(r"{(\w+)", text)) for key, text in words.items()}
        for language, words in WORDS.items()
    }
    assert set(WORDS) == set(Language)
    assert blanks[Language.EN] == blanks[Language.ZH_CN]


def test_what_is_not_all_shown_is_counted(rows, call):
    for number in range(3):
        rows.an_article(number)
    assert call("机器人", "--limit", "2").stdout.startswith("共 3 篇，以下是前 2 篇\n")


def test_nothing_found_is_told_and_is_no_failure(rows, call):
    rows.an_article(1)
    result = call("没有的词", "另一个")
    assert (result.exit_code, result.output) == (0, "没有找到：没有的词 另一个\n")


def test_a_program_gets_one_document_as_the_schema_has_it(rows, call):
    rows.an_article(1, "人形机器人进厂", text=TEXT, published=a_dating(precision=Precision.DAY).to_json())
    result = call("--json", "工厂", "晨风")
    document = json.loads(result.stdout)
    [hit] = document["hits"]
    assert (document["query"], document["total"], hit["published"]) == ("工厂 晨风", 1, "2025-03-03")
    assert set(hit) == {item.name for item in fields(Hit)}
    assert TypeAdapter(Found).validate_python(document).hits[0].kept_at == NOON
    passage = hit["snippet"]
    assert [passage["text"][start:end] for start, end in passage["hits"]] == ["晨风", "工厂"]


@pytest.mark.parametrize(
    ("arguments", "entries"),
    [
        pytest.param([], [1, 2, 3], id="none"),
        pytest.param(["--source", "xinchao"], [2], id="source"),
        pytest.param(["--source", "xinchao", "--source", "former"], [2, 3], id="two sources, one of them former"),
        pytest.param(["--theme", "humanoid"], [1, 2, 3], id="theme"),
        pytest.param(["--origin", "seed"], [3], id="origin"),
        pytest.param(["--since", "2025-03-03"], [1], id="since"),
        pytest.param(["--until", "2025-03-02"], [2, 3], id="until"),
        pytest.param(["--copies"], [1, 2, 3, 4], id="copies"),
        pytest.param(["--off-theme"], [1, 2, 3, 5], id="off theme"),
    ],
)
def test_options_choose(rows, call, arguments, entries):
    yesterday = a_dating(NOON - DAY).to_json()
    rows.an_article(1)
    rows.an_article(2, source="xinchao", published=yesterday)
    rows.an_article(3, source="former", published=yesterday, origin="seed")
    rows.an_article(4, copy_of=1)
    rows.an_article(5, outcome="off_theme", verdicts=())
    document = json.loads(call("机器人", "--json", *arguments).stdout)
    assert sorted(hit["entry"] for hit in document["hits"]) == entries


def test_the_newest_comes_first_when_that_is_asked_for(rows, call):
    rows.an_article(1, "机器人", text="机器人")
    rows.an_article(2, "别的", kept_at=NOON + DAY, text="机器人" + "别的" * 90)
    orders = [json.loads(call("机器人", "--json", *more).stdout) for more in ([], ["--sort", "date"])]
    assert [[hit["entry"] for hit in document["hits"]] for document in orders] == [[1, 2], [2, 1]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["人", "--source", "chenfing"], "chenfing; did you mean chenfeng?", id="source"),
        pytest.param(["人", "--source", "formr"], "did you mean former?", id="source that is only stored"),
        pytest.param(["人", "--source", "zz"], "there are: chenfeng, xinchao, former", id="source like none"),
        pytest.param(["人", "--theme", "humanoit"], "no theme is named humanoit; did you mean humanoid?", id="theme"),
        pytest.param(["人", "--since", "gestern"], "--since expects a day such as 2025-03-01, got gestern", id="day"),
        pytest.param(["人", "--until", "9999-12-31"], "--until expects a day", id="a day nothing is reckoned with"),
        pytest.param(
            ["人", "--since", "2025-03-02", "--until", "2025-03-01"], "no day is between them", id="days the wrong way"
        ),
        pytest.param(["人", "--origin", "crwl"], "'crawl', 'seed', 'import'", id="origin"),
        pytest.param(["人", "--limit", "0"], "1<=x<=1000", id="limit"),
        pytest.param(["？！"], "no word to look for in '？！'", id="punctuation alone"),
        pytest.param(["--", "-足球"], "only excludes", id="exclusions alone"),
        pytest.param([], "Missing argument", id="nothing"),
    ],
)
def test_what_cannot_be_searched_for_is_bad_usage(rows, call, arguments, message):
    rows.an_article(1, source="former")
    result = call(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""


def test_a_data_folder_without_a_database_is_told(tmp_path):
    result = CliRunner().invoke(cli, ["--data", str(tmp_path), "search", "机器人"], prog_name="presswatch")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "holds no presswatch.db" in result.stderr


# -- the index --------------------------------------------------------------------------------------------------------


def test_what_an_upgrade_left_out_of_the_index_is_indexed_first(rows, call):
    rows.an_article(1)
    result = call("机器人", indexed=False)
    assert result.stdout.startswith("共 1 篇\n")
    assert result.stderr == "1 articles are not in the search index yet; indexing them, once\n"
    assert call("机器人", indexed=False).stderr == ""


def test_where_the_index_cannot_be_written_what_is_in_it_is_searched(rows, call, database):
    rows.an_article(1)
    catch_up(database)
    rows.an_article(2)
    with database.write():  # as a crawl does that stores something large
        result = call("机器人", indexed=False)
    assert (result.exit_code, result.stdout[:5]) == (0, "共 1 篇")
    assert "they cannot be indexed now and are not searched: " in result.stderr
    assert "another process" in result.stderr


# -- what others build on ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", list(DOCUMENTS))
def test_the_schema_file_is_what_is_printed_now(command):
    kept = schema_file(command).read_text("utf-8")
    assert kept == schema_text(command), "write it anew: python -m crawler.cli.schemas"


def test_on_a_terminal_hits_are_bold(tmp_path):
    hit = Hit(
        entry=1, key="k", title="机器人", url="https://a.example/1\x1b[0m", source="chenfeng", account="",
        origin="crawl", published=None, kept_at=NOON, themes=(), outcome="kept", score=1.0,
        snippet=Snippet(text="见机器人", hits=((1, 4),)), copies=0, path="",
    )  # fmt: skip
    shown = answer_text(Found(query="机器人", total=1, hits=(hit,)), a_config(tmp_path), TERMINAL, Language.EN)
    assert "\n1. \x1b[1;31m机器人\x1b[0m\n" in shown
    assert "\n   见\x1b[1;31m机器人\x1b[0m\n   https://a.example/1[0m" in shown
