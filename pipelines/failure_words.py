"""How a fetch or a page can fail, in Chinese; stored in English, by `crawler.fetch.failures` and by readers. Pure."""

FAILURES: dict[str, str] = {
    "the host name cannot be resolved": "域名无法解析",
    "no connection": "连接不上",
    "the proxy lets nothing through": "代理不予转发",
    "the certificate or TLS handshake is not valid": "证书或 TLS 握手无效",
    "no answer in time": "超时没有答复",
    "the answer broke off": "答复中断",
    "larger than the limit": "超过大小上限",
    "too many redirects, or one that leads nowhere": "重定向过多，或无处可去",
    "the address is not one presswatch may reach": "地址不在可访问之列",
    "robots.txt forbids it": "robots.txt 禁止抓取",
    "robots.txt could not be read, so nothing may be fetched yet": "读不到 robots.txt，暂不抓取",
    "no longer there": "已不存在",
    "the server refuses us": "服务器拒绝访问",
    "the server asks us to slow down": "服务器要求放慢",
    "the server's firewall turns us away": "被服务器的防火墙拦下",
    "the server rejects the request": "服务器不接受这个请求",
    "the server has an error": "服务器出错",
    "presswatch itself failed; the log has the traceback": "presswatch 自身出错，详见日志",
    "the site's firewall blocked the visit": "被网站的防火墙拦下",
    "WeChat asks for a captcha": "微信要求验证码",
}
