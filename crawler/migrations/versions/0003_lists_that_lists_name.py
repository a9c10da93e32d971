"""lists that lists name: sitemaps of an index, accounts of a mirror; keys by the rules of qq, iyiou and Discuz!.

What is stored under the address of such an article gets the key that its address has from now on; else it would be
announced again, fetched again and stored twice. The rules are those of crawler.site_keys at this revision, copied: a
migration must do the same whatever becomes of them later. An old key is the canonical address, so no more is needed.
"""

import re
from urllib.parse import parse_qsl

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None

_QQ_ID = r'(\d{8}[A-Z][0-9A-Z]{5})(?:[0-9A-Z]{2})?'
# Host, path, and what is put together of what they match; the first that fits counts.
_RULES = tuple((re.compile(host), re.compile(path), key) for host, path, key in (
    (r'news?\.qq\.com', rf'/(?:rain/a|omn/\d{{8}})/{_QQ_ID}(?:\.html?)?', 'qq:{2}'),
    (r'view\.inews\.qq\.com', rf'/a/{_QQ_ID}', 'qq:{2}'),
    (r'view\.inews\.qq\.com', r'/k/([0-9A-Za-z]+)', 'qq:k/{2}'),
    (r'xw\.qq\.com', r'/c/([a-z0-9]+)/(\d{14})', 'qq:{2}/{3}'),
    (r'(?!(?:view\.inews|xw|mp\.weixin)\.qq\.com).+\.qq\.com', r'/a/(\d{8})/(\d{6})\.html?', 'qq:{1}/{2}{3}'),
    (r'iyiou\.com', r'/(news|briefing)/\d{8}(\d{7})(?:\.html)?', 'iyiou:{2}/{3}'),
    (r'iyiou\.com', r'/p/(\d+)(?:\.html)?', 'iyiou:p/{2}'),
))
_NOT_DISCUZ = re.compile(r'(?:.+\.qq|iyiou)\.com')
_PORTAL = re.compile(r'(.*)/portal\.php')
_REWRITTEN = re.compile(r'(.*)/article-(\d{1,9})-(\d{1,2})\.html')


def upgrade() -> None:
    # Added in place, as in 0002. SQLite takes a column with its reference in one statement, and only so.
    op.execute('ALTER TABLE endpoint ADD COLUMN parent INTEGER '
               'CONSTRAINT fk_endpoint_parent REFERENCES endpoint (id)')
    op.add_column('endpoint', sa.Column('appeared', sa.DateTime(), nullable=True))
    op.add_column('endpoint', sa.Column('changed', sa.DateTime(), nullable=True))
    op.add_column('endpoint', sa.Column('undated', sa.Integer(), nullable=True))
    op.create_index('ix_endpoint_parent', 'endpoint', ['parent'], unique=False)
    _give_articles_new_keys(_give_entries_new_keys())


def _give_entries_new_keys() -> set[int]:
    """Of several entries of one article the oldest gets its key; the others stay as they are, under their own."""
    connection = op.get_bind()
    rows = connection.execute(sa.text('SELECT id, key FROM entry ORDER BY id')).all()
    taken, changed = {row.key for row in rows}, set[int]()
    for number, old in rows:
        if (new := _key_now(old)) in taken:
            continue
        taken.add(new)
        changed.add(number)
        for table in ('entry', 'sighting'):
            statement = sa.text(f'UPDATE {table} SET key = :new WHERE key = :old')
            connection.execute(statement, {'old': old, 'new': new})
    return changed


def _give_articles_new_keys(changed: set[int]) -> None:
    """Also where each was read; files that name a key of the entries that `changed` wait to be written anew."""
    connection = op.get_bind()
    rows = connection.execute(sa.text('SELECT entry, final_key, representative, path FROM article')).all()
    for row in rows:
        values = {'entry': row.entry, 'new': _key_now(row.final_key)}
        if values['new'] != row.final_key:
            connection.execute(sa.text('UPDATE article SET final_key = :new WHERE entry = :entry'), values)
        if row.path and not changed.isdisjoint({row.entry, row.representative}):
            statement = sa.text('UPDATE article SET filed = :filed WHERE entry = :entry')
            connection.execute(statement, {'entry': row.entry, 'filed': False})


def _key_now(old: str) -> str:
    """The key that the article of an old key has now."""
    if not old.startswith('url:'):
        return old
    address, _, query = old.removeprefix('url:').partition('?')
    host, slash, rest = address.partition('/')
    query = '&'.join(pair for pair in query.split('&') if pair != 'f=rss')
    return _site_key(host, slash + rest, query) or f'url:{address}' + (f'?{query}' if query else '')


def _site_key(host: str, path: str, query: str) -> str:
    for on, at, key in _RULES:
        if (there := on.fullmatch(host)) and (found := at.fullmatch(path)):
            parts = (there[0].removesuffix('.qq.com'), *found.groups())
            return key.format('', *parts)
    return '' if _NOT_DISCUZ.fullmatch(host) else _discuz_key(host, path, query)


def _discuz_key(host: str, path: str, query: str) -> str:
    asked = dict(parse_qsl(query, keep_blank_values=True, errors='surrogateescape'))
    portal, rewritten = _PORTAL.fullmatch(path), _REWRITTEN.fullmatch(path)
    folder = number = ''
    if portal and asked.get('mod') == 'view':
        folder, number = portal[1], asked.get('aid', '')
    elif rewritten and (int(rewritten[3]) == 1 or
                        int(rewritten[3]) <= 50 < int(rewritten[2]) and not 1990 <= int(rewritten[2]) <= 2100):
        folder, number = rewritten[1], rewritten[2]
    is_number = number.isascii() and number.isdigit()
    return f"discuz:{host}{folder}/{number.lstrip('0') or '0'}" if is_number else ''
