"""What ${NAME} stands for, every way it can fail told in one line, and that no secret is told with it."""

import logging
import os
import stat

import pytest
from click.testing import CliRunner
from config_faults import SOURCE, SUBSCRIPTIONS, THEMES, fill

from crawler.cli import cli
from crawler.config.load import load_config
from crawler.config.report import ConfigError
from crawler.config.secrets import SecretError, Secrets

CANARY = "geheim-99"
GOOD = {"sources/alpha.yaml": SOURCE, "themes.yaml": THEMES, "subscriptions.yaml": SUBSCRIPTIONS}
NEVER = pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")


def file(tmp_path, content, name="secret"):
    (tmp_path / name).write_bytes(content)
    return str(tmp_path / name)


# -- where it is found ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (b"geheim-99", "geheim-99"),
        (b"geheim-99\n", "geheim-99"),
        (b"geheim-99\r\n", "geheim-99"),
        (b"geheim-99\n\n", "geheim-99\n"),
        (b" a b ", " a b "),
        ("密码".encode(), "密码"),
        (b"\xef\xbb\xbfgeheim-99", "geheim-99"),
    ],
)
def test_a_file_holds_the_value_but_for_one_newline(tmp_path, content, value):
    assert Secrets({"TOKEN_FILE": file(tmp_path, content)}).find("TOKEN") == value


@pytest.mark.parametrize("name", ["TOKEN", "token"])
def test_a_credential_of_systemd_bears_the_name_in_either_case(tmp_path, name):
    file(tmp_path, b"geheim-99\n", name)
    assert Secrets({"CREDENTIALS_DIRECTORY": str(tmp_path)}).find("TOKEN") == CANARY


@pytest.mark.parametrize(
    ("environ", "value"),
    [
        ({"TOKEN": "a"}, "a"),
        ({"TOKEN": ""}, ""),
        ({"TOKEN": "a", "TOKEN_FILE": ""}, "a"),
        ({"TOKEN": "", "TOKEN_FILE": "FOLDER/secret"}, "of the file"),
        ({"TOKEN": "a", "CREDENTIALS_DIRECTORY": "FOLDER"}, "a"),
        ({"TOKEN_FILE": "FOLDER/secret", "CREDENTIALS_DIRECTORY": "FOLDER"}, "of the file"),
    ],
)
def test_variable_file_and_credential_come_in_this_order(tmp_path, environ, value):
    file(tmp_path, b"of the file")
    file(tmp_path, b"of the unit", "TOKEN")
    environ = {name: text.replace("FOLDER", str(tmp_path)) for name, text in environ.items()}
    assert Secrets(environ).find("TOKEN") == value


def test_a_pipe_is_read_once_for_all_files_of_the_config(tmp_path):
    reading, writing = os.pipe()
    os.write(writing, b"geheim-99\n")
    os.close(writing)
    try:
        fill(
            tmp_path,
            GOOD | {"presswatch.yaml": "contact: ${TOKEN}\n", "sources/alpha.yaml": SOURCE + "title: ${TOKEN}"},
        )
        config = load_config(tmp_path, environ={"TOKEN_FILE": f"/dev/fd/{reading}"})
    finally:
        os.close(reading)
    assert (config.settings.contact, config.sources[0].title) == (CANARY, CANARY)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("$${TOKEN}", "${TOKEN}"),
        ("a $${TOKEN} b ${TOKEN}", "a ${TOKEN} b geheim-99"),
        ("$$${TOKEN}", "$${TOKEN}"),
        ("$TOKEN", "$TOKEN"),
        ("$$", "$$"),
        ("$${}", "$${}"),
    ],
)
def test_two_dollars_stand_for_the_text_itself(tmp_path, written, value):
    fill(tmp_path, GOOD | {"presswatch.yaml": f"contact: '{written}'\n"})
    assert load_config(tmp_path, environ={"TOKEN": CANARY}).settings.contact == value


def test_an_escaped_name_needs_no_variable_and_is_told_as_it_is_written(tmp_path):
    fill(tmp_path, GOOD | {"presswatch.yaml": "timezone: $${TOKEN}\n"})
    with pytest.raises(ConfigError, match=r'timezone = "\$\$\{TOKEN\}": not a time zone'):
        load_config(tmp_path, environ={})


# -- how it fails -----------------------------------------------------------------------------------------------------

FAILURES = {  # environment, what FOLDER/secret holds, what is told
    "nothing is set": (
        {},
        None,
        (
            "the environment has no variable TOKEN; "
            "set it before presswatch starts, or name a file that holds it in TOKEN_FILE"
        ),
    ),
    "no file": (
        {"TOKEN_FILE": "FOLDER/geheim-99"},
        None,
        "the file that TOKEN_FILE names does not exist; put it there, or correct TOKEN_FILE",
    ),
    "the value for a path": (
        {"TOKEN_FILE": "geheim-99"},
        None,
        "the file that TOKEN_FILE names does not exist; put it there, or correct TOKEN_FILE",
    ),
    "a folder": (
        {"TOKEN_FILE": "FOLDER"},
        None,
        "the file that TOKEN_FILE names cannot be read: Is a directory; let this user read it, or correct TOKEN_FILE",
    ),
    "empty": (
        {"TOKEN_FILE": "FOLDER/secret"},
        b"\n",
        "the file that TOKEN_FILE names is empty; put the value into it, or correct TOKEN_FILE",
    ),
    "not UTF-8": (
        {"TOKEN_FILE": "FOLDER/secret"},
        b"geheim-99\xff",
        "the file that TOKEN_FILE names is not UTF-8 text; save it as UTF-8, or correct TOKEN_FILE",
    ),
    "some other file": (
        {"TOKEN_FILE": "FOLDER/secret"},
        b"geheim-99" * 10_000,
        "the file that TOKEN_FILE names has more than 65536 bytes; put the value alone into it, or correct TOKEN_FILE",
    ),
    "two at once": (
        {"TOKEN": "geheim-99", "TOKEN_FILE": "FOLDER/secret"},
        b"geheim-99",
        "both TOKEN and TOKEN_FILE are set; unset one of them",
    ),
    "an empty credential": (
        {"CREDENTIALS_DIRECTORY": "FOLDER/unit"},
        None,
        (
            "the credential token in CREDENTIALS_DIRECTORY is empty; "
            "put the value into it, or correct the unit's LoadCredential="
        ),
    ),
}


@pytest.mark.parametrize(("environ", "content", "told"), FAILURES.values(), ids=FAILURES)
def test_each_failure_is_one_fault_that_names_no_value(tmp_path, environ, content, told):
    environ = {name: text.replace("FOLDER", str(tmp_path)) for name, text in environ.items()}
    (tmp_path / "unit").mkdir()
    file(tmp_path, b"", "unit/token")
    if content is not None:
        file(tmp_path, content)
    config = fill(tmp_path / "config", GOOD | {"presswatch.yaml": "timezone: UTC\ncontact: x ${TOKEN}\n"})
    with pytest.raises(ConfigError) as caught:
        load_config(config, environ=environ)
    [fault] = caught.value.faults
    assert str(fault) == f'presswatch.yaml:2: contact = "x ${{TOKEN}}": {told}'
    assert CANARY not in repr(caught.value)


@NEVER
def test_a_file_this_user_may_not_read_is_told(tmp_path):
    path = file(tmp_path, b"geheim-99")
    (tmp_path / "secret").chmod(0)
    with pytest.raises(SecretError, match="cannot be read: Permission denied; let this user read it"):
        Secrets({"TOKEN_FILE": path}).find("TOKEN")


# -- that it is never told --------------------------------------------------------------------------------------------

BAD = {  # a file with the canary behind ${SECRET}, in a place where it cannot stand
    "redis_url": ("presswatch.yaml", "redis_url: http://:${SECRET}@h/0\n"),
    "redis_url that is none": ("presswatch.yaml", "redis_url: 'redis://[${SECRET}'\n"),
    "proxy": ("presswatch.yaml", "proxy: https://me:${SECRET}@h:1\n"),
    "proxy that is none": ("presswatch.yaml", "proxy: 'http://[${SECRET}'\n"),
    "proxy of a source": ("sources/alpha.yaml", SOURCE + "proxy: http://me:${SECRET}@h\n"),
    "database": ("presswatch.yaml", "database: postgresql://x:${SECRET}@h/d\n"),
    "database that is none": ("presswatch.yaml", "database: ${SECRET}\n"),
    "database of an unknown kind": ("presswatch.yaml", "database: '${SECRET}://x'\n"),
    "contact": ("presswatch.yaml", 'contact: "${SECRET}\\u0007"\n'),
    "number": ("presswatch.yaml", "min_free_mb: ${SECRET}\n"),
    "network": ("presswatch.yaml", "safety: {allow_networks: ['${SECRET}']}\n"),
    "duration": ("presswatch.yaml", "retention: {captures: '${SECRET}'}\n"),
    "header": ("sources/alpha.yaml", SOURCE + 'headers: {X-Key: "${SECRET}\\u0007"}\n'),
    "referer": ("sources/alpha.yaml", SOURCE + "headers: {Referer: '${SECRET}'}\n"),
    "address": ("sources/alpha.yaml", SOURCE.replace("https://", "https://x:${SECRET}@")),
    "placeholder": ("sources/alpha.yaml", SOURCE.replace("/feed", "/{page}?k=${SECRET}{foo}")),
    "selector": ("sources/alpha.yaml", SOURCE + "articles: {body: '${SECRET}['}\n"),
    "charset": ("sources/alpha.yaml", SOURCE + "charset: ${SECRET}\n"),
}


@pytest.mark.parametrize("command", ["crawl", "digest", "doctor"])
@pytest.mark.parametrize(("name", "text"), BAD.values(), ids=BAD)
def test_no_command_tells_a_secret_that_is_out_of_place(tmp_path, caplog, monkeypatch, command, name, text):
    monkeypatch.setenv("SECRET", CANARY)
    config = fill(tmp_path / "config", GOOD | {name: text})
    places = ["--config", str(config), "--data", str(tmp_path / "data"), "--json"]
    with caplog.at_level(logging.DEBUG):
        result = CliRunner().invoke(cli, [*places, command], prog_name="presswatch")
    assert result.exit_code == 2
    assert "${SECRET}" in result.output
    assert CANARY not in result.output + caplog.text


def test_a_password_that_a_file_spells_out_is_not_told_either(tmp_path):
    fill(
        tmp_path,
        GOOD
        | {
            "presswatch.yaml": "redis_url: http://:geheim-99@h/0\ndatabase: mysql://x:geheim/99@h/d\nproxy: ftp://me:geheim-99@h:1\n"
        },
    )
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path, environ={})
    assert [fault.value for fault in caught.value.faults] == [
        '"http://:…@h/0"',
        '"mysql://x:…@h/d"',
        '"ftp://me:…@h:1"',
    ]
    assert "geheim" not in str(caught.value)


def test_no_model_shows_a_secret_in_its_repr(tmp_path):
    text = "redis_url: redis://:${SECRET}@h/0\ndatabase: sqlite:////tmp/${SECRET}.db\n"
    source = SOURCE + "headers: {X-Key: '${SECRET}'}\n"
    fill(tmp_path, GOOD | {"presswatch.yaml": text, "sources/alpha.yaml": source})
    config = load_config(tmp_path, environ={"SECRET": CANARY})
    assert CANARY in config.settings.redis_url + config.settings.database
    assert CANARY not in f"{config!r} {config} {Secrets({'SECRET': CANARY})!r}"


def test_a_secret_file_is_left_as_it_is(tmp_path):
    path = file(tmp_path, b"geheim-99\n")
    (tmp_path / "secret").chmod(0o400)
    Secrets({"TOKEN_FILE": path}).find("TOKEN")
    assert (tmp_path / "secret").read_bytes() == b"geheim-99\n"
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o400
