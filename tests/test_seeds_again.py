"""A folder of seeds is imported again: each article is one seed, and what its file says now is what is stored."""

import shutil
from dataclasses import dataclass, field

import pytest
from forgetting import forget
from house import LONG, House
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.seeds.folder import import_folder

URL = "https://chenfeng.example/7"
TEXTS = tuple(
    "".join(f"{one}号{word}在第{number}天走了{number * 7}步。" for number in range(1, 9))
    for one, word in (("甲", "吊车"), ("乙", "灯塔"), ("丙", "渡船"))
)


@dataclass(kw_only=True)
class File:
    """A seed file in Hugo's form; what is empty does not stand in it."""

    text: str = TEXTS[0]
    title: str = "早报"
    source: str = "qq"
    account: str = ""
    url: str = ""
    date: str = ""
    thumbnail: str = ""
    more: list[str] = field(default_factory=list)

    def written(self):
        ours = {"account": self.account, "url": self.url}
        lines = [f'title: "{self.title}"', f'date: "{self.date}"', f'thumbnail: "{self.thumbnail}"']
        lines += [f'categories: ["{self.source}"]'] if self.source else []
        lines += ["presswatch:", *(f'  {key}: "{value}"' for key, value in ours.items())]
        return "\n".join(["---", *lines, *self.more, "---", "", self.text, ""])


class Desk:
    """A house, and the folder whose seeds are brought in."""

    def __init__(self, folder, **given):
        self.house, self.seeds = House(folder, **given), folder / "seeds"
        self.seeds.mkdir()

    def bring(self, *files):
        """Import these files, and nothing else: what became of each."""
        shutil.rmtree(self.seeds)
        self.seeds.mkdir()
        for number, file in enumerate(files):
            (self.seeds / f"{number:03}.md").write_text(file.written(), encoding="utf-8")
        return [str(item.result) for item in self.run()]

    def run(self):
        house = self.house
        done = import_folder(self.seeds, house.database, house.config, house.files, lambda: house.now)
        assert all(book.balances for book in done.books)
        return done.files

    def column(self, what):
        return [row[0] for row in self.house.query(f"SELECT {what} FROM article ORDER BY entry")]

    def stored(self):
        """Everything that tells of the seeds, and their files."""
        tables = ("article", "version", "copy", "entry")
        return [self.house.query(f"SELECT * FROM {table}") for table in tables], self.house.tree()


@pytest.fixture
def desk(tmp_path):
    made = Desk(tmp_path)
    yield made
    made.house.database.close()


# Which is which


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param({"source": "qq"}, {"source": "iyiou"}, id="source"),
        pytest.param({"account": "观潮"}, {"account": "听海"}, id="account"),
        pytest.param({"title": "……"}, {"title": "？！"}, id="titles without letters"),
        pytest.param({"title": "……"}, {"title": "……"}, id="one title without letters"),
        pytest.param({}, {}, id="the text alone"),
        pytest.param({"url": URL, "title": "甲"}, {"url": URL, "title": "乙"}, id="an address that both cite"),
    ],
)
@pytest.mark.parametrize("together", [True, False])
def test_two_articles_are_two_seeds(desk, first, second, together):
    files = File(**first), File(**second, text=TEXTS[1])
    for part in [files] if together else [(file,) for file in files]:
        assert set(desk.bring(*part)) == {"stored"}
    before = desk.stored()
    assert desk.bring(*files) == desk.bring(*reversed(files)) == ["unchanged"] * 2
    assert desk.stored() == before


def test_many_articles_of_one_title_are_as_many_seeds(desk):
    files = [File(text=f"{chr(0x4E00 + number * 31)}{chr(0x5E00 + number * 17)}" * 50) for number in range(60)]
    assert desk.bring(*files) == ["stored"] * 60
    assert desk.bring(*reversed(files)) == ["unchanged"] * 60


@pytest.mark.parametrize("facts", [{}, {"url": URL}, {"title": "……"}], ids=["title", "address", "no letters"])
def test_an_edited_file_is_an_edition_of_its_seed(desk, facts):
    desk.bring(File(**facts), File(text=TEXTS[1]))
    edited = File(**facts, text=TEXTS[0] + "后来它停了下来。")
    assert desk.bring(edited, File(text=TEXTS[1])) == ["updated", "unchanged"]
    assert desk.column("title") == [edited.title, "早报"]
    assert desk.bring(File(text=TEXTS[1]), edited) == ["unchanged"] * 2


def test_two_files_of_one_import_are_never_editions_of_one_seed(desk):
    first, second = File(), File(text=TEXTS[0] + "后来它停了下来。")
    assert desk.bring(first, second) == ["stored"] * 2
    third = File(text=TEXTS[0] + "后来它又走了。")
    assert desk.bring(first, second, third) == ["unchanged", "unchanged", "stored"]


def test_an_address_whose_text_was_written_anew_keeps_its_seed(desk):
    desk.bring(File(url=URL))
    assert desk.bring(File(url=URL, text=TEXTS[1])) == ["updated"]


def test_a_file_that_is_there_twice_is_one_seed(desk):
    assert desk.bring(File(date="2025-02-13 08:00:00"), File(date="2025-02-14 08:00:00")) == ["stored", "unchanged"]


FILES = st.builds(
    File,
    text=st.sampled_from((*TEXTS, TEXTS[0] + "后来它停了下来。", "快讯。")),
    title=st.sampled_from(("早报", "早 报！", "晚报", "……", "？！")),
    source=st.sampled_from(("", "qq", "iyiou")),
    account=st.sampled_from(("", "观潮", "听海")),
    url=st.sampled_from(("", URL, "https://www.chenfeng.example/7/", "https://chenfeng.example/8")),
    date=st.sampled_from(("", "2025-02-13", "2025-02-14 23:30:00")),
    thumbnail=st.sampled_from(("", "https://img.example/1.jpg")),
)


@settings(max_examples=25, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(earlier=st.lists(FILES, max_size=3), files=st.lists(FILES, max_size=6))
def test_importing_any_files_twice_changes_nothing_and_loses_none(tmp_path_factory, earlier, files):
    desk = Desk(tmp_path_factory.mktemp("desk"))
    desk.bring(*earlier)
    desk.bring(*files)
    before = desk.stored()
    assert desk.bring(*files) == ["unchanged"] * len(files)
    assert desk.stored() == before
    newest = "SELECT text FROM version v WHERE number = (SELECT max(number) FROM version WHERE entry = v.entry)"
    assert {file.text for file in files} <= {row[0] for row in desk.house.query(newest)}
    desk.house.database.close()


# What a file says now


@pytest.mark.parametrize(
    ("said", "column", "stored"),
    [
        ({"date": "2025-02-13 08:00:00"}, "json_extract(published, '$.text')", "2025-02-13 08:00:00"),
        ({"account": "观潮"}, "account", "观潮"),
        ({"thumbnail": "https://img.example/1.jpg"}, "thumbnail", "https://img.example/1.jpg"),
        ({"url": URL}, "url", URL),
        ({"url": URL}, "final_key", "url:chenfeng.example/7"),
    ],
)
@pytest.mark.parametrize("known", [{}, {"date": "2025-01-01"}, {"thumbnail": "https://img.example/0.jpg"}])
def test_a_fact_that_a_file_says_now_is_stored_once(desk, said, column, stored, known):
    desk.bring(File(**known))
    file = File(**{**known, **said})
    assert (desk.bring(file), desk.column(column)) == (["updated"], [stored])
    before = desk.stored()
    assert (desk.bring(file), desk.stored()) == (["unchanged"], before)
    [(path, filed)] = desk.house.query("SELECT path, filed FROM article")
    assert filed
    assert str(next(iter(said.values()))) in (desk.house.files / path).read_text("utf-8")


def test_what_a_file_says_no_more_stays(desk):
    desk.bring(File(date="2025-02-13", url=URL))
    assert desk.bring(File(date="", url=URL)) == ["unchanged"]


def test_its_own_address_goes_before_the_one_a_copy_lent_it(desk):
    desk.bring(File(text=LONG.format(7)))
    desk.house.keep(7)
    assert desk.column("original_url")[0] == URL
    desk.bring(File(text=LONG.format(7), url="https://first.example/7"))
    [path] = [path for path in desk.house.tree() if path.startswith("qq/")]
    assert (desk.house.files / path).read_text("utf-8").endswith("[qq](https://first.example/7)\n")


def test_a_theme_that_names_a_stored_seed_now_has_it(desk):
    desk.bring(File())
    themes = {
        "themes": [{"name": "harbour", "title": "港口", "words": {"plain": ["港口"]}, "seeds": [{"title": "早报"}]}]
    }
    desk.house.write_config("themes.yaml", themes)
    assert (desk.bring(File()), desk.column("themes")) == (["updated"], ['["harbour"]'])
    assert desk.bring(File()) == ["unchanged"]


def test_a_seed_gives_its_date_and_address_to_the_seed_it_joins(desk):
    desk.bring(File())
    desk.bring(File(title="早报（原文）", url=URL, date="2025-02-13 08:00:00"))
    assert desk.column("outcome") == ["kept", "copy"]
    assert desk.column("json_extract(published, '$.text')")[0] == "2025-02-13 08:00:00"
    assert (desk.column("original_url")[0], desk.column("final_key")[0]) == (URL, "url:chenfeng.example/7")


def test_a_seed_gives_what_it_says_later_too(desk):
    desk.bring(File(), File(source="iyiou"))
    assert desk.bring(File(), File(source="iyiou", date="2025-02-13")) == ["unchanged", "updated"]
    assert desk.column("json_extract(published, '$.text')") == ["2025-02-13"] * 2
    assert desk.bring(File(), File(source="iyiou", date="2025-02-13")) == ["unchanged"] * 2


# What was forgotten


def test_a_stored_seed_outlives_its_forgotten_twin(desk):
    file = File(text=LONG.format(7), url=URL)
    desk.bring(file)
    desk.house.keep(7)
    assert forget(desk.house, "url:chenfeng.example/7").exit_code == 0
    assert desk.bring(file) == ["unchanged"]
    assert desk.bring(File(text=TEXTS[1], url=URL, title="别的")) == ["refused"]


def test_a_forgotten_seed_is_refused_and_others_of_its_title_stay(desk):
    desk.bring(File(), File(text=TEXTS[1]), File(text=TEXTS[2]))
    [[key]] = desk.house.query("SELECT key FROM entry WHERE id = 2")
    assert forget(desk.house, key).exit_code == 0
    assert desk.bring(File(), File(text=TEXTS[1]), File(text=TEXTS[2])) == ["unchanged", "refused", "unchanged"]


# Its day


@pytest.mark.parametrize(
    ("date", "day"), [("2025-02-14", "14-"), ("2025-02-14 08:00:00", "13-"), ("2025-02-14 20:00:00", "14-")]
)
def test_a_day_without_a_time_is_the_same_day_in_every_zone(tmp_path, date, day):
    desk = Desk(tmp_path, settings={"timezone": "America/New_York"})
    feed = {"name": "east", "kind": "feed", "timezone": "Asia/Shanghai", "endpoints": [{"url": "https://e.example/f"}]}
    desk.house.write_config("sources/east.yaml", feed)
    desk.bring(File(source="east", date=date))
    [path] = desk.column("path")
    desk.house.database.close()
    assert path.startswith(f"east/2025/02/{day}")
