"""Scrapy's settings: plain data, polite and closed by default. What an operator sets is in presswatch.yaml."""

BOT_NAME = "presswatch"
SPIDER_MODULES = ["crawler.spiders"]
NEWSPIDER_MODULE = "crawler.spiders"
COMMANDS_MODULE = "crawler.cli.scrapy_commands"

# One asyncio loop, no Twisted reactor.
TWISTED_REACTOR_ENABLED = False
DOWNLOAD_HANDLERS = {
    "http": "crawler.fetch.handler.DoorHandler",
    "https": "crawler.fetch.handler.DoorHandler",
    "file": None,
    "data": None,
    "ftp": None,
    "s3": None,
}
# Both open a port that runs commands, and are on by default.
REMOTE_CONTROL_ENABLED = False
TELNETCONSOLE_ENABLED = False

DOWNLOADER_MIDDLEWARES = {
    # The last to see a request, so that a redirected one passes it too.
    "crawler.fetch.robots_middleware.RobotsMiddleware": 900,
    # Nearer to the network than redirects, so that it hears of each host's own answers.
    "crawler.fetch.silence.SilenceMiddleware": 890,
    "crawler.fetch.middlewares.DecompressionMiddleware": 590,
    "crawler.fetch.secrets.ConcealMiddleware": 580,  # once a body is decoded, and before anybody reads it
    "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": None,
    "crawler.fetch.middlewares.RedirectionMiddleware": 600,
    "scrapy.downloadermiddlewares.redirect.RedirectMiddleware": None,
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,  # lets concurrent first requests through
    "scrapy.downloadermiddlewares.retry.RetryMiddleware": None,  # attempts and back-off live in the ledger
    "scrapy.downloadermiddlewares.redirect.MetaRefreshMiddleware": None,
    "scrapy.downloadermiddlewares.httpauth.HttpAuthMiddleware": None,
    "scrapy.downloadermiddlewares.cookies.CookiesMiddleware": None,
    "scrapy.downloadermiddlewares.httpproxy.HttpProxyMiddleware": None,  # a proxy would resolve names for us
}
SPIDER_MIDDLEWARES = {
    # Both drop requests without a word; every status and every address has its row in crawler.failure_table.
    "scrapy.spidermiddlewares.httperror.HttpErrorMiddleware": None,
    "scrapy.spidermiddlewares.urllength.UrlLengthMiddleware": None,
}
ITEM_PIPELINES = {
    "pipelines.extract.pipeline.ExtractPipeline": 100,
    "pipelines.themes.pipeline.ThemesPipeline": 200,
    "pipelines.copies.pipeline.CopiesPipeline": 300,
    "pipelines.archive.pipeline.ArchivePipeline": 400,
}
EXTENSIONS = {
    "scrapy.extensions.corestats.CoreStats": None,
    "scrapy.extensions.logcount.LogCount": None,
    "scrapy.extensions.logstats.LogStats": None,
    "scrapy.extensions.memusage.MemoryUsage": None,
    "scrapy.extensions.feedexport.FeedExporter": None,
    "scrapy.extensions.spiderstate.SpiderState": None,
    "scrapy.extensions.throttle.AutoThrottle": None,
}

# The pace is the door's (it follows the run's clock); Scrapy only bounds what is under way.
DOWNLOAD_DELAY = 0
CONCURRENT_REQUESTS = 16
CONCURRENT_REQUESTS_PER_DOMAIN = 8

DOWNLOAD_VERIFY_CERTIFICATES = True
DOWNLOAD_MAXSIZE = 10 * 1024 * 1024  # also after decompression; presswatch.yaml may lower or raise it
DOWNLOAD_WARNSIZE = 0
DOWNLOAD_TIMEOUT = 30
REDIRECT_MAX_TIMES = 5
REFERRER_POLICY = "no-referrer"
DEFAULT_REQUEST_HEADERS = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language": "zh-CN,zh;q=0.9,en;q=0.6",
}
LOG_FORMATTER = "crawler.spiders.logs.VisitLogFormatter"
LOG_LEVEL = "WARNING"  # for the `scrapy` command alone; presswatch sets its own logs up
