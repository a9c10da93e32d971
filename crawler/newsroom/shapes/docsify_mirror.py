"""A docsify site that mirrors one WeChat account: Markdown on the wire, a list page, backup files."""

from datetime import datetime
from random import Random
from types import MappingProxyType
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict

from crawler.newsroom.loading import PressArticle, SiteData
from crawler.newsroom.records import Address, Content, Draft, Publication, SiteRequest
from crawler.newsroom.shapes.base import Shape, Site, render

_MARKDOWN = "text/markdown; charset=utf-8"
_HTML = "text/html; charset=utf-8"
_PAID_END = "（付费文章，以上为试读，全文约一万字。）"
# The query string as the conversion to Markdown leaves it: a stray ";" after names that look like entities.
_IMAGE = (
    "![](https://mmbiz.qpic.cn/mmbiz_png/{name}/640?wx_fmt=png&from;=appmsg&wxfrom;=5&wx;_lazy=1&wx;_co=1&tp;=webp)"
)

_PICTURE = "https://mmbiz.qpic.cn/mmbiz_png/newsroom/640?wx_fmt=png"
_ZERO_WIDTH = "\u200b"
_COLUMNS = 78
_BEFORE = ("戳蓝字“关注我”哦",)
_BEHIND = ("品牌推广 | 培训合作 | 商业咨询 | 转载开白", "全文完。如果觉得有用，就来个三连吧")


class MirrorOptions(BaseModel):
    """What press.yaml says of such a site under `options`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    account: str
    accounts: tuple[str, ...] = ()  # those in the index of the site, this one among them; else this one alone
    biz: str  # the account's __biz
    first_mid: int = 2247000000


class DocsifyMirror(Shape):
    """Several accounts of one mirror are entries of one host, each with its section.

    Traits of an article, each as the real list has it.

    `no_summary` an empty 摘要; `no_backup` a row without backup link, and no file; `none_body` a file whose body is
    the word None; `paid` a row marked (付费), and a file with the first lines only; `listed_twice` the row stands
    again at the end of the list; `image` an image with a broken query string after the first paragraph;
    `loose` a blank line after the row; `missing` a backup link to a file that is not there; `empty` a file of no bytes;
    `stub` a file that says its title twice and no more; `zero_width` a title, and a file name, that begin with a
    character nobody sees; `same_title` the title, and so the file, of an
    older piece: the press lists that piece once more; `wrapped` lines broken near
    column 78, inside addresses too; `debris` what the conversion leaves of bold type, links and pictures;
    `promotion` lines about the account before and behind the text; `old_notice` the older wording of line 5.
    """

    ends = MappingProxyType(
        {
            "none_body": "no_text",
            "paid": "blocked",
            "no_backup": "refused",
            "missing": "gone",
            "empty": "no_text",
            "stub": "no_text",
        }
    )

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
            backup = f"https://{self._host}{quote(self._backup(_name(draft.title, draft.traits)))}.md"
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
            accounts = self._options.accounts or (self._options.account,)
            text = render(template, title=self._title, accounts=accounts)
            return Content(body=text.encode(), content_type=kind)
        if site.is_one_of(self.list_paths, request):
            return self._list(site, now)
        publication = site.at(request, now)
        if publication is None or {"no_backup", "missing"} & set(publication.traits):
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
        title = _name(one.title, one.traits)
        backup = "" if "no_backup" in one.traits else f" |  [备份查看]({self._backup(title)})"
        summary = "" if "no_summary" in one.traits else site.article(one).lead
        lines = (
            f"- {paid}[{title}]({one.original_url}){backup}",
            f"    - 时间：{one.at.astimezone(self._zone):%Y-%m-%d}",
            f"    - 摘要：{summary}",
        )
        return "\n".join(lines) + ("\n\n" if "loose" in one.traits else "\n")

    def _file(self, site: Site, one: Publication) -> str:
        if "empty" in one.traits:
            return ""
        head = (
            f"# {_name(one.title, one.traits)}",
            f"[**返回列表页**](/gzh/{self._options.account})",
            "小懒自动备份，仅供查阅学习" if "old_notice" in one.traits else "公众号【懒人搜索】备份，仅供查阅学习 ",
        )
        return "\n\n".join((*head, *_body(site.article(one), one))) + "\n"


def _name(title: str, traits: tuple[str, ...]) -> str:
    """The title as row and file have it."""
    return _ZERO_WIDTH + title if "zero_width" in traits else title


def _body(article: PressArticle, one: Publication) -> tuple[str, ...]:
    blocks = article.blocks
    whole = {"none_body": ("None",), "stub": _stub(one), "paid": (blocks[0], _PAID_END)}
    short = next((text for trait, text in whole.items() if trait in one.traits), None)
    if short is not None:
        return short
    if "image" in one.traits:
        blocks = (blocks[0], _image(one), *blocks[1:])
    if "debris" in one.traits:
        blocks = _debris(blocks)
    if "wrapped" in one.traits:
        blocks = tuple(_wrapped(block) for block in (*blocks[:2], _image(one), *blocks[2:]))
    if "promotion" in one.traits:
        blocks = (*_BEFORE, *blocks, *_BEHIND)
    return blocks


def _stub(one: Publication) -> tuple[str, ...]:
    return (f"# {one.title}", "__ 资源分享 , 101", ",", f"{one.at:%Y-%m-%d %H:%M}")


def _image(one: Publication) -> str:
    return _IMAGE.format(name=f"newsroom{one.article_id}")


def _debris(blocks: tuple[str, ...]) -> tuple[str, ...]:
    """Bold type that was split, a link and a picture whose target is gone, spaces that do not break."""
    half = len(blocks[1]) // 2
    bold = f"**{blocks[1][:half]}****{blocks[1][half:]}**"
    return (
        f"****{blocks[0]}  ",
        bold,
        "[](https://mp.weixin.qq.com/)",
        "[![](" + _PICTURE + ")]()",
        *blocks[2:],
        "\xa0\xa0****",
    )


def _wrapped(block: str) -> str:
    """Broken near column 78, a Han character being two columns wide; a break inside an address too."""
    lines, width = [""], 0
    for sign in block:
        width += 1 if sign.isascii() else 2
        if width > _COLUMNS:
            lines.append("")
            width = 1 if sign.isascii() else 2
        lines[-1] += sign
    return "\n".join(lines)
