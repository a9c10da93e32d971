"""Pages of mp.weixin.qq.com as a mirror in HTML keeps them, in the markup of 2020 and of 2025, with a list of them."""

from datetime import datetime
from random import Random
from string import ascii_letters, digits
from types import MappingProxyType

from pydantic import BaseModel, ConfigDict

from crawler.newsroom.loading import SiteData
from crawler.newsroom.records import Address, Content, Draft, Publication, SiteRequest
from crawler.newsroom.shapes.base import Shape, Site, markup, render

_GONE = {"deleted": "该内容已被发布者删除", "violated": "此内容因违规无法查看"}
_ITEM_TYPES = {"pictures": "8", "text_post": "10", "fullscreen": "17"}  # item_show_type; an article is 0


class WeixinOptions(BaseModel):
    """What press.yaml says of such a site under `options`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    account: str
    user_name: str  # gh_…
    biz: str
    first_mid: int = 2247480000


class WeixinSite(Shape):
    """Traits: `markup_2020`; `short` announced by its short address; `deleted` and `violated` a message instead of
    the text, at status 200; `text_post`, `pictures`, `repost` other layouts of a text; `fullscreen` the layout that
    holds no text at all.
    """

    names = ("__biz", "mid", "idx", "sn", "signature")
    ends = MappingProxyType({"deleted": "gone", "violated": "gone", "fullscreen": "no_text"})

    def __init__(self, data: SiteData) -> None:
        self._data = data
        self._options = WeixinOptions.model_validate(data.options)
        self.list_paths = ("/",)

    def addresses(self, drafts: tuple[Draft, ...], random: Random) -> tuple[Address, ...]:
        mid, found = self._options.first_mid, []
        for draft in drafts:
            mid += random.randint(1, 9)
            host = f"https://{self._data.host}/s"
            long = f"{host}?__biz={self._options.biz}&mid={mid}&idx=1&sn={random.getrandbits(128):032x}"
            short = f"{host}/{''.join(random.choices(ascii_letters + digits, k=22))}"
            temporary = (
                f"{host}?src=11&timestamp={int(draft.at.timestamp())}&ver=1&signature={random.getrandbits(96):x}"
            )
            first, second = (short, long) if "short" in draft.traits else (long, short)
            found.append(Address(url=first, aliases=(second, temporary)))
        return tuple(found)

    def answer(self, site: Site, request: SiteRequest, now: datetime) -> Content | None:
        if request.place == "/":
            rows = [(one, f"{one.at.astimezone(self._data.zone):%Y-%m-%d}") for one in site.newest_first(now)]
            return _html(render("weixin_list.html.j2", options=self._options, title=self._data.title, rows=rows))
        one = site.at(request, now)
        return self._page(site, one) if one else None

    def _page(self, site: Site, one: Publication) -> Content:
        told = next((text for trait, text in _GONE.items() if trait in one.traits), "")
        if told:
            return _html(render("weixin_message.html.j2", told=told))
        article, at = site.article(one), one.at.astimezone(self._data.zone)
        blocks = "".join(
            f"<section><section><p><span>{markup(block)}</span></p></section></section>" for block in article.blocks
        )
        text = render(
            "weixin_2020.html.j2" if "markup_2020" in one.traits else "weixin_2025.html.j2",
            options=self._options,
            one=one,
            article=article,
            epoch=int(one.at.timestamp()),
            original=one.url.replace(self._data.host, "mp.weixin.qq.com"),
            created=f"{at:%Y-%m-%d %H:%M}",
            mid=next((part[4:] for part in _queries(one) if part.startswith("mid=")), ""),
            sign=next((part[3:] for part in _queries(one) if part.startswith("sn=")), ""),
            item_type=next((number for trait, number in _ITEM_TYPES.items() if trait in one.traits), "0"),
            escaped=_escaped(blocks),
        )
        return _html(text)


def _queries(one: Publication) -> list[str]:
    return "&".join(url.partition("?")[2] for url in (one.url, *one.aliases)).split("&")


def _escaped(text: str) -> str:
    """HTML as the page's script holds it a second time."""
    signs = {"<": r"\x3c", ">": r"\x3e", '"': r"\x22", "'": r"\x27", "&": r"\x26", "\n": r"\x0a"}
    return "".join(signs.get(sign, sign) for sign in text)


def _html(text: str) -> Content:
    return Content(body=text.encode(), content_type="text/html; charset=UTF-8")
