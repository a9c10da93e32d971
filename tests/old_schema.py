"""A database as the first presswatch left it: revision 0001, a row in every table, in that revision's own SQL."""

import json
import sqlite3
from contextlib import closing

from crawler.database import Database, sqlite_url, upgrade

TEXT = "这台机器人今天第一次走进了工厂的装配线，工程师们在旁边记录它的每一个动作。"
OTHER = "今日多云转晴，气温回升，适合出门散步。"
DATING = {
    "at": "2025-03-02T23:00:00+00:00",
    "precision": "second",
    "where": "feed",
    "text": "Mon, 03 Mar 2025 07:00:00 +0800",
    "zone": "",
}
VERDICT = {
    "theme": "robots",
    "score": 6.0,
    "floor": 3.0,
    "hits": [{"term": "机器人", "field": "title", "count": 1, "weight": 3.0, "excerpt": "机器人进厂"}],
    "vetoed_by": "",
}
PATHS = ("alpha/2025/03/03-机器人进厂-aaaaaaaaaa.md", "alpha/2025/03/03-机器人来了-bbbbbbbbbb.md")

ROWS = f"""
INSERT INTO run (id, command, process, started, ended, interrupted, error) VALUES
  (1, 'crawl', 41, '2025-03-03 00:00:00.000000', '2025-03-03 00:00:09.000000', 0, ''),
  (2, 'crawl --all', 42, '2025-03-03 01:00:00.000000', NULL, 0, '');
INSERT INTO book (run, source, carried_in, found, kept, copy, off_theme, stale, refused, blocked, gone, no_text, failed,
                  carried_out, known, polls, polls_failed, requests, bytes, error) VALUES
  (1, 'alpha', 0, 4, 1, 1, 1, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 5, 9000, ''),
  (2, 'alpha', 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, NULL, 0, 0, 0, 0, 0, '');
INSERT INTO host (name, next_due, lease_until, lease_token, generation, failures, last_error, last_request_at) VALUES
  ('alpha.example', NULL, '2025-03-03 07:00:00.000000', 'abc', 2, 0.0, '', '2025-03-03 00:00:08.000000');
INSERT INTO robots (origin, fetched_at, status, body) VALUES
  ('https://alpha.example', '2025-03-03 00:00:01.000000', 404, '');
INSERT INTO endpoint (id, source, url, host, etag, last_modified, body_hash, recipe, ttl, first_polled, last_polled,
                      last_success, last_new, next_due, failures, last_outcome, last_error) VALUES
  (1, 'alpha', 'https://alpha.example/feed', 'alpha.example', '"v1"', '', '', 'r', NULL, '2025-03-02 00:00:00.000000',
   '2025-03-03 00:00:02.000000', '2025-03-03 00:00:02.000000', '2025-03-03 00:00:02.000000',
   '2025-03-03 00:30:00.000000', 0.0, 'new', '');
INSERT INTO entry (id, key, source, endpoint, host, url, original_url, title, summary, authors, published, first_seen,
                   first_run, backlog, attempts, next_try, last_error, outcome, reason, ended, ended_run) VALUES
  (1, 'url:alpha.example/a', 'alpha', 1, 'alpha.example', 'https://alpha.example/a', '', '机器人进厂', '', '["林"]',
   '{json.dumps(DATING)}', '2025-03-03 00:00:02.000000', 1, 0, 0.0, NULL, '', 'kept', 'on theme: robots',
   '2025-03-03 00:00:04.000000', 1),
  (2, 'url:alpha.example/b', 'alpha', 1, 'alpha.example', 'https://alpha.example/b', '', '机器人来了', '', '[]', NULL,
   '2025-03-03 00:00:02.000000', 1, 0, 0.0, NULL, '', 'copy', 'same_text as entry 1', '2025-03-03 00:00:05.000000', 1),
  (3, 'url:alpha.example/c', 'alpha', 1, 'alpha.example', 'https://alpha.example/c', '', '天气', '', '[]', NULL,
   '2025-03-03 00:00:02.000000', 1, 1, 0.5, NULL, '', 'off_theme', 'no theme takes it',
   '2025-03-03 00:00:06.000000', 1),
  (4, 'url:alpha.example/d', 'alpha', 1, 'alpha.example', 'https://alpha.example/d', '', '还在等', '', '[]', NULL,
   '2025-03-03 00:00:02.000000', 1, 0, 0.5, NULL, 'the server has an error: HTTP 503', NULL, '', NULL, NULL);
INSERT INTO sighting (endpoint, key, first_seen, last_seen)
  SELECT 1, key, first_seen, first_seen FROM entry;
INSERT INTO story (id, representative, started, updated) VALUES
  (1, 1, '2025-03-03 00:00:04.000000', '2025-03-03 00:00:05.000000');
INSERT INTO article (entry, source, outcome, origin, title, authors, account, language, url, original_url, final_key,
                     published, datings, fetched, kept_at, backlog, verdicts, themes, images, extractor, text_hash,
                     representative, path, filed, story) VALUES
  (1, 'alpha', 'kept', 'crawl', '机器人进厂', '["林"]', '', 'zh-CN', 'https://alpha.example/a', '',
   'url:alpha.example/a', '{json.dumps(DATING)}', '[{json.dumps(DATING)}]', '2025-03-03 00:00:03.000000',
   '2025-03-03 00:00:04.000000', 0, '[{json.dumps(VERDICT)}]', '["robots"]', '[]', 'trafilatura 2.1.0',
   'hash-one', NULL, '{PATHS[0]}', 1, 1),
  (2, 'alpha', 'copy', 'crawl', '机器人来了', '[]', '', 'zh-CN', 'https://alpha.example/b', '', 'url:alpha.example/b',
   NULL, '[]', '2025-03-03 00:00:04.000000', '2025-03-03 00:00:05.000000', 0,
   '[{json.dumps(VERDICT)}]', '["robots"]', '[]', 'trafilatura 2.1.0', 'hash-one', 1, '{PATHS[1]}', 0, 1),
  (3, 'alpha', 'off_theme', 'crawl', '天气', '[]', '', 'zh-CN', 'https://alpha.example/c', '', 'url:alpha.example/c',
   NULL, '[]', '2025-03-03 00:00:05.000000', '2025-03-03 00:00:06.000000', 1, '[]', '[]', '[]', 'trafilatura 2.1.0',
   'hash-two', NULL, '', 0, NULL);
INSERT INTO version (entry, number, seen, title, markdown, text, text_hash, diff) VALUES
  (1, 1, '2025-03-03 00:00:03.000000', '机器人进厂', '{TEXT}', '{TEXT}', 'hash-one', ''),
  (2, 1, '2025-03-03 00:00:04.000000', '机器人来了', '{TEXT}', '{TEXT}', 'hash-one', ''),
  (3, 1, '2025-03-03 00:00:05.000000', '天气', '{OTHER}', '{OTHER}', 'hash-two', '');
INSERT INTO copy (entry, original, level, measure, found) VALUES
  (2, 1, 'same_text', 1.0, '2025-03-03 00:00:05.000000');
INSERT INTO digest (id, subscription, date, cut_from, cut_to, issued) VALUES
  (1, 'daily', '2025-03-02', '2025-03-01 00:00:00.000000', '2025-03-02 00:00:00.000000', '2025-03-02 00:00:00.000000');
INSERT INTO delivery (id, digest, destination, state, attempts, next_try, accepted, last_error) VALUES
  (1, 1, 'mail:reader@alpha.example', 'accepted', 1, NULL, '2025-03-02 00:00:05.000000', '');
"""


def make_database_at_0001(path):
    """Build the tables by the first migration alone, and fill them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    database = Database(sqlite_url(path))
    with database.write() as connection:
        upgrade(connection, "0001")
    with closing(database.engine.raw_connection()) as connection:
        connection.driver_connection.executescript(f"BEGIN; {ROWS} COMMIT;")
    database.close()


def schema_of(path):
    """The revision a database is at."""
    with closing(sqlite3.connect(path)) as connection:
        [revision] = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        return revision


def write_filed_files(archive):
    """The file that the rows say is there; the other is still to be written."""
    (archive / PATHS[0]).parent.mkdir(parents=True, exist_ok=True)
    (archive / PATHS[0]).write_text("---\ntitle: 机器人进厂\n---\n", encoding="utf-8")
