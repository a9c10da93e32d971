"""WARC files as other crawlers write them, and what an import of them leaves."""

import sqlite3
from contextlib import closing
from io import BytesIO

from click.testing import CliRunner
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from crawler.cli import cli

NOW = "2025-03-10T00:00:00+00:00"
DATE = "2025-03-05T06:07:08Z"
HTML = (("Content-Type", "text/html; charset=utf-8"),)


class Warc:
    """Builds a WARC file as another crawler writes it."""

    def __init__(self, *, packed=True):
        self.out = BytesIO()
        self.writer = WARCWriter(self.out, gzip=packed)
        self.writer.write_record(self.writer.create_warcinfo_record("other.warc.gz", {"software": "other/1.0"}))

    def response(self, url, body, *, status="200 OK", headers=HTML, date=DATE):
        data = body if isinstance(body, bytes) else body.encode()
        head = StatusAndHeaders(status, list(headers), protocol="HTTP/1.1")
        dated = {"WARC-Date": date} if date else {}
        record = self.writer.create_warc_record(
            url, "response", payload=BytesIO(data), length=len(data), http_headers=head, warc_headers_dict=dated
        )
        self.writer.write_record(record)
        return self

    def request(self, url):
        head = StatusAndHeaders("GET / HTTP/1.1", [("Host", "x")], is_http_request=True)
        self.writer.write_record(self.writer.create_warc_record(url, "request", http_headers=head))
        return self

    def write(self, path):
        path.write_bytes(self.out.getvalue())
        return path


def take(rig, *files, data=None, more=(), plain=False):
    options = ["--config", rig.config, "--data", data or rig.folder / "imported", "--now", NOW]
    options += [] if plain else ["--json"]
    arguments = [*options, "import", *files, *more]
    return CliRunner().invoke(cli, [str(argument) for argument in arguments], prog_name="presswatch")


def rows(rig, query, data=None):
    with closing(sqlite3.connect((data or rig.folder / "imported") / "presswatch.db")) as connection:
        return connection.execute(query).fetchall()
