"""Rows of ledger and archive as a run leaves them, written without one."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import insert, update

from crawler.config.models import Config, Settings, Source, Subscription, Theme, Words
from crawler.items import Dating, Precision, TermHit, ThemeVerdict
from crawler.tables import article, book, copy, digest, endpoint, entry, run, sighting, version
from pipelines.digest.build import build_digest

NOON = datetime(2025, 3, 3, 4, tzinfo=UTC)  # 12:00 in Shanghai
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
TEXT = "宇树科技今天在杭州展示了新一代人形机器人。它能连续行走四个小时，售价不到十万元。记者在现场看到了样机。"


def a_source(name, title="", **facts):
    return Source(name=name, title=title, kind="feed", endpoints=[{"url": f"https://{name}.example/feed"}], **facts)


def a_config(tmp_path, **facts):
    return Config(
        folder=tmp_path,
        settings=Settings(timezone="Asia/Shanghai"),
        sources=facts.get("sources", (a_source("chenfeng", "晨风科技"), a_source("xinchao", "新潮观察"))),
        themes=(
            Theme(name="humanoid", title="人形机器人", words=Words(plain=("人形机器人",))),
            Theme(name="space", title="航天", words=Words(plain=("火箭",))),
        ),
        subscriptions=(facts.get("subscription", Subscription(name="daily", title="每日要闻", at="08:00")),),
    )


def a_verdict(theme="humanoid", score=5.0, **facts):
    hits = (TermHit(term="人形机器人", field="title", count=1, weight=3.0, excerpt="新一代人形机器人亮相"),)
    return ThemeVerdict(theme=theme, score=score, floor=3.0, **{"hits": hits, **facts})


class Rows:
    """Writes rows through one connection; what is not given has a plain value. A month ago there was a good poll."""

    def __init__(self, connection):
        self.connection = connection
        self._endpoints = {}
        self.run = self.a_run(ended=NOON - 30 * DAY, books={"chenfeng": {"polls": 1}})

    def _insert(self, table, **values):
        return self.connection.execute(insert(table).values(values)).inserted_primary_key[0]

    def a_run(self, *, ended, started=None, books=None, **facts):
        times = {"started": started or ended - HOUR, "ended": ended}
        number = self._insert(run, command="crawl", process=1, **times, **facts)
        for source, counts in (books or {}).items():
            self._insert(book, run=number, source=source, **{"carried_out": 0, **counts})
        return number

    def a_digest(self, *, cut_to, cut_from=None, subscription="daily"):
        cuts = {"cut_from": cut_from or cut_to - DAY, "cut_to": cut_to, "issued": cut_to}
        day = cut_to.astimezone(ZoneInfo("Asia/Shanghai")).date()
        return self._insert(digest, subscription=subscription, date=day.isoformat(), **cuts)

    def an_endpoint(self, source="chenfeng", **facts):
        if source not in self._endpoints:
            self._endpoints[source] = self._insert(
                endpoint, source=source, url=f"https://{source}.example/feed", host=f"{source}.example"
            )
        number = self._endpoints[source]
        if facts:
            self.connection.execute(update(endpoint).where(endpoint.c.id == number).values(facts))
        return number

    def an_entry(self, *, source="chenfeng", seen=NOON - HOUR, key=None, sight=True, **facts):
        home = self.an_endpoint(source)
        values = {
            "key": key or f"url:{source}.example/{seen.timestamp():.0f}/{len(facts)}",
            "source": source,
            "endpoint": home,
            "host": f"{source}.example",
            "url": f"https://{source}.example/a",
            "title": "标题",
            "authors": [],
            "first_seen": seen,
            "first_run": self.run,
        }
        number = self._insert(entry, **{**values, **facts})
        if sight:
            seen_key = {**values, **facts}["key"]
            self._insert(sighting, endpoint=home, key=seen_key, first_seen=seen, last_seen=seen)
        return number

    def an_article(self, number, title="新一代人形机器人亮相", *, source="chenfeng", kept_at=NOON, **facts):
        """An entry that was kept; a copy when `copy_of` names one."""
        original = facts.pop("copy_of", None)
        outcome = facts.pop("outcome", "kept" if original is None else "copy")
        text = facts.pop("text", TEXT)
        verdicts = facts.pop("verdicts", (a_verdict(),))
        url = facts.pop("url", f"https://{source}.example/{number}")
        backlog = facts.get("backlog", False)
        entry_id = self.an_entry(
            source=source, key=f"url:{source}.example/{number}", url=url, title=title, outcome=outcome,
            ended=kept_at, ended_run=self.run, reason="", seen=kept_at - HOUR, backlog=backlog,
        )  # fmt: skip
        values = {
            "entry": entry_id,
            "source": source,
            "outcome": outcome,
            "title": title,
            "authors": ["林一舟"],
            "url": url,
            "final_key": f"url:{source}.example/{number}",
            "published": a_dating(kept_at - 2 * HOUR).to_json(),
            "datings": [],
            "fetched": kept_at,
            "kept_at": kept_at,
            "verdicts": [verdict.to_json() for verdict in verdicts],
            "themes": [verdict.theme for verdict in verdicts if verdict.on_theme],
            "images": [],
            "extractor": "trafilatura 2.3.1",
            "text_hash": f"{source}{number}",
            "representative": original,
        }
        self.connection.execute(insert(article).values({**values, **facts}))
        text_hash = {**values, **facts}["text_hash"]
        self.a_version(entry_id, number=1, text=text, title=title, seen=kept_at, text_hash=text_hash)
        if original is not None:
            self._insert(copy, entry=entry_id, original=original, level="same_text", measure=1.0, found=kept_at)
        return entry_id

    def a_version(self, entry_id, *, number, text, title="标题", seen=NOON, **facts):
        values = {"markdown": text, "text_hash": f"{entry_id}-{number}", **facts}
        self._insert(version, entry=entry_id, number=number, seen=seen, title=title, text=text, **values)


class StoredRows:
    """Rows whose every call is a transaction of its own."""

    def __init__(self, database):
        self._database = database
        with database.write() as connection:
            self._rows = Rows(connection)

    def __getattr__(self, name):
        def call(*arguments, **facts):
            with self._database.write() as connection:
                self._rows.connection = connection
                return getattr(self._rows, name)(*arguments, **facts)

        return call


def a_dating(at=NOON, precision=Precision.SECOND, **facts):
    return Dating(**{"at": at, "precision": precision, "where": "feed", "text": "2025-03-03 12:00", **facts})


def build(database, config, *, cut_from=NOON - DAY, cut_to=NOON, now=NOON, **subscription):
    """The digest of one day for a subscription that wants all, unless told otherwise."""
    wanted = Subscription(**{"name": "daily", "title": "每日要闻", **subscription})
    with database.read() as connection:
        return build_digest(connection, config, wanted, cut_from, cut_to, now)
