"""A run whose config holds expressions that never end, and pages made for them: told, and everything else is read."""

import json
import time
from types import SimpleNamespace

import pytest
from pages import article
from rig import Answer, Rig, article_page, book_of, feed, serving

from crawler.allowance import IN_ALL, ONCE, in_all
from crawler.config.load import load_config
from crawler.config.models import Theme
from crawler.config.slow import key_of
from crawler.items import ThemeVerdict
from crawler.outcomes import Outcome
from pipelines.themes.judge import Judge
from pipelines.themes.pipeline import ThemesPipeline

SLOW = r"example(?:/|a|a/)+/$"
BAIT = "https://alpha.example/" + "a/" * 40 + "0"
SIBLINGS = "<div>机器人</div>" * 15_000


@pytest.fixture(scope="module")
def crawled(tmp_path_factory):
    """One run over a source that is well and sources that are not: rig, report, processor seconds."""
    with serving() as site:
        rig = Rig(tmp_path_factory.mktemp("slow"), site.url)
        _write(rig)
        _serve(site)
        begun = time.process_time()
        report = rig.crawl()
        yield rig, report, time.process_time() - begun


def _write(rig):
    words = {"plain": ["机器人"], "regex": [r"(?:机|器|人|机器人)+\d"]}
    rig.write("themes.yaml", {"themes": [{"name": "robots", "title": "机器人", "words": words}]})
    rig.source("well", "https://well.example/feed")
    rig.source("alpha", "https://alpha.example/feed", articles={"url": SLOW})
    rig.source("beta", "https://beta.example/feed", articles={"body": "div ~ div"})
    rig.source("gamma", "https://gamma.example/feed", articles={"gone_at": SLOW})
    rig.source(
        "delta",
        kind="listing",
        entries={"items": "div ~ div"},
        endpoints=[{"url": "https://delta.example/l", "every": "30m"}],
    )
    rig.source(
        "epsilon", kind="json", entries={"items": "@" + " | [@, @][]" * 40, "link": "url"},
        endpoints=[{"url": "https://epsilon.example/l", "every": "30m"}],
    )  # fmt: skip
    rig.source(
        "zeta", kind="json", entries={"items": "@", "link": "url", "after": "(?:a|a)+="},
        endpoints=[{"url": "https://zeta.example/l", "every": "30m"}],
    )  # fmt: skip


def _serve(site):
    for name in ("well", "beta", "gamma"):
        site.routes[f"{name}.example/feed"] = Answer(feed(f"https://{name}.example/1"))
    site.routes["well.example/1"] = Answer(article_page("机器人进厂", "机器人" * 2000 + "。"))
    site.routes["alpha.example/feed"] = Answer(feed(*(f"{BAIT}{number}" for number in range(60))))
    site.routes["beta.example/1"] = Answer(article_page("机器人", head="") + SIBLINGS)
    site.routes["gamma.example/1"] = Answer(
        status=302, headers={"Location": "https://gamma.example/" + "a/" * 40 + "0"}
    )
    site.routes["delta.example/l"] = Answer(f"<html><body>{SIBLINGS}</body></html>")
    site.routes["epsilon.example/l"] = Answer('[{"url": "https://epsilon.example/1"}]')
    site.routes["zeta.example/l"] = Answer("a" * 100_000 + "[]")


def test_what_is_well_is_read_and_judged_without_the_expression(crawled):
    rig, report, _ = crawled
    assert book_of(report, "well").outcomes[Outcome.KEPT] == 1
    [(verdicts,)] = rig.query("SELECT verdicts FROM article")
    [verdict] = json.loads(verdicts)
    assert verdict["unasked"] == [r"(?:机|器|人|机器人)+\d"]


@pytest.mark.parametrize(
    ("source", "key"),
    [
        ("alpha", "articles.url"),
        ("beta", "articles.body.0"),
        ("gamma", "articles.gone_at"),
        ("delta", "entries.items.0"),
        ("epsilon", "entries.items.0"),
        ("zeta", "entries.after"),
        ("well", "theme robots, words.regex"),
    ],
)
def test_the_key_and_the_expression_are_told(crawled, source, key):
    rig, report, _ = crawled
    told = [book_of(report, source).error, *(error for (error,) in rig.query(_ERRORS, source=source))]
    assert any(key in error and "takes too long" in error for error in told), told


_ERRORS = """
    SELECT last_error FROM endpoint WHERE source = :source UNION ALL SELECT last_error FROM entry WHERE source = :source
"""


def test_nothing_is_lost_and_no_fault_is_ours(crawled):
    rig, report, _ = crawled
    assert rig.query("SELECT count(*) FROM entry WHERE outcome IS NULL") == [(2,)]  # beta's and gamma's wait
    assert (report.errors, report.balances) == ((), True)


def test_the_run_ends_in_time(crawled):
    _, _, seconds = crawled
    assert seconds < 10 * IN_ALL


def test_a_theme_counts_its_other_words():
    words = {"plain": ["电池"], "regex": [r"(?:a|a)+b", r"固态\s*电池"]}
    theme = Theme(name="题", title="题", words=words)
    [verdict] = Judge([theme]).judge("固态电池", "", "a" * 10_000)
    assert ([hit.term for hit in verdict.hits], verdict.unasked) == ([r"固态\s*电池"], (r"(?:a|a)+b",))


HEALTHY = Theme(name="well", title="题", words={"regex": ["机器人"]})
BAITED = Theme(name="slow", title="题", words={"regex": [f"(?:a|aa|aaa)+(?:b|$)x{{{n}}}" for n in range(1, 6)]})


@pytest.mark.parametrize("themes", [(BAITED, HEALTHY), (HEALTHY, BAITED)])
def test_a_slow_theme_changes_no_other_themes_verdict(themes):
    fields = ("机器人", "机器人", "机器人" + "a" * 3000)
    verdicts = {one.theme: one for one in Judge(themes).judge(*fields)}
    assert verdicts["well"] == Judge([HEALTHY]).judge(*fields)[0]
    assert verdicts["slow"].unasked == tuple(BAITED.words.regex)
    assert set(verdicts["slow"].slow) < set(BAITED.words.regex)  # for the last no time was left


def test_only_what_took_the_time_is_left_out_after_three_articles(monkeypatch):
    monkeypatch.setattr("pipelines.themes.judge.in_all", lambda: in_all(ONCE / 5))
    slow, quick = "(?:a|aa)+b", "固态"
    theme = Theme(name="mixed", title="题", words={"regex": [slow, quick]})
    notes = []
    visit = SimpleNamespace(config=SimpleNamespace(themes=(theme,)), note=lambda source, told: notes.append(told))
    pipeline = ThemesPipeline(visit)
    judged = [pipeline.process_item(article("固态" + "a" * 3000, title="固态a")).verdicts[0] for _ in range(4)]
    assert [one.unasked for one in judged] == [(slow, quick)] * 3 + [(slow,)]
    assert [one.slow for one in judged] == [(slow,)] * 3 + [()]
    assert [slow in told and "say it so" in told for told in notes] == [True] * 3
    assert ["rest of this visit" in told for told in notes] == [False, False, True]
    assert ThemeVerdict.from_json(judged[0].to_json()) == judged[0]


def test_a_key_is_found_at_any_depth(tmp_path):
    rig = Rig(tmp_path)
    rig.source(kind="listing", endpoints=[{"url": "https://a.example/l", "entries": {"items": ["li", "div ~ p"]}}])
    [source] = load_config(rig.config, environ={}).sources
    assert key_of(source, "div ~ p") == "endpoints.0.entries.items.1"
    assert key_of(source, "of its kind") == "source"
