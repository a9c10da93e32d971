"""The archive file: where it lies and what it holds, and the one writer that never leaves half a file.

Its form is that of the seed corpus: Hugo front matter with seventeen keys in fixed order, ours under one further
key `presswatch`, the body as Markdown, and a last line that cites the source.
"""

import hashlib
import json
import os
import re
import secrets
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from pathlib import Path, PurePosixPath

from crawler.items import Dating, Precision

Value = str | int | float | bool | None | Sequence["Value"] | Mapping[str, "Value"]
"""What may stand in the front matter. Times are given as ISO 8601 text."""

_SLUG_BYTES = 60
_SUMMARY_CHARACTERS = 50
_SUMMARY_WORDS = 50  # for English
# Letters and digits of any script; neither "/" nor "." is among them, so a title cannot name another folder.
_WORD = re.compile(r"[^\W_]+")
# What a YAML reader refuses or takes for a line break when it stands unescaped; JSON leaves these alone.
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")
_PLAIN_KEY = re.compile(r"[a-z][a-z0-9_]*")
_YAML_WORDS = frozenset("y n yes no on off true false null".split())
# What would end a Markdown link's address or the line it stands on.
_UNSAFE_IN_LINK = re.compile(r"[\s()<>\\\x00-\x1f]")


@dataclass(frozen=True, kw_only=True)
class FileFacts:
    """Everything one archive file is made of."""

    source: str  # its name, also the first folder of the path
    key: str  # the article key
    title: str
    published: Dating | None
    zone: tzinfo  # the source's; `date` is given in it
    kept_at: datetime
    language: str  # zh-CN, en …
    markdown: str
    text: str  # a paragraph a line
    cite: str  # the URL of the first publication where known, else where it was read
    images: tuple[str, ...] = ()
    ours: Mapping[str, Value] = field(default_factory=dict)  # what goes under `presswatch`


def key_hash(key: str) -> str:
    """Ten hex digits that stand for an article key in file names."""
    return hashlib.sha256(key.encode()).hexdigest()[:10]


def slug(title: str) -> str:
    """The title's words joined with "-", at most 60 bytes of UTF-8, cut at a character border, never empty."""
    joined = "-".join(_WORD.findall(unicodedata.normalize("NFKC", title)))
    cut = joined.encode("utf-8", "ignore")[:_SLUG_BYTES].decode("utf-8", "ignore")
    return cut.strip("-") or "untitled"


def archive_path(*, source: str, title: str, key: str, kept_at: datetime, zone: tzinfo) -> PurePosixPath:
    """`<source>/<YYYY>/<MM>/<DD>-<slug>-<key>.md`, below the archive folder.

    `zone` is the installation's: the day is the one on which the article was kept there.
    """
    day = kept_at.astimezone(zone)
    return PurePosixPath(source, f"{day:%Y}", f"{day:%m}", f"{day:%d}-{slug(title)}-{key_hash(key)}.md")


def render(facts: FileFacts) -> str:
    """The whole file as text."""
    front = "\n".join(line for key, value in _front_matter(facts).items() for line in _block(key, value, 0))
    cited = _UNSAFE_IN_LINK.sub(_percent_encoded, facts.cite)
    return f"---\n{front}\n---\n\n{facts.markdown.strip()}\n\n[{facts.source}]({cited})\n"


def _front_matter(facts: FileFacts) -> dict[str, Value]:
    language = _language(facts.language)
    return {
        "title": facts.title,
        "date": _local_date(facts.published, facts.zone),
        "summary": _summary(facts.text, language),
        "categories": [facts.source],
        "lang": [language],
        "translations": [language],
        "tags": [facts.source],
        "menu": "",
        # A theme would load a thumbnail from its publisher's host for every reader; images are off until asked for.
        "thumbnail": "",
        "lead": "",
        "comments": False,
        "authorbox": False,
        "pager": True,
        "toc": False,
        "mathjax": False,
        "sidebar": "right",
        "widgets": ["search", "recent", "taglist"],
        "presswatch": _ours(facts),
    }


def _ours(facts: FileFacts) -> dict[str, Value]:
    kept_at = facts.kept_at.isoformat(timespec="seconds")
    images: dict[str, Value] = {"images": list(facts.images)} if facts.images else {}
    return {"key": facts.key, "kept_at": kept_at, **facts.ours, **images}


def _language(tag: str) -> str:
    """The corpus knows zh-CN and en; other languages keep their tag."""
    short = tag.lower().split("-")[0]
    if short == "en":
        return "en"
    return "zh-CN" if tag.lower() in {"zh", "zh-cn", "zh-hans", "zh-hans-cn"} else tag


def _local_date(published: Dating | None, zone: tzinfo) -> str:
    if published is None:
        return ""
    # A bare day is midnight in the zone it was assumed in; moved to another zone it could become the day before.
    local = published.at if published.precision is Precision.DAY else published.at.astimezone(zone)
    return local.strftime("%Y-%m-%d %H:%M:%S")


def _summary(text: str, language: str) -> str:
    """The corpus puts nothing in the place of a break between blocks."""
    joined = "".join(line.strip() for line in text.splitlines())
    if not joined:
        return ""
    if language == "en":
        return " ".join(joined.split()[:_SUMMARY_WORDS]) + "..."
    return joined[:_SUMMARY_CHARACTERS] + "..."


def _block(key: str, value: Value, depth: int) -> Iterator[str]:
    """A key and its value in block style, one line at a time."""
    start = "  " * depth + _key(key) + ":"
    if isinstance(value, Mapping) and value:
        yield start
        for inner, item in value.items():
            yield from _block(inner, item, depth + 1)
    elif isinstance(value, Sequence) and not isinstance(value, str) and value:
        yield start
        for item in value:
            yield "  " * (depth + 1) + "- " + _flow(item)
    else:
        yield f"{start} {_flow(value)}"


def _flow(value: Value) -> str:
    """A value on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(key)}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(_flow(item) for item in value) + "]"
    if isinstance(value, float):
        return _number(value)
    return _UNPRINTABLE.sub(_yaml_escape, json.dumps(value, ensure_ascii=False))


def _key(key: str) -> str:
    return key if _PLAIN_KEY.fullmatch(key) and key not in _YAML_WORDS else _flow(key)


def _number(value: float) -> str:
    """YAML 1.1 reads 1e-05 as text: it wants a point before the exponent."""
    mantissa, mark, exponent = json.dumps(value, allow_nan=False).partition("e")
    return mantissa + ("" if "." in mantissa else ".0") + mark + exponent


def _yaml_escape(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"


def _percent_encoded(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match[0].encode())


def write_atomically(root: Path, relative: PurePosixPath, text: str) -> Path:
    """Write `text` at `relative` below `root`; under that name there is never half a file.

    Returns:
        The path that was written.

    Raises:
        ValueError: `relative` leads out of `root`.
        OSError: the disk refused; what stood there before still stands.
    """
    if relative.is_absolute() or ".." in relative.parts:
        raise ValueError(f"expected a path below {root}, got {relative}")
    target = root / relative
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.parent / f".{secrets.token_hex(8)}.tmp"
    try:
        with temporary.open("xb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    return target
