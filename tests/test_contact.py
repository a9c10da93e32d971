"""Nobody is asked without a contact: what counts as one, which commands refuse, and what they leave undone."""

import os
import signal
import subprocess
import sys

import pytest
import yaml
from click.testing import CliRunner
from daemons import a_daemon
from rig import CONTACT as GOOD
from rig import Answer, feed

from crawler.cli import cli
from crawler.config.contact import check_header, require_contact, why_no_contact
from crawler.config.load import load_config
from crawler.config.places import shipped_config
from crawler.config.report import ConfigError


@pytest.mark.parametrize(
    "contact",
    [
        GOOD, "a.b+news@mail.presswatch-reader.co.uk", "https://presswatch-reader.org/bot", "http://presswatch-reader.org",
        "https://presswatch-reader.org:8443/about?x=1#me", "https://93.184.215.14/about", "https://xn--fiq228c.cn/",
        "desk@example.presswatch-reader.co.uk", "https://presswatch-reader.com.cn/",
    ],
)  # fmt: skip
def test_a_publisher_can_use_it(contact):
    assert (check_header(contact), why_no_contact(contact)) == (contact, "")


@pytest.mark.parametrize(
    "contact",
    [
        "", "me", "changeme", "TODO", "@me", "me@", "a@b@c.org", "me@localhost", "me@host", "you@example.com",
        "me@mail.example.org", "ops@a.example", "me@site.test", "me@nas.local", "bot@changeme.org",
        "https://x.corp", "me@api.default.svc",
        "you@yourdomain.com", "mailto:desk@presswatch-reader.org", "1.2.3.4",
        "https://localhost/", "https://example.com/bot", "http://127.0.0.1/", "http://10.0.0.1:8080/", "http://[::1]/",
        "https://host/", "ftp://presswatch-reader.org/", "https://", "https://me:secret@presswatch-reader.org/",
        "https://presswatch-reader.org/a b", "me@presswatch-reader..org",
        "you@example.co.uk", "https://www.example.com.cn", "me@yourdomain.com.cn",
    ],
)  # fmt: skip
def test_no_publisher_can_use_it(contact):
    check_header(contact)
    assert "expected a page that you answer for, https://…, or a mail address" in why_no_contact(contact)


@pytest.mark.parametrize(
    ("contact", "rule"),
    [
        ("a\r\nCookie: b", "control characters"), ("a\u200b", "control characters"), ("desk (me)", "holds a ("),
        ("a) Mozilla/5.0", "holds a )"), ("a\\", "holds a \\"), ("编辑部@新闻.cn", "ASCII"), ("é@x.org", "ASCII"),
    ],
)  # fmt: skip
def test_what_would_break_the_user_agent_is_a_fault_of_the_configuration(rig, contact, rule):
    with pytest.raises(ValueError, match="holds") as caught:
        check_header(contact)
    assert rule in str(caught.value)
    rig.write("presswatch.yaml", {"contact": contact})
    with pytest.raises(ConfigError) as refused:
        load_config(rig.config, environ={})
    assert rule in str(refused.value)


def test_the_rule_is_told_of_a_contact_from_the_environment_and_not_its_value(rig):
    rig.write("presswatch.yaml", {"contact": "${PW_CONTACT}"})
    with pytest.raises(ConfigError) as refused:
        load_config(rig.config, environ={"PW_CONTACT": "geheim@presswatch-reader.org (desk)"})
    assert "holds a (, which ends or breaks the user agent" in str(refused.value)
    assert "geheim" not in str(refused.value)


# -- where the fault is ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("timezone: UTC\ncontact: changeme\n", 'presswatch.yaml:2: contact = "changeme": expected a page'),
        ("timezone: UTC\n", "presswatch.yaml: contact: publishers are told whom to write to, and nobody is asked"),
        ('contact: ""\n', 'presswatch.yaml:1: contact = "": publishers are told'),
        ("contact: ${WHO}\n", 'presswatch.yaml:1: contact = "${WHO}": expected a page'),
        (None, "presswatch.yaml: contact: publishers are told"),
    ],
)
def test_the_line_is_named_and_what_to_do(rig, text, told):
    place = rig.config / "presswatch.yaml"
    place.unlink() if text is None else place.write_text(text)
    config = load_config(rig.config, environ={"WHO": "nobody-knows-me"})
    with pytest.raises(ConfigError) as refused:
        require_contact(rig.config, config.settings.contact)
    [fault] = refused.value.faults
    assert str(fault).startswith(told)
    assert str(fault).endswith(f"; write contact: https://… or contact: name@… into {place}")
    assert "nobody-knows-me" not in str(refused.value)


# -- commands ----------------------------------------------------------------------------------------------------------


def call(rig, *arguments, route=None):
    options = ["--config", rig.config, "--data", rig.data, *(["--route", route] if route else [])]
    return CliRunner().invoke(cli, [*map(str, options), *arguments], prog_name="presswatch")


@pytest.mark.parametrize(
    "command",
    [
        ["crawl"], ["crawl", "--all"], ["crawl", "alpha"], ["crawl", "--if-idle", "--then-digest"], ["schedule"],
        ["extract", "https://alpha.example/a"],
    ],
    ids=" ".join,
)  # fmt: skip
@pytest.mark.parametrize("contact", ["", "me@example.com"])
def test_what_asks_live_refuses_and_leaves_nothing_behind(rig, site, command, contact):
    rig.write("presswatch.yaml", {"contact": contact})
    result = call(rig, *command)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"Error: configuration: 1 fault in {rig.config}\npresswatch.yaml:1: contact = ")
    assert (rig.data.exists(), site.hits) == (False, [])


def test_scrapy_crawl_refuses_too(rig):
    places = ["-a", f"config={rig.config}", "-a", f"data={rig.data}"]
    command = [sys.executable, "-m", "scrapy", "crawl", "source", *places]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=os.environ)
    assert done.returncode == 2
    assert "presswatch.yaml: contact: publishers are told" in done.stderr
    assert not rig.data.exists()


def test_what_asks_nobody_or_a_local_server_does_not_refuse(rig, site):
    site.routes["alpha.example/feed"] = Answer(feed())
    assert call(rig, "crawl", route=site.url).exit_code == 0
    assert call(rig, "extract", "https://alpha.example/a", route=site.url).exit_code != 2
    for command in (["status"], ["digest"], ["doctor"], ["schedule", "--check"], ["archive", "verify"]):
        result = call(rig, *command)
        assert "configuration: 1 fault" not in result.stderr, command
    assert "no live run starts" in call(rig, "doctor").stdout


def test_a_replay_and_an_import_need_none(rig, site):
    site.routes["alpha.example/feed"] = Answer(feed("https://alpha.example/a"))
    assert call(rig, "crawl", route=site.url).exit_code == 0
    [captures] = (rig.data / "captures").glob("*.warc.gz")
    rig.data.rename(rig.folder / "before")
    captures = rig.folder / "before" / "captures" / captures.name
    assert call(rig, "crawl", "--replay", str(captures)).exit_code == 0
    assert call(rig, "import", str(captures)).exit_code == 0


def test_a_daemon_whose_config_loses_its_contact_keeps_the_old_one(rig):
    """Live, with nothing to ask: the one source is switched off."""
    rig.source(enabled=False)
    rig.write("presswatch.yaml", {"contact": GOOD, "min_free_mb": 0})
    rig.route = None
    with a_daemon(rig) as daemon:
        daemon.wait_for("watches 0 sources")
        rig.write("presswatch.yaml", {"contact": "", "min_free_mb": 0})
        daemon.send(signal.SIGHUP)
        assert "publishers are told whom to write to" in daemon.wait_for("the old one goes on")
        assert daemon.end() == 0


def test_init_says_it_first(tmp_path):
    result = CliRunner().invoke(cli, ["init", str(tmp_path / "conf")], prog_name="presswatch")
    assert f"1. set contact in {tmp_path / 'conf' / 'presswatch.yaml'}: nothing is crawled without one" in result.stdout


def test_the_shipped_configuration_names_nobody():
    settings = yaml.safe_load((shipped_config() / "presswatch.yaml").read_text(encoding="utf-8"))
    assert settings["contact"] == ""
