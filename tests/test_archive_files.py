"""The archive file has the corpus's form, keeps any title whole, and is never seen half-written."""

import os
from datetime import UTC, datetime
from pathlib import PurePosixPath
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from crawler.items import Dating, Precision
from pipelines.archive.files import FileFacts, archive_path, key_hash, render, slug, write_atomically

SHANGHAI = ZoneInfo("Asia/Shanghai")
KEPT = datetime(2025, 3, 3, 20, tzinfo=UTC)  # the 4th in Shanghai
KEYS = (
    "title date summary categories lang translations tags menu thumbnail lead comments authorbox pager toc mathjax "
    "sidebar widgets presswatch"
).split()
SHAPE = """\
---
title: "固态电池“量产”：还差什么？"
date: "2025-03-03 09:30:00"
summary: "第一段。第二段。..."
categories:
  - "晨风"
lang:
  - "zh-CN"
translations:
  - "zh-CN"
tags:
  - "晨风"
menu: ""
thumbnail: ""
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
presswatch:
  key: "url:a.example/1"
  kept_at: "2025-03-03T20:00:00+00:00"
  themes:
    batteries: 4.5
---

第一段。

第二段。

[晨风](https://a.example/1)
"""


def facts(**changes):
    plain = {
        "source": "晨风",
        "key": "url:a.example/1",
        "title": "固态电池“量产”：还差什么？",
        "published": dating(datetime(2025, 3, 3, 1, 30, tzinfo=UTC)),
        "zone": SHANGHAI,
        "kept_at": KEPT,
        "language": "zh-CN",
        "markdown": "第一段。\n\n第二段。\n",
        "text": "第一段。\n第二段。",
        "cite": "https://a.example/1",
        "ours": {"themes": {"batteries": 4.5}},
    }
    return FileFacts(**{**plain, **changes})


def dating(at, precision=Precision.SECOND):
    return Dating(at=at, precision=precision, where="feed", text="")


def front_matter(text):
    assert text.startswith("---\n")
    return yaml.safe_load(text[4 : text.index("\n---\n", 4)])


def test_the_file_has_exactly_the_form_of_the_corpus():
    assert render(facts()) == SHAPE


def test_the_keys_stand_in_the_order_of_the_corpus():
    assert list(front_matter(render(facts()))) == KEYS


VALUES = st.recursive(
    st.text() | st.booleans() | st.none() | st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@example(title="", ours={"small": 1e-05, "large": 1e22, "no": {"y": [{"null": True}]}})
@given(title=st.text(), ours=st.dictionaries(st.text(), VALUES, max_size=4))
def test_any_title_and_any_facts_of_ours_are_read_back_as_they_were(title, ours):
    read = front_matter(render(facts(title=title, ours=ours)))
    assert read["title"] == title
    assert read["presswatch"] == {"key": "url:a.example/1", "kept_at": "2025-03-03T20:00:00+00:00", **ours}


@pytest.mark.parametrize(
    "title",
    [
        '他说："好"',
        "a: b # c",
        "两\n行",
        "🚀 发射",
        "制表\t符\x00\x1b\x85\u2028\ufeff",
        "---",
        "\\n",
        "'单'",
        "no",
        "🤖\ud800",
        "\\U0001F680",
    ],
)
def test_awkward_titles_are_read_back_as_they_were(title):
    assert front_matter(render(facts(title=title)))["title"] == title


@pytest.mark.parametrize("title", ["🚀 发射", "𠮷野家", "\\\\U0001F680 是 🚀"])
def test_emoji_and_rare_han_stay_readable(title):
    escaped = title.replace("\\", "\\\\")
    assert render(facts(title=title)).splitlines()[1] == f'title: "{escaped}"'


@pytest.mark.parametrize(
    ("published", "shown"),
    [
        pytest.param(None, "", id="unknown"),
        pytest.param(dating(datetime(2025, 3, 3, 23, tzinfo=UTC)), "2025-03-04 07:00:00", id="in the source's zone"),
        pytest.param(
            dating(datetime(2025, 3, 3, tzinfo=ZoneInfo("America/New_York")), Precision.DAY),
            "2025-03-03 00:00:00",
            id="a bare day stays that day",
        ),
    ],
)
def test_the_date_is_given_in_the_sources_zone(published, shown):
    assert front_matter(render(facts(published=published)))["date"] == shown


@pytest.mark.parametrize(
    ("text", "language", "summary"),
    [
        pytest.param("字" * 30 + "\n" + "词" * 30, "zh-CN", "字" * 30 + "词" * 20 + "...", id="fifty characters"),
        pytest.param(" ".join(["word"] * 60), "en", " ".join(["word"] * 50) + "...", id="fifty words of English"),
        pytest.param("", "zh-CN", "", id="no text"),
    ],
)
def test_the_summary_is_cut_as_in_the_corpus(text, language, summary):
    assert front_matter(render(facts(text=text, language=language)))["summary"] == summary


@pytest.mark.parametrize(
    ("tag", "lang"), [("zh", "zh-CN"), ("zh-Hans", "zh-CN"), ("en-US", "en"), ("zh-TW", "zh-TW"), ("ja", "ja")]
)
def test_languages_are_spelt_as_in_the_corpus(tag, lang):
    assert front_matter(render(facts(language=tag)))["lang"] == [lang]


def test_images_are_named_and_never_made_the_thumbnail():
    read = front_matter(render(facts(images=("https://a.example/1.jpg",))))
    assert read["thumbnail"] == ""
    assert read["presswatch"]["images"] == ["https://a.example/1.jpg"]


def test_the_last_line_is_one_link_whatever_the_address_holds():
    cited = render(facts(cite="https://a.example/x(1) y\n#z")).splitlines()[-1]
    assert cited == "[晨风](https://a.example/x%281%29%20y%0A#z)"


def test_the_path_has_the_day_it_was_kept_in_the_installations_zone():
    path = archive_path(source="晨风", title="AI 芯片：1.5 倍！", key="k", day=KEPT, zone=SHANGHAI)
    assert path == PurePosixPath(f"晨风/2025/03/04-AI-芯片-1-5-倍-{key_hash('k')}.md")


@given(title=st.text(), key=st.text())
def test_no_title_leads_out_of_the_folder_or_makes_a_name_too_long(title, key):
    path = archive_path(source="s", title=title, key=key.encode("utf-8", "ignore").decode(), day=KEPT, zone=UTC)
    assert path.parts[:3] == ("s", "2025", "03")
    assert len(path.parts) == 4
    assert len(path.name.encode()) <= 3 + 60 + 1 + 10 + 3


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        pytest.param("字" * 40, "字" * 20, id="cut at a character border"),
        pytest.param("a" * 59 + "字", "a" * 59, id="a character that does not fit is left out"),
        pytest.param("a" * 59 + "！字", "a" * 59, id="no dash at the end"),
        pytest.param("../../etc/passwd", "etc-passwd", id="no way up"),
        pytest.param("！？", "untitled", id="nothing left"),
        pytest.param("", "untitled", id="empty"),
    ],
)
def test_a_slug_is_letters_digits_and_han(title, expected):
    assert slug(title) == expected


def test_a_file_is_written_with_its_folders_and_nothing_else(tmp_path):
    written = write_atomically(tmp_path, PurePosixPath("a/b/c.md"), "文\r\n")
    assert written.read_bytes() == "文\r\n".encode()
    assert list(written.parent.iterdir()) == [written]


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_a_write_that_fails_leaves_what_was_there(tmp_path, monkeypatch, failing):
    before = write_atomically(tmp_path, PurePosixPath("a.md"), "before")

    def refuse(*arguments):
        raise OSError(28, "no space left")

    monkeypatch.setattr(os, failing, refuse)
    with pytest.raises(OSError, match="no space left"):
        write_atomically(tmp_path, PurePosixPath("a.md"), "after")
    assert before.read_text() == "before"
    assert list(tmp_path.iterdir()) == [before]


def test_the_file_gets_its_name_when_it_is_whole_and_then_its_folders_are_made_sure_of(tmp_path, monkeypatch):
    synced = []

    def note(descriptor):
        synced.append((os.fstat(descriptor).st_ino, (tmp_path / "a" / "b" / "c.md").exists()))

    monkeypatch.setattr(os, "fsync", note)
    written = write_atomically(tmp_path, PurePosixPath("a/b/c.md"), "text")
    in_order = [written, tmp_path / "a" / "b", tmp_path / "a", tmp_path]
    assert synced == [(place.stat().st_ino, place != written) for place in in_order]


@pytest.mark.parametrize("relative", ["../a.md", "a/../../b.md", "/etc/passwd"])
def test_a_path_out_of_the_folder_is_refused(tmp_path, relative):
    with pytest.raises(ValueError, match="expected a path below"):
        write_atomically(tmp_path, PurePosixPath(relative), "")
