"""An archive of a few articles, what can go wrong with it, and what is found then."""

from pipelines.archive.rebuild import Rebuild
from pipelines.archive.verify import verify


def fill(house):
    """Two articles, a copy of the first, and one off theme: entries 1 to 4."""
    house.keep(1)
    house.keep(2)
    house.keep(1, source="xinchao", title="第1台样机亮相")
    house.keep(4, verdicts=())


def found(house):
    return [(item.kind, item.entry, item.path) for item in verify(house.database, house.config, house.files)]


def rebuild(house, *, everything=False):
    return Rebuild(house.database, house.files, house.config, house.archive).run(
        everything=everything, watch=lambda path: None
    )


def lose(house, path):
    path.unlink()


def edit(house, path):
    path.write_text("mine", "utf-8")


def change_the_rows(house, path):
    house.change("UPDATE article SET account = '晨风' WHERE entry = 1")


def edit_and_change_the_rows(house, path):
    edit(house, path)
    change_the_rows(house, path)


def put_a_folder_there(house, path):
    path.unlink()
    path.mkdir()


def forget_what_was_written(house, path):
    house.change("UPDATE article SET file_hash = '' WHERE entry = 1")
    edit(house, path)
