"""An archive to export, and what the tests of the exports look at."""

import json
from datetime import timedelta, timezone

import yaml
from archive_rows import DAY, NOON, a_verdict

from pipelines.export.choose import Wanted
from pipelines.export.export import export_hugo, export_jsonl

LONG = "宇树科技今天在杭州展示了新一代人形机器人。" * 30
EAST = timezone(timedelta(hours=8))


def an_archive(rows):
    """Four articles: two of a source, one that another copied from it, one seed without a date."""
    first = rows.an_article(1, "一", verdicts=[a_verdict("space")], path="chenfeng/1.md")
    rows.an_article(2, "二", kept_at=NOON + DAY, published=None, path="chenfeng/2.md")
    rows.an_article(3, "三", source="xinchao", copy_of=first, path="xinchao/3.md")
    rows.an_article(4, "四", source="seed", origin="seed", kept_at=NOON - DAY, published=None, path="seed/4.md")
    rows.an_article(5, "别的", outcome="off_theme", verdicts=[a_verdict(score=0.0)])


def titles(records):
    return [record["title"] for record in records]


def exported_lines(database, config, wanted=None, *, whole=False):
    """The records of an export as JSON lines, and its summary."""
    written = []
    summary = export_jsonl(database, config, wanted or Wanted(), written.append, whole=whole)
    return [json.loads(line) for line in b"".join(written).decode().split("\n")[:-1]], summary


def exported_site(database, *, config, folder, wanted=None, **options):
    """The files of an export as a Hugo section, and its summary."""
    summary = export_hugo(database, config, wanted or Wanted(), folder, **options)
    return files_below(folder), summary


def files_below(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and path.name[0] != ".")


def front_and_body(page):
    front, _, body = page.removeprefix("---\n").partition("\n---\n")
    return yaml.safe_load(front), body
