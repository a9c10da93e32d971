"""The files of a digest stay in step: after a killed process, a forgotten article, an upgrade."""

import pytest
from archive_rows import DAY, HOUR, NOON
from forgetting import TITLE, URL, forget, keep, named_in
from house import House

from pipelines.digest.files import write_files
from pipelines.digest.naming import patterns_of
from pipelines.digest.render import Format

FORMS = [form.value for form in Format]
FOLDER = "digests/daily"


@pytest.fixture
def house(tmp_path):
    made = House(tmp_path)
    made.keep(1)
    made.rows.a_run(ended=NOON, books={"chenfeng": {"polls": 1}})
    yield made
    made.database.close()


class Killed(BaseException):
    """As the kernel does it: nothing is tidied up."""


def killed_after(monkeypatch, files):
    """The process dies when it has written this many files."""
    from pipelines.digest.files import write_atomically  # noqa: PLC0415

    written = []

    def write(*arguments):
        if len(written) == files:
            raise Killed
        written.append(arguments)
        return write_atomically(*arguments)

    monkeypatch.setattr("pipelines.digest.files.write_atomically", write)


def contents(house):
    return {path.name: path.read_text("utf-8") for path in (house.data / FOLDER).glob("*.*")}


@pytest.mark.parametrize("files", range(6))
def test_a_process_that_dies_between_two_files_of_a_new_digest(house, monkeypatch, files):
    house.issue(NOON)
    house.now = NOON + HOUR
    house.keep(2)
    with monkeypatch.context() as patch:
        killed_after(patch, files)
        with pytest.raises(Killed):
            house.issue(NOON + DAY)
    assert house.issue(NOON + DAY) is None
    found = contents(house)
    assert len(found) == 9
    for form in FORMS:
        assert "第2台样机亮相" in found[f"2025-03-04.{form}"]
        assert found[f"2025-03-04.{form}"] == found[f"latest.{form}"]
        assert "第2台样机亮相" not in found[f"2025-03-03.{form}"]


@pytest.mark.parametrize("files", range(6))
def test_a_process_that_dies_while_a_text_is_withheld(house, monkeypatch, files):
    house.issue(NOON)
    house.change("UPDATE article SET deleted_at = '2025-03-03 05:00:00.000000', deleted_why = 'HTTP 404'")
    with monkeypatch.context() as patch:
        killed_after(patch, files)
        with pytest.raises(Killed):
            house.issue(NOON + HOUR)
    house.issue(NOON + HOUR)
    assert not [name for name, text in contents(house).items() if "它能连续行走四个小时" in text]


@pytest.mark.parametrize("files", range(6))
def test_a_process_that_dies_while_an_article_is_forgotten(house, monkeypatch, files):
    keep(house)
    house.issue(NOON)
    with monkeypatch.context() as patch:
        killed_after(patch, files)
        with pytest.raises(Killed):
            forget(house)
    assert forget(house).exit_code == 0
    assert named_in(house) == set()
    assert len(contents(house)) == 6


def test_a_text_is_withheld_from_files_whose_markdown_is_gone(house):
    house.issue(NOON)
    for day in range(1, 40):
        house.issue(NOON + day * DAY)
    old = house.data / FOLDER / "2025-03-03.md"
    old.unlink()
    assert "它能连续行走四个小时" in old.with_suffix(".html").read_text("utf-8")
    house.change("UPDATE article SET deleted_at = '2025-05-01 05:00:00.000000', deleted_why = 'HTTP 404'")
    house.issue(NOON + 39 * DAY)
    assert not [name for name, text in contents(house).items() if "它能连续行走四个小时" in text]


def test_an_installation_that_has_markdown_alone_gets_the_other_files_of_its_last_digests(house):
    house.issue(NOON)
    for day in range(1, 33):
        house.issue(NOON + day * DAY)
    for form in ("html", "json"):
        for path in (house.data / FOLDER).glob(f"*.{form}"):
            path.unlink()
    house.issue(NOON + 32 * DAY)
    assert [len(list((house.data / FOLDER).glob(f"2025-*.{form}"))) for form in FORMS] == [33, 31, 31]
    assert {f"latest.{form}" for form in FORMS} <= contents(house).keys()


def test_all_formats_are_rendered_from_one_digest_that_is_built_once(house, monkeypatch):
    built = []

    def build(*arguments):
        built.append(arguments)
        return real(*arguments)

    from pipelines.digest.issue import build_digest as real  # noqa: PLC0415

    monkeypatch.setattr("pipelines.digest.issue.build_digest", build)
    house.issue(NOON)
    assert len(built) == 1


def test_two_writings_of_a_digest_give_the_same_files(house):
    issued = house.issue(NOON)
    before = contents(house)
    write_files(issued.digest, house.data / "digests", is_latest=True)
    assert contents(house) == before


# -- what is forgotten ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param({}, id="plain"),
        pytest.param({"url": f"{URL}?utm_source=rss&id=5&b=2"}, id="shown without what names the click"),
        pytest.param({"original_url": "https://origin.example/a?x=1&y=2"}, id="shown by its first publication"),
    ],
)
def test_after_a_forget_no_format_names_the_article(house, facts):
    keep(house, **facts)
    house.issue(NOON)
    assert {name for _, name in named_in(house)} >= {f"latest.{form}" for form in FORMS}
    assert forget(house, facts.get("url", URL)).exit_code == 0
    assert named_in(house) == set()
    assert not [name for name, text in contents(house).items() if "origin.example" in text]


@pytest.mark.parametrize("form", FORMS)
def test_one_file_that_names_it_has_all_of_its_digest_made_again(house, form):
    house.issue(NOON)
    keep(house)
    path = house.data / FOLDER / f"2025-03-03.{form}"
    path.write_text({"md": f"- **{TITLE}**", "html": f"<b>{TITLE}</b>", "json": f'["{TITLE}"]'}[form], "utf-8")
    assert "1 digests made again" in forget(house).stdout
    assert named_in(house) == set()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("daily/notes.html", f"<li>{TITLE}</li>"),
        ("daily/notes.json", f'{{"title": "{TITLE}"}}'),
        ("daily/2025-01-01.html", f'<a href="{URL}">x</a>'),
        ("old/daily/2025-03-03.md", f"[x]({URL})"),
    ],
)
def test_a_file_of_somebody_elses_is_told_and_left(house, name, text):
    keep(house)
    house.issue(NOON)
    path = house.data / "digests" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    assert f"digests/{name} names it and is none of our digests: see to it yourself" in forget(house).stdout
    assert path.read_text("utf-8") == text


def test_all_files_of_a_digest_that_no_subscription_makes_any_more_are_removed(house):
    keep(house)
    house.rows.a_digest(cut_to=NOON, subscription="weekly")
    folder = house.data / "digests" / "weekly"
    folder.mkdir(parents=True)
    for form in FORMS:
        (folder / f"2025-03-03.{form}").write_text(f"<i>{TITLE}</i>" if form == "html" else "{}", "utf-8")
    assert "digests/weekly/2025-03-03.json is removed: no subscription makes it again" in forget(house).stdout
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("form", "text", "is_named"),
    [
        ("html", "<b>甲 &amp; 乙</b>", True),
        ("html", "<b>\n甲 &amp; 乙 </b>", True),
        ("html", "<b>甲 &amp; 乙 丙</b>", False),
        ("html", '<a href="https://a.example/?a=1&amp;b=2">', True),
        ("html", '<a href="https://a.example/?a=1&amp;b=2&amp;c=3">', False),
        ("json", '{"title": "甲 & 乙"}', True),
        ("json", '{"title": "\\u7532 & \\u4e59"}', True),
        ("json", '{"title": "甲 & 乙 丙"}', False),
        ("json", '{"url": "https://a.example/?a=1&b=2"}', True),
        ("json", '{"url": "https://a.example/?a=1&b=21"}', False),
    ],
)
def test_what_names_an_article_in_a_file_of_each_format(form, text, is_named):
    patterns = patterns_of(["甲 & 乙", "\u200b"], ["https://a.example/?a=1&utm_source=x&b=2"])
    assert (patterns[Format(form)].search(text) is not None) is is_named


def test_what_has_no_name_is_named_nowhere():
    assert not any(pattern.search('>< **** [](x) ""') for pattern in patterns_of(["", "\u200b"], [""]).values())
