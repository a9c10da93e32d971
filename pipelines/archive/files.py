"""The archive file: where it lies and what it holds, and the one writer that never leaves half a file.

Its form is that of the seed corpus: Hugo front matter with seventeen keys in fixed order, ours under one further
key `presswatch`, the body as Markdown, and a last line that cites the source.
"""

import hashlib
import os
import re
import secrets
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from crawler.items import Dating, Precision
from crawler.storage import sync_folder

Value = str | int | float | bool | None | Sequence["Value"] | Mapping[str, "Value"]
"""What may stand in the front matter. Times are given as ISO 8601 text."""

_SLUG_BYTES = 60
_SUMMARY_CHARACTERS = 50
_SUMMARY_WORDS = 50  # for English
# Letters and digits of any script; neither "/" nor "." is among them, so a title cannot name another folder.
_WORD = re.compile(r"[^\W_]+")
_PLAIN_KEY = re.compile(r"[a-z][a-z0-9_]*")
_ESCAPE = re.compile(r"\\(?:U(?P<code>[0-9A-F]{8})|.)")
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
    cite: str  # the URL of the first publication where known, else where it was read; "" where neither is
    thumbnail: str = ""
    images: tuple[str, ...] = ()
    ours: Mapping[str, Value] = field(default_factory=dict)  # what goes under `presswatch`


def key_hash(key: str) -> str:
    """Ten hex digits that stand for an article key in file names."""
    return hashlib.sha256(key.encode()).hexdigest()[:10]


def sha256(content: str | bytes) -> str:
    """The hash by which a file is recognised, in hex."""
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()


def slug(title: str) -> str:
    """The title's words joined with "-", at most 60 bytes of UTF-8, cut at a character border, never empty."""
    joined = "-".join(_WORD.findall(unicodedata.normalize("NFKC", title)))
    cut = joined.encode("utf-8", "ignore")[:_SLUG_BYTES].decode("utf-8", "ignore")
    return cut.strip("-") or "untitled"


def archive_path(*, source: str, title: str, key: str, day: datetime | None, zone: tzinfo) -> PurePosixPath:
    """`<source>/<YYYY>/<MM>/<DD>-<slug>-<key>.md`, below the archive folder; `<source>/undated/…` without a day.

    `day` is when the article was kept (for a seed: published, where that is known), counted in `zone`, the
    installation's.
    """
    if day is None:
        return PurePosixPath(source, "undated", f"{slug(title)}-{key_hash(key)}.md")
    day = day.astimezone(zone)
    return PurePosixPath(source, f"{day:%Y}", f"{day:%m}", f"{day:%d}-{slug(title)}-{key_hash(key)}.md")


def render(facts: FileFacts, *, plain: bool = False) -> str:
    """The whole file as text; `plain` leaves out our own key, so that the file is one of the corpus's own."""
    front = _front_matter(facts)
    if plain:
        del front["presswatch"]
    cited = f"[{facts.source}]({_UNSAFE_IN_LINK.sub(_percent_encoded, facts.cite)})" if facts.cite else ""
    return "\n\n".join(filter(None, (f"---\n{_yaml(front)}---", facts.markdown.strip(), cited))) + "\n"


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
        # None of a crawled page: every reader would load it from its publisher's host, and images are off until asked
        # for. A seed keeps its own.
        "thumbnail": facts.thumbnail,
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


class _Quoted(str):
    """Text between double quotes, so that no reader takes it for a number, a date or a truth."""

    __slots__ = ()


class _FrontMatterDumper(yaml.SafeDumper):
    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: FBT001, FBT002
        super().increase_indent(flow=flow, indentless=False)

    def ignore_aliases(self, data: Any) -> bool:
        return True


_FrontMatterDumper.add_representer(
    _Quoted, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')
)


def _yaml(front: Mapping[str, Value]) -> str:
    dumped = yaml.dump(
        _quoted(front), Dumper=_FrontMatterDumper, allow_unicode=True, sort_keys=False, width=float("inf")
    )
    # PyYAML escapes every character beyond U+FFFF, emoji among them; every reader takes them as they are.
    return _ESCAPE.sub(lambda escape: chr(int(escape["code"], 16)) if escape["code"] else escape[0], dumped)


def _quoted(value: Value) -> Any:
    if isinstance(value, str):
        return _Quoted(value)
    if isinstance(value, Mapping):
        return {key if _PLAIN_KEY.fullmatch(key) else _Quoted(key): _quoted(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [_quoted(item) for item in value]
    return value


def _percent_encoded(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match[0].encode())


def write_atomically(root: Path, relative: PurePosixPath, text: str) -> Path:
    """Write `text` at `relative` below `root`; under that name there is never half a file.

    When this returns, file and name are on the disk and survive a power cut.

    Returns:
        The path that was written.

    Raises:
        ValueError: `relative` leads out of `root`.
        OSError: the disk refused; what stood there before still stands, or all of `text` does.
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
    # A name is kept by its folder, and a folder made just now by the one above.
    for folder in relative.parents:
        sync_folder(root / folder)
    return target
