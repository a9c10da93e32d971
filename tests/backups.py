"""Installations to back up, and backups to look into."""

import tarfile

from click.testing import CliRunner
from rig import START, Answer, article_page, feed

from crawler.cli import cli

NAMES = ("one", "two", "three")


def call(rig, *arguments, data=None):
    """presswatch with the rig's folders, or another data folder."""
    options = ["--config", rig.config, "--data", data or rig.data, "--now", START.isoformat(), "--route", rig.route]
    return CliRunner().invoke(cli, [*map(str, options), *map(str, arguments)], prog_name="presswatch")


def live(rig, site):
    """A crawl of three articles, and a digest."""
    site.routes["alpha.example/feed"] = Answer(feed(*[f"https://alpha.example/{name}" for name in NAMES]))
    for name in NAMES:
        page = article_page(f"机器人{name}", f"机器人{name}今天走进了工厂，工程师记录它的动作。" * 12)
        site.routes[f"alpha.example/{name}"] = Answer(page)
    assert call(rig, "crawl", "--then-digest").exit_code == 0


def contents(folder):
    """Path → bytes of every file."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def members(file):
    """Name → bytes of every member."""
    with tarfile.open(file) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar}
