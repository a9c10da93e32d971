"""A digest as text, in each of its formats. Pure: the same digest gives the same bytes."""

import json
import re
from dataclasses import asdict
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from crawler.text import clean
from pipelines.digest.model import Digest
from pipelines.digest.phrases import Phrases, outcomes_told
from pipelines.markdown import address, escaped, harmless, link, web_address


class Format(StrEnum):
    """The forms a digest is issued in. The values are the endings of its files."""

    MARKDOWN = "md"
    HTML = "html"
    JSON = "json"


def rendered(digest: Digest) -> dict[Format, str]:
    return {
        Format.MARKDOWN: render_markdown(digest),
        Format.HTML: render_html(digest),
        Format.JSON: render_json(digest),
    }


def render_markdown(digest: Digest) -> str:
    say = Phrases(language=digest.language, zone=ZoneInfo(digest.timezone), form=str, shown=escaped)
    text = _environment().get_template("digest.md.j2").render(digest=digest, say=say, outcomes=outcomes_told(digest))
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def render_html(digest: Digest) -> str:
    """One page that needs nothing from elsewhere; also the body of a mail."""
    say = Phrases(language=digest.language, zone=ZoneInfo(digest.timezone), form=Markup, shown=isolated)
    return _environment().get_template("digest.html.j2").render(digest=digest, say=say, outcomes=outcomes_told(digest))


def render_json(digest: Digest) -> str:
    """One document; its schema is config/schema/digest.schema.json."""
    return json.dumps(asdict(digest), ensure_ascii=False, indent=2, default=_plain) + "\n"


def isolated(text: str) -> Markup:
    """Text from outside as HTML that shows exactly it, whatever its direction."""
    return Markup("<bdi>{}</bdi>").format(clean(text))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("pipelines.digest"),
        # In Markdown everything from outside goes through `text` or `link`, which escape for that.
        autoescape=select_autoescape(["html.j2"], default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        {
            "text": escaped,
            "link": link,
            "address": address,
            "clean": clean,
            "isolated": isolated,
            "web": web_address,
            "harmless": harmless,
        }
    )
    return environment


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form")
