"""What is forgotten is gone from every byte of the data folder; its group and the books stay whole."""

import json
from threading import Thread

import pytest
from archive_rows import DAY, HOUR, NOON
from forgetting import BODY, NEEDLES, TITLE, URL, a_seed, all_is_well, close, forget, keep, named_in
from house import House
from sqlalchemy import insert

from crawler.books import open_run
from crawler.endpoints import Endpoints
from crawler.items import Dating, Entry, Poll, Precision
from crawler.lock import digests_lock
from crawler.tables import endpoint
from pipelines.copies.fingerprint import text_hash
from pipelines.digest.books import books_between
from pipelines.digest.render import render_markdown
from pipelines.forget import Forgetting
from pipelines.search.index import catch_up, forget_deleted_words


@pytest.fixture
def house(tmp_path):
    made = House(tmp_path)
    made.keep(1)
    yield made
    made.database.close()


# -- what goes --------------------------------------------------------------------------------------------------------


def test_no_byte_of_the_data_folder_names_it_any_more(house):
    number = keep(house)
    house.change("SELECT 1")  # out of the index, as whoever changes a text does
    house.rows.a_version(number, number=2, title=TITLE + "（更新）", text=BODY)
    house.change("UPDATE version SET text_hash = :hash WHERE number = 2", hash=text_hash(BODY, TITLE))
    house.archive.write_file(number)
    house.change("UPDATE book SET error = 'https://chenfeng.example/7: timed out'")
    edited = house.path_of(number)
    edited.with_name(f"{edited.name}.edited-0badcafe").write_text(BODY, "utf-8")
    (edited.parent / ".0123.tmp").write_text(BODY, "utf-8")
    house.issue()
    assert {name for name, _ in named_in(house)} == set(NEEDLES)
    result = forget(house)
    assert result.exit_code == 0, result.stderr
    assert named_in(house) == set()
    assert all_is_well(house)
    assert result.stdout == (
        "forgotten: entry 2 of chenfeng, with 2 versions, 2 files, 0 captures, 1 digests made again\n"
        "backups made before now still hold it, and captured pages of other articles may link to it\n"
    )


@pytest.mark.parametrize("table", ["entry", "article", "version", "sighting"])
def test_every_row_of_it_goes_and_none_of_another(house, table):
    before = house.query(f"SELECT count(*) FROM {table}")
    keep(house)
    forget(house)
    assert house.query(f"SELECT count(*) FROM {table}") == before
    assert house.query("SELECT title FROM article") == [("第1台样机亮相",)]


def test_an_error_of_its_page_is_told_without_its_address(house):
    keep(house)
    house.change(
        "UPDATE book SET error = 'https://chenfeng.example/7: timed out\nhttps://chenfeng.example/70: timed out'"
    )
    forget(house)
    assert house.query("SELECT DISTINCT error FROM book") == [
        ("(forgotten): timed out\nhttps://chenfeng.example/70: timed out",)
    ]


def test_issued_digests_are_made_again_without_it(house):
    keep(house)
    house.issue()
    folder = house.data / "digests" / "daily"
    other = folder / "2025-03-02.md"
    other.write_text("an older one, of which only the file is left", "utf-8")
    forget(house)
    for name in ("2025-03-03.md", "latest.md"):
        assert "第1台样机亮相" in (folder / name).read_text("utf-8")
    assert other.read_text("utf-8") == "an older one, of which only the file is left"
    assert house.call("digest", "--date", "2025-03-03").stdout == (folder / "latest.md").read_text("utf-8")


def test_titles_and_addresses_are_found_as_the_digest_spells_them(house):
    house.keep(8, "a_b *c* [d]", url="https://chenfeng.example/x(1)")
    house.issue()
    assert "1 files, 0 captures, 1 digests" in forget(house, "https://chenfeng.example/x(1)").stdout
    assert "x%281%29" not in (house.data / "digests" / "daily" / "latest.md").read_text("utf-8")


def test_a_digest_that_no_subscription_makes_is_removed_and_a_persons_file_is_not(house):
    keep(house)
    house.rows.a_digest(cut_to=NOON, subscription="weekly")
    for name in ("weekly/2025-03-03.md", "weekly/latest.md", "daily/notes.md"):
        (house.data / "digests" / name).parent.mkdir(parents=True, exist_ok=True)
        (house.data / "digests" / name).write_text(f"* {TITLE}", "utf-8")
    result = forget(house)
    assert "digests/weekly/2025-03-03.md is removed: no subscription makes it again" in result.stdout
    assert "digests/daily/notes.md names it and is none of our digests: see to it yourself" in result.stdout
    assert [path.name for path in (house.data / "digests").rglob("*.md")] == ["notes.md"]


@pytest.mark.parametrize(
    ("line", "names_it"),
    [
        pytest.param(f"- **[{TITLE}](https://x.example/)** · 晨风", True, id="its title, linked"),
        pytest.param(f"- **{TITLE}** · 晨风", True, id="bold"),
        pytest.param(f"- {TITLE}：又有 1 处转载", True, id="alone"),
        pytest.param(f"- [另一篇]({URL})", True, id="its address"),
        pytest.param("- 晨风：https\\://chenfeng.example/7: timed out", True, id="its address in an error"),
        pytest.param(f"见 {URL}。", True, id="its address in a sentence"),
        pytest.param(f"- **[{TITLE}之二](https://x.example/)**", False, id="the beginning of a longer title"),
        pytest.param(f"- **[再谈{TITLE}](https://x.example/)**", False, id="the end of a longer title"),
        pytest.param(f"  {TITLE}，是一篇旧文。", False, id="a part of a text"),
        pytest.param(f"- [另一篇]({URL}0)", False, id="the beginning of a longer address"),
        pytest.param(f"- [另一篇]({URL}.html)", False, id="an address that goes on"),
    ],
)
def test_a_digest_of_a_former_subscription_goes_only_when_it_names_it(house, line, names_it):
    keep(house)
    house.rows.a_digest(cut_to=NOON, subscription="weekly")
    path = house.data / "digests" / "weekly" / "2025-03-03.md"
    path.parent.mkdir(parents=True)
    path.write_text(f"# 周报\n\n{line}\n", "utf-8")
    assert forget(house).exit_code == 0
    assert path.exists() is not names_it


def test_an_address_in_the_footer_of_a_digest_goes_too(house):
    house.rows.a_run(ended=NOON, books={"chenfeng": {"polls": 1, "error": f"a fault of ours: {URL}: timed out"}})
    keep(house, verdicts=())
    house.issue()
    assert ("url", "latest.md") in named_in(house)
    assert forget(house).exit_code == 0
    assert named_in(house) == set()


def test_a_digest_that_is_being_made_meanwhile_does_not_name_it_either(house, monkeypatch):
    keep(house)
    forgetting = Forgetting(house.database, house.data, house.config)
    key = "url:chenfeng.example/7"
    other = Thread(target=lambda: forgetting.article(key, reason="x", now=lambda: NOON))

    def render(digest):
        text = render_markdown(digest)
        monkeypatch.undo()
        other.start()
        other.join(0.5)  # it must not come before what was built is written
        return text

    monkeypatch.setattr("pipelines.digest.render.render_markdown", render)
    house.issue()
    other.join()
    assert house.query("SELECT count(*) FROM entry") == [(1,)]
    assert named_in(house) == set()


def test_who_holds_the_digests_for_too_long_is_told_of(house, monkeypatch):
    keep(house)
    monkeypatch.setattr("crawler.lock._DIGESTS_SECONDS", 0.0)
    with digests_lock(house.data / "digests"):
        results = [forget(house), house.call("digest")]
    for result in results:
        assert result.exit_code == 1
        assert f"another process has held {house.data / 'digests.lock'} for 0 s; try again later" in result.stderr
    assert forget(house).exit_code == 0
    assert named_in(house) == set()


def test_an_article_off_theme_and_one_that_was_let_go_are_forgotten_too(house):
    keep(house, verdicts=())
    assert forget(house).exit_code == 0
    house.change("UPDATE article SET path = '', filed = 0, expired = kept_at WHERE entry = 1")
    house.change("UPDATE version SET text = '', markdown = '' WHERE entry = 1")
    assert forget(house, "https://chenfeng.example/1").exit_code == 0
    assert house.query("SELECT * FROM entry") == []


def test_the_index_holds_none_of_its_words_any_more(house):
    keep(house)
    catch_up(house.database)
    blocks = "SELECT block FROM search_index_data WHERE id > 10 ORDER BY id"  # FTS5's records about itself are below
    assert forget(house).exit_code == 0
    left = house.query(blocks)
    with house.database.write() as connection:
        connection.exec_driver_sql("INSERT INTO search_index(search_index) VALUES ('delete-all')")
        connection.exec_driver_sql("UPDATE article SET indexed = 0")
    catch_up(house.database)
    with house.database.write() as connection:
        forget_deleted_words(connection)
    assert left == house.query(blocks)  # as of an index that never knew it


def test_the_captures_go_by_every_address_and_those_that_announced_it(house, monkeypatch):
    keep(house, original_url="https://mp.weixin.qq.com/s/abcdefghijk")
    heard = []
    monkeypatch.setattr("pipelines.forget.remove_from_ring", lambda *arguments: heard.append(arguments) or 3)
    done = Forgetting(house.database, house.data, house.config).article(
        "url:chenfeng.example/7", reason="x", now=lambda: NOON
    )
    assert done.captures == 3
    lists = {"https://chenfeng.example/feed", "https://chenfeng.example/feed.md"}  # the file, were it a docsify route
    addresses = {URL, "https://mp.weixin.qq.com/s/abcdefghijk", *lists}
    assert heard == [(house.data / "captures", house.database, addresses)]


# -- its group --------------------------------------------------------------------------------------------------------


def test_the_first_copy_stands_for_the_group_from_then_on(house):
    number = keep(house)
    heir, other = (house.keep(n, TITLE, body=BODY, source="xinchao") for n in (8, 9))
    named = house.path_of(other).read_text("utf-8")
    assert "url:chenfeng.example/7" in named
    result = forget(house)
    assert f"copies of it stay, forget them too if they are meant: entries {heir}, {other}" in result.stdout
    assert house.query("SELECT entry, representative FROM article WHERE entry IN (3, 4)") == [
        (heir, None),
        (other, heir),
    ]
    assert house.query("SELECT entry, original FROM copy") == [(other, heir)]
    assert 'copy_of: "url:xinchao.example/8"' in house.path_of(other).read_text("utf-8")
    assert all_is_well(house)
    assert number not in {entry for [entry] in house.query("SELECT id FROM entry")}


def test_a_copy_leaves_its_group_as_it_is(house):
    original = keep(house)
    house.keep(8, TITLE, body=BODY, source="xinchao")
    result = forget(house, "https://xinchao.example/8")
    assert f"copies of it stay, forget them too if they are meant: entries {original}" in result.stdout
    assert all_is_well(house)


@pytest.mark.parametrize("gone", [2, 3], ids=["the one that was kept first", "the seed that stands for it"])
def test_two_of_one_text_that_were_both_kept(house, gone):
    first = keep(house)
    house.change("UPDATE article SET text_hash = 'x' WHERE entry = 2")
    seed = house.keep(8, TITLE, body=BODY)
    house.change("UPDATE article SET origin = 'seed' WHERE entry = :id", id=seed)
    house.change("INSERT INTO copy VALUES (:first, :seed, 'same_text', 1, '2025-03-03')", first=first, seed=seed)
    same = "text_hash = (SELECT text_hash FROM article WHERE entry = :seed)"
    house.change(f"UPDATE article SET representative = :seed, {same} WHERE entry = :first", seed=seed, first=first)
    house.archive.write_file(first)
    house.archive.write_file(seed)
    assert forget(house, "url:chenfeng.example/7" if gone == 2 else "url:chenfeng.example/8").exit_code == 0
    assert all_is_well(house)


def test_of_a_seed_it_says_where_it_also_stands(house):
    number = keep(house)
    house.change("UPDATE article SET origin = 'seed'")
    house.change("UPDATE entry SET origin = 'seed'")
    with house.database.write() as connection:
        connection.execute(insert(endpoint).values(id=9, source="chenfeng", url=f"seeds:{TITLE}.txt", host=""))
    house.change("UPDATE entry SET endpoint = 9 WHERE id = :id", id=number)
    house.change("UPDATE sighting SET endpoint = 9 WHERE key = 'url:chenfeng.example/7'")
    assert "it is a seed: delete the file it was imported from as well" in forget(house).stdout
    assert named_in(house) == set()


def test_a_seed_is_left_without_what_it_took(house):
    stored = a_seed(house)
    number = keep(house)
    published = {"at": NOON.isoformat(), "precision": "second", "where": "feed", "text": "x", "zone": ""}
    [given] = house.query("SELECT original_url, final_key FROM article WHERE origin = 'seed'")
    assert given == (URL, "url:chenfeng.example/7")
    for column in ("published", "datings"):
        value = json.dumps(published if column == "published" else [published])
        house.change(f"UPDATE article SET {column} = :value WHERE entry IN (:id, 2)", value=value, id=number)
    house.archive.write_file(2)
    assert URL in (house.files / stored.path).read_text("utf-8")
    assert forget(house).exit_code == 0
    assert {name for name, _ in named_in(house)} <= {"title", "text"}  # which the seed has of its own
    assert house.query("SELECT entry, original_url, final_key, published, datings FROM article WHERE entry > 1") == [
        (2, "", "", "null", "[]")
    ]
    assert all_is_well(house)
    assert house.call("explain", URL).stdout.startswith("已于 ")


def test_a_seed_keeps_the_address_and_the_date_it_brought(house):
    a_seed(house, url=URL, published=Dating(at=NOON, precision=Precision.DAY, where="seed", text="2025-03-03"))
    facts = "SELECT url, original_url, final_key, published, datings, filed FROM article WHERE origin = 'seed'"
    before = house.query(facts)
    keep(house)
    assert forget(house, "url:chenfeng.example/7").exit_code == 0
    assert house.query(facts) == before
    assert house.query("SELECT origin FROM article WHERE entry > 1") == [("seed",)]


@pytest.mark.parametrize("facts", [{}, {"url": URL}, {"account": "晨风 科技"}], ids=["title", "address", "account"])
def test_a_forgotten_seed_is_known_by_its_key(house, facts):
    a_seed(house, **facts)
    [[key]] = house.query("SELECT key FROM entry WHERE id = 2")
    assert forget(house, key).exit_code == 0
    assert house.call("explain", key).stdout.startswith("已于 ")
    assert forget(house, key).stdout.startswith(f"{key} was forgotten on 2025-03-04 already")


# -- what waits -------------------------------------------------------------------------------------------------------


def test_the_books_join_when_what_waits_is_forgotten(house):
    endpoints = Endpoints(house.database)
    with house.database.write() as connection:
        crawl = open_run(connection, command="crawl", process=1, now=NOON, sources=["chenfeng"])
    [state] = endpoints.declare([("chenfeng", "https://chenfeng.example/feed")]).values()
    poll = Poll(
        at=NOON,
        entries=tuple(
            Entry(key=f"url:chenfeng.example/{n}", url=f"https://chenfeng.example/{n}", title=TITLE) for n in (7, 8)
        ),
    )
    endpoints.record_poll(crawl, state, poll, next_due=NOON + HOUR, max_age=7 * DAY)
    close(house, crawl)
    assert forget(house).exit_code == 0
    with house.database.write() as connection:
        later = open_run(connection, command="crawl", process=1, now=NOON + 2 * DAY, sources=["chenfeng"])
    close(house, later)
    with house.database.read() as connection:
        books = books_between(connection, house.config, NOON, NOON + 3 * DAY)
    assert books.imbalances == ()
    [line] = [line for line in books.lines if line.source == "chenfeng"]
    assert (line.found, line.outcomes["refused"], line.carried_out) == (2, 1, 1)
    assert house.query("SELECT command, error FROM run WHERE command = 'forget'") == [("forget", "")]
    assert not {name for name, _ in named_in(house)} & {"url"}


def test_an_unrelated_file_that_cannot_be_written_keeps_nothing_from_being_removed(house):
    keep(house)
    number = house.keep(8)
    other = house.path_of(number)
    house.change("UPDATE article SET filed = 0 WHERE entry = :entry", entry=number)
    other.unlink()
    other.mkdir()
    result = forget(house)
    assert result.exit_code == 1
    assert "forget it again to finish" in result.stderr
    assert named_in(house) == set()
