"""Every setting, and the only reader of the environment. ``-s NAME=VALUE`` overrides a setting. See
docs/settings.md."""

from __future__ import annotations

import os

# This import comes first: from here on a crawl that a signal ends writes a receipt.
from newsbot import early_stop
from newsbot.net.user_agent import user_agent

BOT_NAME = "newsbot"
SPIDER_MODULES = ["newsbot.spiders"]
NEWSPIDER_MODULE = "newsbot.spiders"
COMMANDS_MODULE = "newsbot.commands"


def act_as_project() -> str | None:
    """Make Scrapy use this module as the project's settings, in whichever folder Scrapy is started. Returns the module
    that the environment names instead, which is not used."""
    named = os.environ.get("SCRAPY_SETTINGS_MODULE", __name__)
    os.environ["SCRAPY_SETTINGS_MODULE"] = __name__
    return None if named == __name__ else named


def _env(name: str, default: str) -> str:
    return os.environ.get(name, default)


# Newsbot's own settings, as text. The commands refuse an invalid value with one line (newsbot/arguments/settings.py).
early_stop.open_closed_streams()
NEWSBOT_DATA = _env("NEWSBOT_DATA", "data")
early_stop.install(data=NEWSBOT_DATA, json_log=_env("NEWSBOT_LOG_JSON", "0"))
NEWSBOT_DELAY = _env("NEWSBOT_DELAY", "1")
NEWSBOT_CONTACT = _env("NEWSBOT_CONTACT", "")
NEWSBOT_ALLOW_PRIVATE = _env("NEWSBOT_ALLOW_PRIVATE", "")
NEWSBOT_PERSONAL = _env("NEWSBOT_PERSONAL", "0")
NEWSBOT_CSV_RAW = _env("NEWSBOT_CSV_RAW", "0")
NEWSBOT_CSV_BOM = _env("NEWSBOT_CSV_BOM", "0")
NEWSBOT_MARKDOWN = _env("NEWSBOT_MARKDOWN", "0")
NEWSBOT_SITES_AT_ONCE = _env("NEWSBOT_SITES_AT_ONCE", "16")
NEWSBOT_ARCHIVE = _env("NEWSBOT_ARCHIVE", "sqlite:///newsbot.db")
NEWSBOT_SWEEP_DAYS = _env("NEWSBOT_SWEEP_DAYS", "7")
NEWSBOT_MAX_TOMBSTONES = _env("NEWSBOT_MAX_TOMBSTONES", "5")
NEWSBOT_BUDGET = _env("NEWSBOT_BUDGET", "0")
NEWSBOT_SHARE_IP = _env("NEWSBOT_SHARE_IP", "0")
NEWSBOT_MAX_WAIT = _env("NEWSBOT_MAX_WAIT", "3600")
NEWSBOT_GIVE_UP = _env("NEWSBOT_GIVE_UP", "900")
NEWSBOT_ROBOTS_TRIES = _env("NEWSBOT_ROBOTS_TRIES", "3")
NEWSBOT_AUTH = _env("NEWSBOT_AUTH", "")
NEWSBOT_NETRC = _env("NEWSBOT_NETRC", "")
NEWSBOT_SCRAPYD_AUTH = _env("NEWSBOT_SCRAPYD_AUTH", "")
NEWSBOT_CHROMIUM = _env("NEWSBOT_CHROMIUM", "")
NEWSBOT_RENDER_SECONDS = _env("NEWSBOT_RENDER_SECONDS", "30")
NEWSBOT_LOG_JSON = _env("NEWSBOT_LOG_JSON", "0")
NEWSBOT_METRICS_PORT = _env("NEWSBOT_METRICS_PORT", "0")
NEWSBOT_METRICS_ADDRESS = _env("NEWSBOT_METRICS_ADDRESS", "127.0.0.1")
NEWSBOT_METRICS_FILE = _env("NEWSBOT_METRICS_FILE", "")
NEWSBOT_RUN = ""  # named by the add-on FeedDefaults at the start of each run
NEWSBOT_WARC = _env("NEWSBOT_WARC", "")  # a folder; also set by the spider argument warc=1
NEWSBOT_FULL = False  # the spider argument full=1
NEWSBOT_ASKED = None  # the request of the spider's arguments, for files that are overwritten
NEWSBOT_MEDIA = None  # the spider argument media=download
NEWSBOT_PROGRESS = _env("NEWSBOT_PROGRESS", "30")
NEWSBOT_LIVE = False  # whether a terminal shows the progress; the log goes to a file then
NEWSBOT_MEDIA_MAX = _env("NEWSBOT_MEDIA_MAX", str(20 * 1024 * 1024))

USER_AGENT = user_agent(NEWSBOT_CONTACT)

# The driver makes one query at a time for each site, inline (newsbot/spiders/driver.py).
TWISTED_REACTOR = "twisted.internet.asyncioreactor.AsyncioSelectorReactor"
CONCURRENT_REQUESTS = 0  # under any limit inline requests starve seed requests; NEWSBOT_SITES_AT_ONCE limits the sites
CONCURRENT_REQUESTS_PER_DOMAIN = 1
CONCURRENT_ITEMS = 1  # keeps a page's rows and its checkpoint in order
RETRY_ENABLED = False  # the fetcher retries, and checks between tries whether the crawl is stopping
REFERER_ENABLED = False  # a server need not know which page linked to it
METAREFRESH_ENABLED = False  # an HTML redirect for browsers is content, not an instruction
COOKIES_ENABLED = False  # newsbot is a visitor without a history, and caches answer requests without cookies
HTTPPROXY_ENABLED = False  # behind a proxy newsbot cannot check the address of the connection
ROBOTSTXT_OBEY = True
ROBOTSTXT_USER_AGENT = "newsbot"
DOWNLOAD_DELAY = 0  # PolitenessMiddleware keeps the delay for the whole host, and never goes below it
DOWNLOAD_TIMEOUT = 120
DOWNLOAD_MAXSIZE = 32 * 1024 * 1024
DOWNLOAD_WARNSIZE = 16 * 1024 * 1024
DOWNLOAD_FAIL_ON_DATALOSS = True
REDIRECT_MAX_TIMES = 8
MEDIA_ALLOW_REDIRECTS = True  # redirects of files are followed, and each target passes every middleware again
DNS_TIMEOUT = 20
TWISTED_DNS_RESOLVER = "newsbot.safety.resolver.PublicResolver"  # checks the address of every connection

# Scrapy imports each component that one of its *_BASE settings names, also where the project sets the component to None
# elsewhere. So newsbot owns these lists: None here means that Scrapy does not import the component. EXTENSIONS,
# DOWNLOADER_MIDDLEWARES and the others without _BASE are the user's: Scrapy adds them to these lists.
# newsbot/components.py adds a component back where the user's settings switch it on (COOKIES_ENABLED=1).
DOWNLOADER_MIDDLEWARES_BASE = {
    "newsbot.middlewares.guard.GuardMiddleware": 10,
    "newsbot.middlewares.private_addresses.PrivateAddressesMiddleware": 20,
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,  # no spider of newsbot has allowed_domains
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,  # replaced by the next line
    "newsbot.middlewares.robots.RobotsMiddleware": 100,
    "scrapy.downloadermiddlewares.httpauth.HttpAuthMiddleware": None,  # newsbot binds a password to host and TLS
    "scrapy.downloadermiddlewares.downloadtimeout.DownloadTimeoutMiddleware": 350,  # DOWNLOAD_TIMEOUT
    "scrapy.downloadermiddlewares.defaultheaders.DefaultHeadersMiddleware": 400,  # DEFAULT_REQUEST_HEADERS
    "scrapy.downloadermiddlewares.useragent.UserAgentMiddleware": 500,  # USER_AGENT
    "scrapy.downloadermiddlewares.retry.RetryMiddleware": None,  # RETRY_ENABLED is off
    "scrapy.downloadermiddlewares.redirect.MetaRefreshMiddleware": None,  # METAREFRESH_ENABLED is off
    "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": None,  # replaced by the next line
    "newsbot.middlewares.compression.CompressionMiddleware": 590,
    "scrapy.downloadermiddlewares.redirect.RedirectMiddleware": None,  # replaced by the next line
    "newsbot.middlewares.redirects.RedirectsMiddleware": 600,
    "scrapy.downloadermiddlewares.cookies.CookiesMiddleware": None,  # COOKIES_ENABLED is off; it imports tldextract
    "scrapy.downloadermiddlewares.httpproxy.HttpProxyMiddleware": None,  # HTTPPROXY_ENABLED is off
    "scrapy.downloadermiddlewares.stats.DownloaderStats": 850,  # the downloader/* stats
    "scrapy.downloadermiddlewares.httpcache.HttpCacheMiddleware": None,  # HTTPCACHE_ENABLED is off
    # It is next to the downloader, so it gets every answer first, also redirects and robots.txt.
    "newsbot.middlewares.politeness.PolitenessMiddleware": 950,
    "newsbot.middlewares.credentials.CredentialsMiddleware": 960,
}
# Newsbot's spiders yield items and no requests. Each spider middleware would cost time for every item.
SPIDER_MIDDLEWARES_BASE = {
    "scrapy.spidermiddlewares.start.StartSpiderMiddleware": None,  # nothing reads the key is_start_request
    "scrapy.spidermiddlewares.httperror.HttpErrorMiddleware": 50,  # `scrapy clean URL` takes no error page
    "scrapy.spidermiddlewares.referer.RefererMiddleware": None,  # REFERER_ENABLED is off
    "scrapy.spidermiddlewares.urllength.UrlLengthMiddleware": None,  # for requests from callbacks; there are none
    "scrapy.spidermiddlewares.depth.DepthMiddleware": None,  # for requests from callbacks; there are none
    "scrapy.spidermiddlewares.metacopy.MetaCopyDetectionMiddleware": None,  # for the same requests
}

# Security by default.
DOWNLOAD_VERIFY_CERTIFICATES = True  # off in Scrapy
SSL_CERT_FILE = _env("SSL_CERT_FILE", "")  # OpenSSL reads the environment itself; newsbot checks the file
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False
DOWNLOAD_HANDLERS_BASE = {
    "data": "scrapy.core.downloader.handlers.datauri.DataURIDownloadHandler",  # each site begins with a `data:` URL
    "http": "newsbot.safety.handler.CappedHandler",  # 256 KiB of headers at most; Scrapy has no limit
    "https": "newsbot.safety.handler.CappedHandler",
    "file": None,  # no site may name a file of this machine
    "ftp": None,  # WordPress is reached by HTTP only
    "s3": None,  # WordPress is reached by HTTP only
}

ITEM_PROCESSOR = "newsbot.pipelines.items_only.ItemsOnly"  # pipelines of the user get rows only
ITEM_PIPELINES_BASE = {
    "newsbot.pipelines.clean.CleanPipeline": 100,
    "newsbot.pipelines.dedupe.DedupePipeline": 200,
    "newsbot.pipelines.media.MediaDownloadPipeline": 800,  # before the archive, so that an archived row has its files
    "newsbot.pipelines.archive.ArchivePipeline": 900,  # last, since every row that passes it is archived
}
EXTENSIONS_BASE = {
    "newsbot.extensions.heap.HeapExtension": 0,  # before the first page
    "newsbot.safe_logs.SafeLogs": 0,
    "scrapy.extensions.corestats.CoreStats": 0,  # elapsed_time_seconds, finish_reason
    "scrapy.extensions.logcount.LogCount": 0,  # the log_count/* stats
    # TELNETCONSOLE_ENABLED is off: the console runs any command that it gets
    "scrapy.extensions.telnet.TelnetConsole": None,
    "scrapy.extensions.memusage.MemoryUsage": 0,  # MEMUSAGE_LIMIT_MB, and the memusage/* stats
    "scrapy.extensions.memdebug.MemoryDebugger": None,  # MEMDEBUG_ENABLED is off
    "scrapy.extensions.closespider.CloseSpider": None,  # no CLOSESPIDER_* setting is set
    "scrapy.extensions.feedexport.FeedExporter": 0,  # the feeds
    "scrapy.extensions.logstats.LogStats": 0,  # a line each LOGSTATS_INTERVAL
    "scrapy.extensions.spiderstate.SpiderState": None,  # JOBDIR is not set; the archive keeps the state
    "scrapy.extensions.throttle.AutoThrottle": None,  # AUTOTHROTTLE_ENABLED is off: PolitenessMiddleware has the pace
    "scrapy.extensions.remote_control.RemoteControl": None,  # REMOTE_CONTROL_ENABLED is off; it imports aiohttp
    "newsbot.warc.extension.WarcExtension": None,  # NEWSBOT_WARC is empty
    "newsbot.extensions.progress.ProgressExtension": 890,  # before the receipt, whose summary follows the table
    # This is the last extension at the signal spider_closed, when the feeds have reported whether they were stored.
    "newsbot.extensions.receipt.ReceiptExtension": 900,
    "newsbot.extensions.history.HistoryExtension": 950,  # stores the result of the receipt
    "newsbot.extensions.followed.FollowedExtension": 960,  # when each followed site is next due
    "newsbot.extensions.json_receipt.JsonReceipt": None,  # NEWSBOT_LOG_JSON is off
    "newsbot.extensions.metrics.MetricsExtension": None,  # NEWSBOT_METRICS_PORT and NEWSBOT_METRICS_FILE are empty
}
# Spidermon (the extra [monitors]): its settings may be in the environment too, since some of them are passwords.
SPIDERMON_ENABLED = "0"
SPIDERMON_ENGINE_STOP_MONITORS = "newsbot.monitors.suite.ReceiptMonitors"
SPIDERMON_EMAIL_SUBJECT = "newsbot: {{ data.spider.name }} needs attention"
SPIDERMON_DISCORD_MESSAGE = SPIDERMON_TELEGRAM_MESSAGE = (
    "newsbot, {{ data.spider.name }}:{% for failed in result.monitors_failed_results %}\n"
    "{{ failed.monitor.monitor_name }}: {{ (failed.error.strip().split('AssertionError: ') | last)[:600] }}{% endfor %}"
)
globals().update({name: value for name, value in os.environ.items() if name.startswith("SPIDERMON_")})

LOG_FORMATTER = "newsbot.safe_logs.LogFormatter"
LOG_LEVEL = "INFO"
LOGSTATS_INTERVAL = 60.0

ADDONS = {
    "newsbot.feeds.FeedDefaults": 0,
    "newsbot.components.SwitchedComponents": 0,
    "newsbot.json_logs.JsonLogs": 10,  # after FeedDefaults, which names the run
}
FEED_EXPORTERS_BASE = {
    "jsonl": "newsbot.feeds.JsonLinesExporter",
    "jsonlines": "newsbot.feeds.JsonLinesExporter",
    "jl": "newsbot.feeds.JsonLinesExporter",
    "json": "newsbot.feeds.JsonExporter",
    "csv": "newsbot.feeds.CsvExporter",
    "xml": "newsbot.feeds.XmlExporter",
    "parquet": "newsbot.feeds.ParquetExporter",
    "xlsx": "newsbot.feeds.XlsxExporter",
    "pickle": None,  # unpickling a file is unsafe
    "marshal": None,  # as unsafe to load as a pickle
}
FEED_STORAGES_BASE = {
    "": "newsbot.feeds.FileStorage",
    "file": "newsbot.feeds.FileStorage",
    "stdout": "newsbot.feeds.StdoutStorage",
    "s3": None,  # only newsbot's storages rename a feed when it is complete, and commit its rows then
    "gs": None,  # as s3
    "ftp": None,  # as s3
    "ftps": None,  # as s3
}
FEED_URI_PARAMS = "newsbot.feeds.uri_params"
FEED_EXPORT_ENCODING = "utf-8"
FEED_STORE_EMPTY = True  # an empty run leaves a well-formed empty file where the user named the file
