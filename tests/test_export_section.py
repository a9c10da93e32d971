"""A Hugo section is made of the archive's own pages, kept up to date, and nobody's files are touched."""

from datetime import datetime
from functools import partial

import pytest
from archive_rows import NOON, a_config, a_dating, a_source
from exports import EAST, LONG, an_archive, exported_site, files_below, front_and_body
from shared import SHARED, needs_shared
from sqlalchemy import update

from crawler.items import Origin
from crawler.tables import article, version
from pipelines.export import tree
from pipelines.export.choose import Wanted
from pipelines.export.export import LeftOut
from pipelines.export.tree import MANIFEST, ForeignFilesError, TreeLockedError, open_tree

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


@pytest.fixture
def site(database, config, tmp_path):
    """Exports into the folder `site`: its files, hidden ones aside, and the summary."""
    return partial(exported_site, database, config=config, folder=tmp_path / "site")


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


@needs_shared("seeds")
@pytest.mark.parametrize("number", ["000", "003"])
def test_a_plain_page_is_written_as_the_corpus_writes_its_own(rows, site, database, tmp_path, number):
    original = next((SHARED / "seeds").glob(f"{number}_*")).read_text("utf-8")
    front, body = front_and_body(original)
    markdown, _, cited = body.strip().rpartition("\n\n")
    at = datetime.fromisoformat(front["date"]).replace(tzinfo=EAST)
    entry_id = rows.an_article(
        1, front["title"], source=front["tags"][0], origin="seed", path="a.md", url=cited.partition("](")[2][:-1],
        text=front["summary"].removesuffix("..."), thumbnail=front["thumbnail"], published=a_dating(at).to_json(),
        language=front["lang"][0],
    )  # fmt: skip
    with database.write() as connection:
        connection.execute(update(version).where(version.c.entry == entry_id).values(markdown=markdown))
    site(plain=True)
    assert (tmp_path / "site" / "a.md").read_text("utf-8").rstrip() == original.rstrip()


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


# -- a second export ---------------------------------------------------------------------------------------------------


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
    files, summary = site(wanted=Wanted(sources={"chenfeng", "xinchao"}))
    assert files == ["_index.md", "chenfeng/1.md", "chenfeng/2.md", "seed/note.md"]
    assert (summary.changed, summary.removed) == (1, 2)
    assert not (tmp_path / "site" / "xinchao").exists()


def test_a_page_edited_by_hand_is_made_again_and_the_edit_kept_where_hugo_does_not_look(rows, site, tmp_path, caplog):
    an_archive(rows)
    site()
    for name in ("chenfeng/1.md", "seed/4.md"):
        (tmp_path / "site" / name).write_text("edited")
    files, _ = site(wanted=Wanted(origins={Origin.CRAWL}))
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
    files, summary = site(wanted=Wanted(sources={"xinchao"}))
    assert files == ["xinchao/3.md"]
    assert (summary.changed, summary.removed) == (1, 2)
    assert not (tmp_path / "site" / "chenfeng").exists()
