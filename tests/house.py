"""A config and a data folder with stored articles, for tests of the archive's upkeep."""

import hashlib
from dataclasses import dataclass, field, replace
from pathlib import Path

import yaml
from archive_rows import DAY, NOON, StoredRows, a_verdict
from click.testing import CliRunner
from pages import article
from sqlalchemy import select, text

from crawler.cli import cli
from crawler.config.load import load_config
from crawler.config.models import Config
from crawler.database import Database, sqlite_url
from crawler.tables import article as article_table
from pipelines.archive.store import Archive
from pipelines.copies.pipeline import compared
from pipelines.digest.issue import issue_due
from pipelines.search.index import unindex_article

SOURCES = ("chenfeng", "xinchao")
LONG = "晨风科技今天在杭州展示了第{0}台样机，它能连续行走四个小时，售价不到十万元，记者在现场看到了全部过程。" * 3
ON, OFF = (a_verdict(),), (a_verdict(score=1.0),)


@dataclass
class House:
    folder: Path
    settings: dict = field(default_factory=dict)

    def __post_init__(self):
        self._write("presswatch.yaml", {"min_free_mb": 0, **self.settings})
        self._write("themes.yaml", {"themes": [{"name": "humanoid", "title": "人形", "words": {"plain": ["人形"]}}]})
        self._write("subscriptions.yaml", {"subscriptions": [{"name": "daily"}]})
        for name in SOURCES:
            feed = [{"url": f"https://{name}.example/feed"}]
            self._write(f"sources/{name}.yaml", {"name": name, "kind": "feed", "endpoints": feed})
        self.data.mkdir(parents=True)
        self.config: Config = load_config(self.folder / "config", environ={})
        self.database = Database.open(sqlite_url(self.data / "presswatch.db"))
        self.rows = StoredRows(self.database)
        self.run = self.rows.a_run(ended=NOON, books={name: {} for name in SOURCES})
        self.now = NOON

    def _write(self, name, content):
        path = self.folder / "config" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")

    def write_config(self, name, content):
        """Change the configuration, and have it."""
        self._write(name, content)
        self.config = load_config(self.folder / "config", environ={})

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def files(self) -> Path:
        return self.data / "archive"

    @property
    def archive(self) -> Archive:
        return Archive(self.database, self.files, self.config, lambda: self.now)

    def keep(self, number, title="", *, source="chenfeng", body=None, verdicts=ON, final_key=None, **entry):
        """Store an article as a run does; its entry id."""
        title, body = title or f"第{number}台样机亮相", LONG.format(number) if body is None else body
        url, key = f"https://{source}.example/{number}", f"url:{source}.example/{number}"
        facts = {"source": source, "key": key, "url": url, "title": title, **entry}
        entry_id = self.rows.an_entry(**facts)
        read = article(body, title=title, final_key=final_key or facts["key"], verdicts=verdicts, number=entry_id)
        said = {"key": facts["key"], "url": facts["url"], "original_url": entry.get("original_url", "")}
        waiting = replace(read.pending, source=source, entry=replace(read.pending.entry, **said))
        read = replace(read, pending=waiting, url=facts["url"])
        with self.database.read() as connection:
            read = compared(connection, read)
        self.archive.store(read, run=self.run)
        return entry_id

    def issue(self, now=None):
        return issue_due(
            self.database, self.config, self.config.subscriptions[0], now or self.now, self.data / "digests"
        )

    def path_of(self, entry_id):
        [[path]] = self.query("SELECT path FROM article WHERE entry = :id", id=entry_id)
        return self.files / path

    def query(self, sql, **values):
        with self.database.read() as connection:
            return [tuple(row) for row in connection.execute(text(sql), values)]

    def change(self, sql, **values):
        """Change rows behind everybody's back, versions that the search index knows too."""
        with self.database.write() as connection:
            for entry_id in connection.scalars(select(article_table.c.entry)).all():
                unindex_article(connection, entry_id)
            connection.execute(text(sql), values)

    def tree(self):
        """Every file of the archive with its hash."""
        return {
            path.relative_to(self.files).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in self.files.rglob("*")
            if path.is_file()
        }

    def call(self, *arguments, now=NOON + DAY, **options):
        places = ["--config", self.folder / "config", "--data", self.data, "--now", now.isoformat()]
        return CliRunner().invoke(cli, [*map(str, places), *arguments], prog_name="presswatch", **options)
