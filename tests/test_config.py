"""What people edit: every fault of every file in one report, each at its line; what is shipped."""

from datetime import date, timedelta

import pytest
from config_faults import (
    BROKEN_FILES,
    BROKEN_SOURCES,
    BROKEN_SUBSCRIPTIONS,
    BROKEN_THEMES,
    SOURCE,
    SUBSCRIPTIONS,
    THEMES,
    fill,
)

from crawler.config import load
from crawler.config.load import load_config
from crawler.config.models import Kind, Rights
from crawler.config.places import shipped_config
from crawler.config.report import ConfigError, Fault
from crawler.urls import check_fetchable

GOOD = {"sources/alpha.yaml": SOURCE, "themes.yaml": THEMES, "subscriptions.yaml": SUBSCRIPTIONS}

KINDS = "feed, sitemap, listing, json, docsify, qq, iyiou, wechat_mirror or discuz"


def faults_of(folder, environ=None):
    with pytest.raises(ConfigError) as caught:
        load_config(folder, environ=environ or {})
    return [str(fault) for fault in caught.value.faults]


def table(cases):
    return [pytest.param(*case, id=name) for name, case in cases.items()]


def test_a_good_folder_loads(tmp_path):
    config = load_config(fill(tmp_path, GOOD), environ={})
    assert [source.name for source in config.sources] == ["alpha"]
    assert [theme.name for theme in config.themes] == ["robots"]
    assert [subscription.name for subscription in config.subscriptions] == ["daily"]
    assert config.folder == tmp_path


@pytest.mark.parametrize(("added", "expected"), table(BROKEN_SOURCES))
def test_a_fault_of_a_source_is_told_with_its_line(tmp_path, added, expected):
    fill(tmp_path, GOOD | {"sources/alpha.yaml": SOURCE + added})
    assert faults_of(tmp_path) == [f"sources/alpha.yaml:{fault}" for fault in expected]


@pytest.mark.parametrize(("content", "expected"), table(BROKEN_FILES))
def test_a_broken_file_is_told_without_jargon(tmp_path, content, expected):
    fill(tmp_path, GOOD | {"presswatch.yaml": content})
    assert faults_of(tmp_path) == [f"presswatch.yaml:{expected}"]


@pytest.mark.parametrize(("words", "expected"), table(BROKEN_THEMES))
def test_a_fault_of_a_theme_is_told_with_its_line(tmp_path, words, expected):
    fill(tmp_path, GOOD | {"themes.yaml": THEMES.replace("{plain: [机器人]}", words)})
    assert faults_of(tmp_path) == [f"themes.yaml:{expected}"]


@pytest.mark.parametrize(("added", "expected"), table(BROKEN_SUBSCRIPTIONS))
def test_a_fault_of_a_subscription_is_told_with_its_line(tmp_path, added, expected):
    fill(tmp_path, GOOD | {"subscriptions.yaml": f"{SUBSCRIPTIONS}    {added}\n"})
    assert faults_of(tmp_path) == [f"subscriptions.yaml:3: subscriptions[0].{expected}"]


@pytest.mark.parametrize(
    ("kind", "meant"), [("rss", "feed"), ("Atom", "feed"), ("api", "json"), ("wechat", "wechat_mirror")]
)
def test_a_kind_by_another_name_is_told_its_own(tmp_path, kind, meant):
    fill(tmp_path, GOOD | {"sources/alpha.yaml": SOURCE.replace("kind: feed", f"kind: {kind}")})
    assert faults_of(tmp_path) == [f'sources/alpha.yaml:2: kind = "{kind}": expected {KINDS}; write {meant}']


def test_all_faults_of_all_files_come_in_one_report(tmp_path):
    fill(
        tmp_path,
        {
            "presswatch.yaml": "hosts_at_once: 0\ncontakt: me\n",
            "themes.yaml": THEMES + "    flor: 2\n",
            "subscriptions.yaml": SUBSCRIPTIONS + "    themes: [robts]\n    at: noon\n",
            "sources/alpha.yaml": "kind: fead\n" + SOURCE.replace("kind: feed\n", ""),
            "sources/beta.yaml": "name: [\n",
            "sources/gamma.yml": SOURCE,
        },
    )
    assert faults_of(tmp_path) == [
        "sources/gamma.yml: only files that end in .yaml are read; rename it to gamma.yaml",
        "presswatch.yaml:1: hosts_at_once = 0: expected at least 1",
        'presswatch.yaml:2: contakt = "me": unknown key; nearest known key: contact',
        "themes.yaml:5: themes[0].flor = 2: unknown key; nearest known key: floor",
        (
            'subscriptions.yaml:3: subscriptions[0].themes[0] = "robts": there is no such theme; '
            "nearest known theme: robots"
        ),
        'subscriptions.yaml:4: subscriptions[0].at = "noon": expected a time of day in quotes, such as "08:00"',
        f'sources/alpha.yaml:1: kind = "fead": expected {KINDS}; nearest known value: feed',
        "sources/beta.yaml:2: not YAML (column 1): a [ or { above is opened and never closed",
    ]


def test_the_report_says_how_many_faults_and_where(tmp_path):
    fill(tmp_path, GOOD | {"presswatch.yaml": "a: 1\nb: 2\n"})
    with pytest.raises(ConfigError, match=r"^configuration: 2 faults in ") as caught:
        load_config(tmp_path, environ={})
    assert str(tmp_path) in str(caught.value).splitlines()[0]
    assert str(caught.value).splitlines()[1:] == [str(fault) for fault in caught.value.faults]


def test_a_fault_can_be_read_by_a_program(tmp_path):
    fill(tmp_path, GOOD | {"sources/alpha.yaml": SOURCE + "    evry: 30m\n"})
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path, environ={})
    assert caught.value.faults == (
        Fault(
            file="sources/alpha.yaml",
            line=5,
            key="endpoints[0].evry",
            value='"30m"',
            rule="unknown key",
            hint="nearest known key: every",
        ),
    )


@pytest.mark.parametrize("name", ["alpha", "ALPHA"])
def test_two_sources_of_one_name_are_both_told(tmp_path, name):
    fill(
        tmp_path,
        GOOD | {"sources/beta.yaml": "kind: feed\n" + SOURCE.replace("kind: feed\n", "").replace("alpha", name)},
    )
    [fault] = faults_of(tmp_path)
    assert fault.startswith(f'sources/beta.yaml:2: name = "{name}": this name is taken by sources/alpha.yaml:1')


@pytest.mark.parametrize("file", ["themes.yaml", "subscriptions.yaml"])
def test_two_themes_or_subscriptions_of_one_name_are_told(tmp_path, file):
    text = GOOD[file]
    fill(tmp_path, GOOD | {file: text + "".join(text.splitlines(keepends=True)[1:])})
    assert "this name is taken by" in faults_of(tmp_path)[0]


def test_a_subscription_to_all_themes_needs_one(tmp_path):
    fill(tmp_path, GOOD | {"themes.yaml": "themes: []\n"})
    assert faults_of(tmp_path) == [
        (
            'subscriptions.yaml:2: subscriptions[0].name = "daily": '
            "a subscription needs a theme, and themes.yaml has none; add one there"
        )
    ]


def test_a_file_that_cannot_be_parsed_raises_no_doubt_about_its_names(tmp_path):
    fill(tmp_path, GOOD | {"sources/alpha.yaml": "name: [\n", "themes.yaml": "themes: [\n"})
    fill(tmp_path, {"subscriptions.yaml": SUBSCRIPTIONS + "    themes: [robots]\n    sources: [alpha]\n"})
    assert [fault.split(":")[0] for fault in faults_of(tmp_path)] == ["themes.yaml", "sources/alpha.yaml"]


@pytest.mark.parametrize(
    "text", [": 1", "a: 1: 2", "- [", "&a", "!b", "%c", "`d", "| x", "> y", "'", '"', "{", "}", "]", ","]
)
def test_any_syntax_error_is_one_fault_with_its_line(tmp_path, text):
    fill(tmp_path, GOOD | {"presswatch.yaml": f"timezone: UTC\ncontact: {text}\n"})
    assert all(fault.startswith(("presswatch.yaml:2: ", "presswatch.yaml:3: ")) for fault in faults_of(tmp_path))


def test_a_variable_is_taken_from_the_given_environment(tmp_path):
    fill(tmp_path, GOOD | {"presswatch.yaml": "database: sqlite:////${WORD}/${NAME}\nmin_free_mb: ${MB}\n"})
    config = load_config(tmp_path, environ={"WORD": "geheim", "NAME": "press", "MB": "7"})
    assert config.settings.database == "sqlite:////geheim/press"
    assert config.settings.min_free_mb == 7


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("presswatch.yaml", "timezone: ${SECRET}\n"),
        ("presswatch.yaml", "hosts_at_once: ${SECRET}\n"),
        ("presswatch.yaml", "contct: ${SECRET}\n"),
        ("presswatch.yaml", "safety: {allow_networks: ['${SECRET}'], timeout: '${SECRET}'}\n"),
        ("presswatch.yaml", "contact: ${SECRET}${MISSING}\n"),
        ("subscriptions.yaml", SUBSCRIPTIONS + "    themes: ['${SECRET}']\n    at: ${SECRET}\n"),
        ("subscriptions.yaml", SUBSCRIPTIONS.replace("daily", "${SECRET} ${SECRET}")),
        ("themes.yaml", THEMES.replace("{plain: [机器人]}", "{regex: ['(${SECRET}', '(?P=${SECRET})']}")),
        ("sources/alpha.yaml", SOURCE + "rights: ${SECRET}\ntimezone: ${SECRET}\n  \n"),
        ("sources/alpha.yaml", SOURCE.replace("https://", "https://x:${SECRET}@") + "    cron: ${SECRET}\n"),
        ("sources/alpha.yaml", SOURCE.replace("alpha.example", "${SECRET}..example")),
    ],
)
def test_a_secret_never_stands_in_a_report(tmp_path, file, text):
    fill(tmp_path, GOOD | {file: text})
    report = "\n".join(faults_of(tmp_path, {"SECRET": "geheim-99"}))
    assert "geheim" not in report
    assert "${SECRET}" in report


def test_a_secret_name_is_no_hint(tmp_path):
    fill(tmp_path, GOOD | {"themes.yaml": THEMES.replace("robots", "${SECRET}")})
    fill(tmp_path, {"subscriptions.yaml": SUBSCRIPTIONS + "    themes: [gehei]\n"})
    assert faults_of(tmp_path, {"SECRET": "geheim"}) == [
        'subscriptions.yaml:3: subscriptions[0].themes[0] = "gehei": there is no such theme'
    ]


def test_a_long_value_is_shortened(tmp_path):
    fill(tmp_path, GOOD | {"presswatch.yaml": f"timezone: {'x' * 500}\n"})
    assert len(faults_of(tmp_path)[0]) < 200


def test_byte_order_mark_and_crlf_are_no_faults(tmp_path):
    fill(tmp_path, GOOD | {"presswatch.yaml": b"\xef\xbb\xbf# x\r\nhosts_at_once: 3\r\nx: 1\r\n"})
    assert faults_of(tmp_path) == [
        "presswatch.yaml:3: x = 1: unknown key; known: " + ", ".join(sorted(load.Settings.model_fields))
    ]


def test_an_empty_settings_file_means_the_defaults(tmp_path):
    fill(tmp_path, GOOD | {"presswatch.yaml": "# nothing yet\n"})
    assert load_config(tmp_path, environ={}).settings == load.Settings()


def test_an_unquoted_time_of_day_is_understood(tmp_path):
    fill(tmp_path, GOOD | {"subscriptions.yaml": SUBSCRIPTIONS + "    at: 18:30\n"})
    assert load_config(tmp_path, environ={}).subscriptions[0].at == "18:30"


def test_the_day_the_terms_were_read_is_a_date(tmp_path):
    fill(tmp_path, GOOD | {"sources/alpha.yaml": SOURCE + "terms: {read: 2025-03-01}\n"})
    assert load_config(tmp_path, environ={}).sources[0].terms.read == date(2025, 3, 1)


@pytest.mark.parametrize("name", ["九边", "36kr", "a-b_c", "记忆承载3"])
def test_a_name_may_hold_letters_digits_and_han(tmp_path, name):
    fill(tmp_path, GOOD | {"sources/alpha.yaml": SOURCE.replace("name: alpha", f"name: {name}")})
    assert load_config(tmp_path, environ={}).sources[0].name == name


@pytest.mark.parametrize("name", ["..", "a/b", ".a", "-a", "_a", "a b", "''", "x" * 41, "九\\边", "a:b"])
def test_a_name_that_is_no_folder_name_is_refused(tmp_path, name):
    fill(tmp_path, GOOD | {"sources/alpha.yaml": SOURCE.replace("name: alpha", f"name: {name}")})
    assert "a name has letters, Han, digits, - and _" in faults_of(tmp_path)[0]


def test_hidden_and_other_files_are_passed_over(tmp_path):
    fill(
        tmp_path,
        GOOD | {"sources/.alpha.yaml": "[", "sources/.b.yml": "[", "sources/README.md": "x", "notes.yaml": "["},
    )
    assert len(load_config(tmp_path, environ={}).sources) == 1


@pytest.mark.parametrize(("name", "meant"), [("themes.yml", "themes.yaml"), ("theme.yaml", "themes.yaml")])
def test_a_misnamed_file_is_not_passed_over(tmp_path, name, meant):
    fill(tmp_path, {name: THEMES})
    assert faults_of(tmp_path) == [f"{name}: not a file presswatch reads; rename it to {meant}"]


def test_a_file_beside_the_one_it_resembles_is_passed_over(tmp_path):
    fill(tmp_path, GOOD | {"themes2.yaml": "["})
    assert load_config(tmp_path, environ={}).themes[0].name == "robots"


def test_a_file_that_cannot_be_read_is_a_fault(tmp_path):
    fill(tmp_path, GOOD)
    (tmp_path / "presswatch.yaml").mkdir()
    (tmp_path / "sources/link.yaml").symlink_to("nowhere")
    assert faults_of(tmp_path) == [
        "presswatch.yaml: the file cannot be read: Is a directory",
        "sources/link.yaml: the file cannot be read: No such file or directory",
    ]


def test_a_link_that_leads_nowhere_does_not_mean_the_shipped_file(tmp_path):
    (tmp_path / "themes.yaml").symlink_to("nowhere")
    assert faults_of(tmp_path) == ["themes.yaml: the file cannot be read: No such file or directory"]


def test_sources_must_be_a_folder(tmp_path):
    fill(tmp_path, {"sources": "name: alpha\n"})
    assert faults_of(tmp_path) == ["sources: expected a folder with one file per source"]


def test_a_folder_that_does_not_exist_is_one_fault(tmp_path):
    assert faults_of(tmp_path / "none") == [f"{tmp_path}/none: this config folder does not exist"]


# What is shipped.


def test_the_shipped_config_loads():
    config = load_config(shipped_config(), environ={})
    assert [theme.name for theme in config.themes] == [
        "deepseek", "agents", "six_dragons", "humanoid", "inference_chips",
        "batteries", "autonomous_driving", "space", "biotech", "ai_investment",
    ]  # fmt: skip
    assert [(item.name, item.at, item.timezone, item.themes) for item in config.subscriptions] == [
        ("daily", "08:00", None, "all"),
        ("chips", "07:30", "America/Los_Angeles", ("inference_chips", "agents")),
    ]
    assert len(config.sources) == len(list((shipped_config() / "sources").glob("*.yaml")))


def test_the_shipped_settings_are_the_defaults_and_show_them_all():
    shipped = load_config(shipped_config(), environ={}).settings
    assert shipped == load.Settings()
    assert shipped.model_fields_set == set(load.Settings.model_fields)


def test_the_shipped_mirror_is_asked_rarely_and_shown_as_an_excerpt():
    source = load_config(shipped_config(), environ={}).source("九边")
    assert source.kind is Kind.WECHAT_MIRROR
    assert source.endpoints[0].every == timedelta(hours=6)
    assert source.articles.max_age == timedelta(days=14)
    assert source.rights is Rights.EXCERPT
    assert check_fetchable(source.endpoints[0].url).hostname == "lazybook.netlify.app"


def test_no_shipped_source_claims_that_its_terms_were_read():
    assert all(source.terms.read is None for source in load_config(shipped_config(), environ={}).sources)


def test_shipped_themes_have_words_enough_and_none_twice():
    for theme in load_config(shipped_config(), environ={}).themes:
        plain = [word.casefold() for word in theme.words.plain]
        excluded = [word.casefold() for word in theme.words.excluded]
        assert 12 <= len(plain) <= 80, theme.name
        assert len({*plain, *excluded}) == len(plain) + len(excluded), theme.name


def test_what_a_folder_lacks_is_the_shipped_file(tmp_path):
    shipped, bare = load_config(shipped_config(), environ={}), load_config(tmp_path, environ={})
    assert bare.model_copy(update={"folder": shipped.folder, "sources": shipped.sources}) == shipped
    assert bare.sources == ()


def test_a_file_in_the_folder_overrides_the_shipped_one(tmp_path):
    config = load_config(fill(tmp_path, {"themes.yaml": THEMES}), environ={})
    assert [theme.name for theme in config.themes] == ["robots"]
    assert [subscription.name for subscription in config.subscriptions] == ["daily"]


@pytest.mark.parametrize(
    ("themes", "names"),
    [
        (("inference_chips", "agents", "robots"), ["daily", "chips"]),
        (("inference_chips",), ["daily"]),
        (("robots",), ["daily"]),
    ],
)
def test_a_shipped_subscription_needs_the_folders_own_themes(tmp_path, themes, names):
    one = "  - {{name: {0}, title: {0}, words: {{plain: [x]}}}}\n"
    fill(tmp_path, {"themes.yaml": "themes:\n" + "".join(map(one.format, themes))})
    assert [subscription.name for subscription in load_config(tmp_path, environ={}).subscriptions] == names


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("database: postgresql://localhost/press", "postgresql cannot be used yet"),
        ("database: foo", "not a database URL"),
        ("database: foo://x", "foo cannot be used yet"),
        ('contact: "a\\r\\nb"', "control characters"),
        ("retention: {off_theme: 900000d}", "more than 36500 days"),
    ],
)
def test_what_would_break_in_the_midst_of_a_run_is_refused_before_it(tmp_path, line, says):
    [fault] = faults_of(fill(tmp_path, GOOD | {"presswatch.yaml": f"{line}\n"}))
    assert says in fault


def test_an_empty_sources_folder_means_no_source(tmp_path):
    (tmp_path / "sources").mkdir()
    assert load_config(tmp_path, environ={}).sources == ()
