"""What to do about each failure, and who: in the words of people, by the table of failures. Pure."""

from crawler.config.models import Language
from crawler.failure_table import RULES, Failure, Whom, failure_named

WHOM: dict[Language, dict[Whom, str]] = {
    Language.EN: {Whom.OPERATOR: "operator", Whom.AUTHOR: "source author"},
    Language.ZH_CN: {Whom.OPERATOR: "运维者", Whom.AUTHOR: "来源维护者"},
}

_EN: dict[Failure, str] = {
    Failure.DNS: "wait; if all hosts fail, look at this machine's resolver, if one does, at its name",
    Failure.CONNECTION: "wait; if all hosts fail, look at this machine's network",
    Failure.PROXY: "see that the proxy runs, lets this machine in and may reach the host; it is named under proxy",
    Failure.CERTIFICATE: "look at this machine's clock and certificates; if they are right, it is for the publisher",
    Failure.TLS: "see whether the address really speaks TLS; too old a TLS is refused",
    Failure.TIMEOUT: "wait; if it is always so, raise safety.timeout",
    Failure.BROKEN: "wait; if it is always so, open the address in a browser and compare",
    Failure.TOO_LARGE: "see what the address holds; raise safety.max_body_mb if it is an article or a list",
    Failure.REDIRECTS: "open the address in a browser and write the one it ends at into the source's file",
    Failure.ADDRESS: "correct the address; one inside your own network needs safety.allow_networks",
    Failure.ROBOTS: "it is obeyed: take an address that is allowed, or switch the source off",
    Failure.ROBOTS_UNREACHABLE: "wait; if it is always so, open robots.txt in a browser and compare",
    Failure.GONE: "find where the list has moved and write that address into the source's file",
    Failure.LOGIN: "nothing behind a login is read: take a public address, or switch the source off",
    Failure.FORBIDDEN: "set contact, raise politeness.delay and every; if it stays so, switch the source off",
    Failure.WITHHELD: "what is sold or barred by law is not read: take another address, or switch the source off",
    Failure.NOT_THIS_WAY: "correct method, headers or kind in the source's file",
    Failure.ADDRESS_TOO_LONG: "correct the address in the source's file",
    Failure.CLIENT_ERROR: "correct address, parameters or headers in the source's file",
    Failure.RATE_LIMITED: "raise politeness.delay and every; the host is left alone as long as it asks",
    Failure.WALLED: "set contact, raise politeness.delay and every; the host is left alone for hours",
    Failure.CHALLENGE: "none is ever solved: raise politeness.delay and every, or switch the source off",
    Failure.SERVER_ERROR: "wait; if it is always so, open the address in a browser and compare",
    Failure.UNAVAILABLE: "open the address in a browser; if it answers there, raise politeness.delay; "
    "if it stays down for days, switch the source off",
    Failure.PARSE: "open the address and correct kind or selectors in the source's file",
    Failure.EXPRESSION: "write a simpler one in the place that is named; nested repetitions are what takes long",
    Failure.DISK: "make room or mend the place that is named; the next run tries again",
    Failure.INTERNAL: "read the log, and report it",
}

_ZH: dict[Failure, str] = {
    Failure.DNS: "等待；若所有主机都失败，检查本机的域名解析，若只有一台，检查它的域名",
    Failure.CONNECTION: "等待；若所有主机都失败，检查本机网络",
    Failure.PROXY: "确认代理在运行、允许本机使用、也能到达该主机；它写在 proxy 里",
    Failure.CERTIFICATE: "检查本机的时钟与根证书；若都无误，须由对方更换证书",
    Failure.TLS: "确认这个地址真的使用 TLS；过旧的 TLS 不予接受",
    Failure.TIMEOUT: "等待；若总是如此，调大 safety.timeout",
    Failure.BROKEN: "等待；若总是如此，用浏览器打开这个地址对照",
    Failure.TOO_LARGE: "看看这个地址是什么；若确是文章或列表，调大 safety.max_body_mb",
    Failure.REDIRECTS: "用浏览器打开，把最终到达的地址写进来源文件",
    Failure.ADDRESS: "改正地址；内网地址须写入 safety.allow_networks",
    Failure.ROBOTS: "必须遵守：换一个允许的地址，或停用这个来源",
    Failure.ROBOTS_UNREACHABLE: "等待；若总是如此，用浏览器打开 robots.txt 对照",
    Failure.GONE: "找到列表的新地址，写进来源文件",
    Failure.LOGIN: "不读取需要登录的内容：换一个公开地址，或停用这个来源",
    Failure.FORBIDDEN: "填写 contact，调大 politeness.delay 与 every；若仍如此，停用这个来源",
    Failure.WITHHELD: "付费或依法不得提供的内容不读取：换一个地址，或停用这个来源",
    Failure.NOT_THIS_WAY: "改正来源文件里的请求方法、请求头或类型",
    Failure.ADDRESS_TOO_LONG: "改正来源文件里的地址",
    Failure.CLIENT_ERROR: "改正来源文件里的地址、参数或请求头",
    Failure.RATE_LIMITED: "调大 politeness.delay 与 every；主机要求多久就等多久",
    Failure.WALLED: "填写 contact，调大 politeness.delay 与 every；几小时内不再访问这台主机",
    Failure.CHALLENGE: "从不破解：调大 politeness.delay 与 every，或停用这个来源",
    Failure.SERVER_ERROR: "等待；若总是如此，用浏览器打开这个地址对照",
    Failure.UNAVAILABLE: "用浏览器打开这个地址；若能打开，调大 politeness.delay；若几天都打不开，停用这个来源",
    Failure.PARSE: "打开这个地址，改正来源文件里的类型或选择器",
    Failure.EXPRESSION: "把所指的表达式写得简单些；费时的多是嵌套的重复",
    Failure.DISK: "腾出空间，或修好所指的位置；下次运行会再试",
    Failure.INTERNAL: "查看日志并报告",
}

ADVICE: dict[Language, dict[Failure, str]] = {Language.EN: _EN, Language.ZH_CN: _ZH}


def advice_for(error: str, language: Language, *, lasts: bool = False) -> tuple[str, str] | None:
    """Who is asked to do what about an error as the ledger holds it; None where nobody is, or it is of no row.

    `lasts`: what mostly heals has not healed, and is the operator's now.
    """
    failure = failure_named(error)
    if failure is None:
        return None
    whom = RULES[failure].whom
    if whom is Whom.NOBODY:
        if not lasts:
            return None
        whom = Whom.OPERATOR
    return WHOM[language][whom], ADVICE[language][failure]
