"""亿欧: lists in two markups, briefings, channel pages of before 2020, articles of both eras."""

from datetime import datetime, timedelta
from random import Random

from pydantic import AwareDatetime, BaseModel, ConfigDict

from crawler.newsroom.loading import SiteData
from crawler.newsroom.records import Address, Content, Draft, Publication, SiteRequest
from crawler.newsroom.shapes.base import Shape, Site, render

_LIST_LENGTH = 20
_RELATED = 5
_EPOCH_DAY = "19700121"  # what a fault of the site made of some dates


class IyiouOptions(BaseModel):
    """What press.yaml says of such a site under `options`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    new_markup_from: AwareDatetime | None = None  # when the list of 2021 gives way to the one of 2022
    channel: str = "AI"
    first_news: int = 1089670
    first_briefing: int = 1893700
    first_p: int = 120300


class IyiouSite(Shape):
    """Traits: `briefing` a short piece in the list of its own; `old` stands under /p/ in the markup of before 2020 and
    in the channel's list alone; `epoch` has 1970 in its address; `wechat_image` pictures taken over from WeChat;
    `ago` the page tells its age and not its date.
    """

    def __init__(self, data: SiteData) -> None:
        self._data = data
        self._options = IyiouOptions.model_validate(data.options)
        self.list_paths = ("/news", "/briefing", f"/{self._options.channel}/")

    def addresses(self, drafts: tuple[Draft, ...], random: Random) -> tuple[Address, ...]:
        options = self._options
        last = {"news": options.first_news, "briefing": options.first_briefing, "p": options.first_p}
        found: list[Address] = []
        for draft in drafts:
            section = _section(draft.traits)
            last[section] += random.randint(1, 40)
            day = _EPOCH_DAY if "epoch" in draft.traits else f"{draft.at.astimezone(self._data.zone):%Y%m%d}"
            url = f"https://{self._data.host}/{section}/{'' if section == 'p' else day}{last[section]}"
            lists = (f"/{options.channel}/" if section == "p" else f"/{section}",)
            found.append(Address(url=url, aliases=(f"{url}.html",) if section == "p" else (), lists=lists))
        return tuple(found)

    def answer(self, site: Site, request: SiteRequest, now: datetime) -> Content | None:
        place = request.place if request.place.endswith("/") else f"{request.place}/"
        lists = {
            "/news/": ("news", "iyiou_2022.html.j2" if self._is_new(now) else "iyiou_2021.html.j2"),
            "/briefing/": ("briefing", "iyiou_briefing.html.j2"),
            f"/{self._options.channel}/": ("p", "iyiou_channel.html.j2"),
        }
        if place in lists:
            return self._list(site, now, *lists[place])
        one = site.at(request, now)
        return self._page(site, one, now) if one else None

    def _is_new(self, now: datetime) -> bool:
        return self._options.new_markup_from is not None and self._options.new_markup_from <= now

    def _list(self, site: Site, now: datetime, section: str, template: str) -> Content:
        mine = [one for one in site.newest_first(now) if _section(one.traits) == section][:_LIST_LENGTH]
        rows = [
            {
                "url": one.url,
                "path": one.url.removeprefix(f"https://{self._data.host}"),
                "title": one.title,
                "lead": site.article(one).lead,
                "ago": self._age(one, now),
            }
            for one in mine
        ]
        return _html(render(template, title=self._data.title, rows=rows))

    def _page(self, site: Site, one: Publication, now: datetime) -> Content:
        at = one.at.astimezone(self._data.zone)
        text = render(
            "iyiou_old.html.j2" if "old" in one.traits else "iyiou_article.html.j2",
            site=self._data.title,
            one=one,
            article=site.article(one),
            at=at,
            shown=self._age(one, now) if "ago" in one.traits else f"{at:%Y-%m-%d %H:%M}",
            related=[each for each in site.newest_first(one.at) if each is not one][:_RELATED],
            picture=f"https://diting-hetu.iyiou.com/async/weixin/{one.article_id.replace('-', '')[:20]:x<20}",
        )
        return _html(text)

    def _age(self, one: Publication, now: datetime) -> str:
        """How long ago, as the site tells it: whole minutes, whole hours, then the day."""
        age = now - one.at
        if age < timedelta(hours=1):
            return f"{max(1, age // timedelta(minutes=1))} 分钟前"
        if age < timedelta(days=1):
            return f"{age // timedelta(hours=1)} 小时前"
        return f"{one.at.astimezone(self._data.zone):%Y-%m-%d}"


def _section(traits: tuple[str, ...]) -> str:
    if "old" in traits:
        return "p"
    return "briefing" if "briefing" in traits else "news"


def _html(text: str) -> Content:
    return Content(body=text.encode(), content_type="text/html; charset=utf-8")
