"""Pages of HTML that the tests of extraction read."""

from pathlib import Path

from pages import FEED, page

from pipelines.extract.extract import extract

FIXTURES = Path(__file__).parent / "fixtures" / "extract"
CHINESE = "青松市的机器人工厂说，他们在三月里会生产一百台新的机器。"
BODY = "青松市的机器人工厂说，他们在三月里会生产一百台新的机器，比去年的这个时候多出一倍，而工人的数量没有变化。"


def portal(encoding="utf-8", label="utf-8"):
    return (FIXTURES / "portal.html").read_text("utf-8").replace("CHARSET", label).encode(encoding)


def jsonld(**entry):
    return extract(page((FIXTURES / "jsonld.html").read_bytes(), **entry), FEED)


def html(body="", head="", lang=""):
    return f"<html lang='{lang}'><head>{head}</head><body>{body}<p>{BODY}</p><p>{CHINESE * 3}</p></body></html>"


def discuz(body, *, views=128, charset="gbk", pagetitle=""):
    """An article page of a Discuz! portal, in bytes."""
    text = (FIXTURES / "discuz.html").read_text("utf-8")
    for name, value in {"CHARSET": charset, "VIEWS": str(views), "PAGETITLE": pagetitle, "BODY": body}.items():
        text = text.replace(name, value)
    return text.encode(charset)
