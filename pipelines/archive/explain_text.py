"""An explanation as a person reads it. Pure."""

from collections.abc import Iterable, Iterator
from datetime import datetime, tzinfo

from crawler.items import Dating, Precision, TermHit
from crawler.text import one_line
from crawler.tombstones import Tombstone
from pipelines.archive.diff import changed_clauses
from pipelines.archive.explain import Explanation, LaterVersion, Twin
from pipelines.archive.lookup import Candidate

_OUTCOMES = {
    "": "待抓取",
    "kept": "收录",
    "copy": "转载，折叠在原文之下",
    "off_theme": "不在任何主题内",
    "stale": "超过来源的时限，未抓取",
    "refused": "未获准抓取",
    "blocked": "被验证码、付费墙或登录挡住",
    "gone": "原页已不在",
    "no_text": "页面没有正文",
    "failed": "多次失败，已搁置",
}
_FIELDS = {"title": "标题", "lead": "导语", "body": "正文"}
_ORIGINS = {"seed": "种子", "import": "自 WARC 文件导入"}  # what is crawled needs no word
_COARSE = {Precision.DAY: "，只精确到日", Precision.HOUR: "，只精确到小时"}
_WHERE = {"feed": "订阅源", "list": "列表页", "sitemap": "站点地图", "page": "文章页", "seed": "种子文件"}
_LEVELS = {"same_key": "同一篇文章的另一网址", "same_text": "正文相同"}


def explanation_text(facts: Explanation, zone: tzinfo) -> str:
    """All there is to say, one fact a line, times in `zone`; no text from outside makes a line of its own."""
    return _page(
        [
            facts.title or "（无标题）",
            f"编号：{facts.entry}　来源：{facts.source}　标识：{facts.key}",
            f"网址：{facts.url or '未知'}",
            *_optional("来历：", _ORIGINS.get(facts.origin, "")),
            *_optional("原文：", facts.original_url),
            *_optional("实际读取：", facts.read_at if facts.read_at != facts.url else ""),
            *_optional("作者：", "、".join(facts.authors)),
            *_optional("刊登者：", facts.account),
            f"结果：{_outcome(facts, zone)}",
            *_first_sight(facts, zone),
            *_dates(facts, zone),
            *_themes(facts),
            *_twins(facts),
            *(line for item in facts.versions for line in _version(item, zone)),
            *_deleted(facts, zone),
            *_file(facts, zone),
            *_attempts(facts, zone),
        ]
    )


def forgotten_text(grave: Tombstone, zone: tzinfo) -> str:
    """All that is left to say of a forgotten article."""
    return _page([f"已于 {_time(grave.forgotten, zone)} 按要求遗忘：{grave.reason}"])


def candidates_text(candidates: Iterable[Candidate], *, command: str = "explain") -> str:
    """The articles that fit, each with the id to give to `command`."""
    lines = [f"符合的有以下几篇，请用编号再问：presswatch {command} 编号"]
    for item in candidates:
        lines.append(f"  {item.entry}　{item.title or '（无标题）'}　{item.source}　{_outcome_word(item.outcome)}")
        lines += _optional("      ", item.url)
    return _page(lines)


def _page(lines: Iterable[str]) -> str:
    return "\n".join(map(one_line, lines))


def _outcome_word(outcome: str) -> str:
    word = _OUTCOMES.get(outcome, outcome)
    return f"{word}（{outcome}）" if outcome else word


def _optional(label: str, value: str) -> list[str]:
    return [label + value] if value else []


def _time(moment: datetime, zone: tzinfo) -> str:
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def _outcome(facts: Explanation, zone: tzinfo) -> str:
    ended = f"，{_time(facts.ended, zone)}，第 {facts.ended_run} 次运行" if facts.ended else ""
    reason = f"：{facts.reason}" if facts.reason else ""
    return _outcome_word(facts.outcome) + ended + reason


def _first_sight(facts: Explanation, zone: tzinfo) -> Iterator[str]:
    backlog = "，属该端点首次轮询的旧文" if facts.backlog else ""
    yield f"首见：{_time(facts.first_seen, zone)}，第 {facts.first_run} 次运行，{facts.announced_by}{backlog}"
    for seen in facts.sightings:
        if seen.url != facts.announced_by or seen.source != facts.source:
            first, last = _time(seen.first_seen, zone), _time(seen.last_seen, zone)
            yield f"又见：{seen.source} {seen.url}，{first} 起，最近 {last}"
        elif seen.last_seen != seen.first_seen:
            yield f"同处最近一次见到：{_time(seen.last_seen, zone)}"


def _dates(facts: Explanation, zone: tzinfo) -> Iterator[str]:
    if facts.published is None:
        yield "发布：未知，页面和列表都没有可信的日期"
    else:
        yield f"发布：{_dating(facts.published, zone)}"
    for dating in facts.datings:
        if dating != facts.published:
            yield f"  另见：{_dating(dating, zone)}"


def _dating(dating: Dating, zone: tzinfo) -> str:
    moment = dating.at.date().isoformat() if dating.precision is Precision.DAY else _time(dating.at, zone)
    where = _WHERE.get(dating.where, dating.where)
    assumed = f"，未写时区，按 {dating.zone} 计" if dating.zone else ""
    return f"{moment}（据{where}“{dating.text}”{assumed}{_COARSE.get(dating.precision, '')}）"


def _themes(facts: Explanation) -> Iterator[str]:
    for verdict in sorted(facts.verdicts, key=lambda item: (item.theme not in facts.themes, -item.score)):
        veto = f"，否决：{verdict.vetoed_by}" if verdict.vetoed_by else ""
        is_seed = verdict.theme in facts.themes and not verdict.on_theme
        state = "入选" if verdict.on_theme else "入选：它是这个主题的种子" if is_seed else "未入选"
        yield f"主题 {verdict.theme}：{verdict.score:.2f} 分，门槛 {verdict.floor:g}，{state}{veto}"
        yield from map(_hit, verdict.hits)


def _hit(hit: TermHit) -> str:
    where = _FIELDS.get(hit.field, hit.field)
    return f"  {where}“{hit.term}”{hit.count} 次，+{hit.weight:.2f}：{hit.excerpt}"


def _twins(facts: Explanation) -> Iterator[str]:
    if facts.copy_of is not None:
        yield f"转载自：{_twin(facts.copy_of)}"
    for twin in facts.copies:
        yield f"被转载：{_twin(twin)}"


def _twin(twin: Twin) -> str:
    level = _LEVELS.get(twin.level, twin.level)
    source = "，".join(filter(None, (twin.source, _ORIGINS.get(twin.origin, ""))))
    return f"《{twin.title}》 编号 {twin.entry}，{source}，{level}（{twin.measure:.2f}） {twin.url}".rstrip()


def _version(item: LaterVersion, zone: tzinfo) -> Iterator[str]:
    removed, added = changed_clauses(item.diff)
    told = f"删 {removed} 句，增 {added} 句" if item.diff else "没有可比的旧文"
    yield f"已更新：{_time(item.seen, zone)}，第 {item.number} 版，{told}"
    yield from (f"    {line}" for line in item.diff.splitlines())


def _deleted(facts: Explanation, zone: tzinfo) -> Iterator[str]:
    if facts.deleted_at is not None:
        yield f"已删除：{_time(facts.deleted_at, zone)}，{facts.deleted_why}"
    if facts.revisit_at is not None:
        yield f"再访：不早于 {_time(facts.revisit_at, zone)}"


def _file(facts: Explanation, zone: tzinfo) -> Iterator[str]:
    if facts.kept_at is not None:
        yield f"入库：{_time(facts.kept_at, zone)}，由 {facts.extractor} 提取"
    if facts.expired is not None:
        yield f"正文：已于 {_time(facts.expired, zone)} 按保留期限清除"
    if facts.path:
        yield f"文件：archive/{facts.path}{'' if facts.filed else '（尚未写出）'}"


def _attempts(facts: Explanation, zone: tzinfo) -> Iterator[str]:
    if facts.attempts or facts.last_error:
        yield f"失败计数：{facts.attempts:g}　最近的错误：{facts.last_error or '无'}"
    if not facts.outcome and facts.next_try is not None:
        yield f"下次尝试：不早于 {_time(facts.next_try, zone)}"
