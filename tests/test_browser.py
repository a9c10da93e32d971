"""The HTML digest in a real browser: read on a phone and in the dark, asking for nothing, deaf to what titles hold."""

import re

import browser
import pytest
from browser import DESKTOP, PHONE, started
from house import House

HOSTILE = (
    "人形机器人<script>document.title = 'ran'</script>",
    "人形机器人<img src=x onerror=\"document.title = 'ran'\">",
    "人形机器人[点击](javascript:document.title='ran')",
    '人形机器人"><svg onload="document.title=\'ran\'">',
    "人形机器人</style></title><iframe src=https://elsewhere.example/></iframe>",
    "人形机器人" + "长" * 300,
    "人形机器人" + "unbroken" * 60,
)

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def opened():
    with started() as running:
        yield running


@pytest.fixture
def show(opened):
    """Opens a file, in one page at a time."""

    def open_page(file, **how):
        return browser.shown(opened, file, **how)

    return open_page


# -- the measures see what they are for -------------------------------------------------------------------------------

SOUND = """<!doctype html><html lang="zh-CN"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<style>:root { color-scheme: light dark } body { font-size: 16px }</style><title>好</title>
<h1>一</h1><p>二 <a href="https://a.example/">三</a> <a href="#x">四</a></p><h2>五</h2></html>"""


@pytest.fixture
def page_with(tmp_path):
    def write(markup):
        file = tmp_path / "page.html"
        file.write_text(SOUND.replace("</html>", f"{markup}</html>"), encoding="utf-8")
        return file

    return write


def faults(show, file, *, width=PHONE, dark=False):
    """All that is wrong with a page, in the words of the measures."""
    with show(file, width=width, dark=dark) as page:
        texts, sideways = page.measure(browser.TEXTS), page.measure(browser.SIDEWAYS)
        tops, links = page.measure(browser.DOWN), page.measure(browser.LINKS)
        found = {
            "sideways": sideways["by"] > 0 or sideways["elements"],
            "small": [text for text in texts if text["size"] < 14],
            "pale": [text for text in texts if text["contrast"] < 4.5],
            "bright in the dark": dark and [text for text in texts if text["ground"] > 0.1],
            "dark by day": not dark and [text for text in texts if text["ground"] < 0.5],
            "links": [link for link in links if not link.startswith(("https://", "http://", "#"))],
            "active": page.measure(browser.ACTIVE),
            "out of order": tops != sorted(tops),
            "asked": page.asked,
            "said": page.said,
            "ran": page.page.title() == "ran",
        }
        assert texts, "nothing can be read at all"
    return {name: what for name, what in found.items() if what}


@pytest.mark.parametrize("dark", [False, True])
def test_a_sound_page_has_no_faults(show, page_with, dark):
    assert faults(show, page_with(""), dark=dark) == {}


@pytest.mark.parametrize(
    ("markup", "dark", "told"),
    [
        ('<div style="width: 500px">宽</div>', False, {"sideways"}),
        (f"<p>{'unbroken' * 60}</p>", False, {"sideways"}),
        ('<small style="font-size: 11px">小</small>', False, {"small"}),
        ('<p style="color: #999">淡</p>', False, {"pale"}),
        ('<p style="color: #000">黑</p>', True, {"pale"}),
        ('<p style="background: #fff; color: #000">白</p>', True, {"bright in the dark"}),
        ('<p style="background: #000; color: #fff">黑</p>', False, {"dark by day"}),
        ('<a href="javascript:alert(1)">点</a>', False, {"links"}),
        ('<a href="/etc/passwd">点</a>', False, {"links"}),
        ("<script>document.title = 'ran'</script>", False, {"active", "ran"}),
        ('<img src="https://a.example/x.png">', False, {"asked", "said"}),
        ("<style>@import 'https://a.example/x.css'</style>", False, {"asked", "said"}),
        ("<script>throw new Error('no')</script>", False, {"active", "said"}),
        ("<script>alert('no')</script>", False, {"active", "said"}),
        (
            '<div style="display: flex; flex-direction: column-reverse"><h2>六</h2><h2>七</h2></div>',
            False,
            {"out of order"},
        ),
    ],
)
def test_each_fault_is_seen(show, page_with, markup, dark, told):
    assert set(faults(show, page_with(markup), dark=dark)) == told


# -- the digest -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def digest(tmp_path_factory):
    """A digest of hostile and of quiet titles, as it lies in the folder of the digests."""
    house = House(tmp_path_factory.mktemp("digest"))
    for number, title in enumerate([*HOSTILE, "人形机器人走进工厂", "人形机器人的价格砍了一半"], start=1):
        house.keep(number, title)
    house.issue()
    house.database.close()
    return house.data / "digests" / "daily" / "latest.html"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [PHONE, DESKTOP])
def test_the_digest_is_read_on_a_phone_and_on_a_desk_by_day_and_by_night(show, digest, width, dark):
    assert faults(show, digest, width=width, dark=dark) == {}


def test_without_its_styles_it_reads_in_the_order_of_its_markdown(show, digest):
    headings = re.findall(r"^##? (.+)$", digest.with_suffix(".md").read_text(encoding="utf-8"), re.MULTILINE)
    with show(digest) as page:
        page.measure(browser.WITHOUT_CSS)
        told = page.measure("() => [...document.querySelectorAll('h1, h2')].map(element => element.innerText)")
        tops = page.measure(browser.DOWN)
    assert told == headings
    assert tops == sorted(tops)


def test_hostile_titles_are_shown_as_they_are_written(show, digest):
    with show(digest) as page:
        read = page.measure(browser.READ)
    for title in HOSTILE:
        assert " ".join(title.split())[:40] in read
