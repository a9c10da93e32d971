"""A docsify site that mirrors one WeChat account: Markdown on the wire, a list page, backup files."""

from datetime import datetime
from random import Random
from types import MappingProxyType
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict

from crawler.newsroom.loading import SiteData
from crawler.newsroom.records import Address, Content, Draft, Publication, SiteRequest
from crawler.newsroom.shapes.base import Shape, Site, render

_MARKDOWN = "text/markdown; charset=utf-8"
_HTML = "text/html; charset=utf-8"
_PAID_END = "（付费文章，以上为试读，全文约一万字。）"
# The query string as the conversion to Markdown leaves it: a stray ";" after names that look like entities.
_IMAGE = (
    "![](https://mmbiz.qpic.cn/mmbiz_png/{name}/640?wx_fmt=png&from;=appmsg&wxfrom;=5&wx;_lazy=1&wx;_co=1&tp;=webp)"
)


class MirrorOptions(BaseModel):
    """What press.yaml says of such a site under `options`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    account: str
    biz: str  # the account's __biz
    first_mid: int = 2247000000


class DocsifyMirror(Shape):
    """Traits of an article, each as the real list has it.

    `no_summary` an empty 摘要; `no_backup` a row without backup link, and no file; `none_body` a file whose body is
    the word None; `paid` a row marked (付费), and a file with the first lines only; `listed_twice` the row stands
    again at the end of the list; `image` an image with a broken query string after the first paragraph;
    `loose` a blank line after the row.
    """

    ends = MappingProxyType({"none_body": "no_text", "no_backup": "refused"})

    def __init__(self, data: SiteData) -> None:
        self._host = data.host
        self._zone = data.zone
        self._title = data.title
        self._options = MirrorOptions.model_validate(data.options)
        self.list_paths = (f"/gzh/{self._options.account}.md",)

    def addresses(self, drafts: tuple[Draft, ...], random: Random) -> tuple[Address, ...]:
        mid = self._options.first_mid
        found: list[Address] = []
        for draft in drafts:
            mid += random.randint(3, 60)
            original = self._original(mid, random)
            backup = f"https://{self._host}{quote(self._backup(draft.title))}.md"
            found.append(Address(url=original if "no_backup" in draft.traits else backup, original_url=original))
        return tuple(found)

    def _original(self, mid: int, random: Random) -> str:
        sign, check = f"{random.getrandbits(128):032x}", f"{random.getrandbits(304):076x}"
        query = f"__biz={self._options.biz}&mid={mid}&idx=1&sn={sign}&chksm={check}"
        return f"http://mp.weixin.qq.com/s?{query}#rd"

    def _backup(self, title: str) -> str:
        return f"/gzh/backup/{self._options.account}/{title}"

    def answer(self, site: Site, request: SiteRequest, now: datetime) -> Content | None:
        shell = {"/": ("docsify.html.j2", _HTML), "/gzh/gzh_list.md": ("accounts.md.j2", _MARKDOWN)}
        if request.place in shell:
            template, kind = shell[request.place]
            text = render(template, title=self._title, account=self._options.account)
            return Content(body=text.encode(), content_type=kind)
        if site.is_one_of(self.list_paths, request):
            return self._list(site, now)
        publication = site.at(request, now)
        if publication is None or "no_backup" in publication.traits:
            return None
        body = self._file(site, publication)
        return Content(body=body.encode(), content_type=_MARKDOWN, modified=publication.at)

    def _list(self, site: Site, now: datetime) -> Content:
        newest = site.newest_first(now)
        again = [one for one in newest if "listed_twice" in one.traits]
        head = render("list.md.j2", account=self._options.account)
        text = head + "".join(self._row(site, one) for one in (*newest, *again))
        return Content(body=text.encode(), content_type=_MARKDOWN, modified=newest[0].at if newest else None)

    def _row(self, site: Site, one: Publication) -> str:
        paid = "(付费)" if "paid" in one.traits else ""
        backup = "" if "no_backup" in one.traits else f" |  [备份查看]({self._backup(one.title)})"
        summary = "" if "no_summary" in one.traits else site.article(one).lead
        lines = (
            f"- {paid}[{one.title}]({one.original_url}){backup}",
            f"    - 时间：{one.at.astimezone(self._zone):%Y-%m-%d}",
            f"    - 摘要：{summary}",
        )
        return "\n".join(lines) + ("\n\n" if "loose" in one.traits else "\n")

    def _file(self, site: Site, one: Publication) -> str:
        head = (
            f"# {one.title}",
            f"[**返回列表页**](/gzh/{self._options.account})",
            "公众号【懒人搜索】备份，仅供查阅学习 ",
        )
        return "\n\n".join((*head, *_body(site.article(one).blocks, one))) + "\n"


def _body(blocks: tuple[str, ...], one: Publication) -> tuple[str, ...]:
    if "none_body" in one.traits:
        return ("None",)
    if "paid" in one.traits:
        return (blocks[0], _PAID_END)
    if "image" in one.traits:
        return (blocks[0], _IMAGE.format(name=f"newsroom{one.article_id}"), *blocks[1:])
    return blocks
