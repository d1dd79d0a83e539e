"""Content that an article shows from another site: the provider's name, and the page that a reader can open."""

from __future__ import annotations

import re
from urllib.parse import unquote

from newsbot.article.links import host

# One line for each provider: a part of the frame's URL, the provider, the pattern of the URL, the page's URL.
_PAGES: tuple[tuple[str, str, re.Pattern[str], str], ...] = tuple(
    (name, provider, re.compile(pattern, re.I), page)
    for name, provider, pattern, page in (
        (
            "youtu",
            "YouTube",
            r"(?:youtube(?:-nocookie)?\.com/(?:embed/videoseries|playlist)\?(?:[^#]*&)?list=)([\w-]+)",
            "https://www.youtube.com/playlist?list={}",
        ),
        (
            "youtu",
            "YouTube",
            r"(?:youtube(?:-nocookie)?\.com/(?:embed|v|shorts|live)/|youtu\.be/)([\w-]{6,})",
            "https://www.youtube.com/watch?v={}",
        ),
        ("youtu", "YouTube", r"youtube\.com/watch\?(?:[^#]*&)?v=([\w-]{6,})", "https://www.youtube.com/watch?v={}"),
        ("vimeo", "Vimeo", r"player\.vimeo\.com/video/(\d+)", "https://vimeo.com/{}"),
        (
            "dai",
            "Dailymotion",
            r"(?:dailymotion\.com/embed/video/|dai\.ly/)(\w+)",
            "https://www.dailymotion.com/video/{}",
        ),
        (
            "dailymotion",
            "Dailymotion",
            r"dailymotion\.com/player[^?]*\?(?:[^#]*&)?video=(\w+)",
            "https://www.dailymotion.com/video/{}",
        ),
        ("spotify", "Spotify", r"open\.spotify\.com/embed(?:-podcast)?/(\w+/\w+)", "https://open.spotify.com/{}"),
        ("twitter", "X", r"platform\.twitter\.com/embed/[^#]*[?&]id=(\d+)", "https://x.com/i/status/{}"),
        ("instagram", "Instagram", r"instagram\.com/((?:p|reel|tv)/[\w-]+)/?embed", "https://www.instagram.com/{}/"),
        ("tiktok", "TikTok", r"tiktok\.com/(?:embed(?:/v\d)?|player/v1)/(\d+)", "https://www.tiktok.com/embed/v2/{}"),
        ("ted", "TED", r"embed\.ted\.com/talks/([^?#]+)", "https://www.ted.com/talks/{}"),
        ("streamable", "Streamable", r"streamable\.com/[eso]/(\w+)", "https://streamable.com/{}"),
        ("apple", "Apple Podcasts", r"embed\.podcasts\.apple\.com/([^#]+)", "https://podcasts.apple.com/{}"),
        ("archive", "Internet Archive", r"archive\.org/embed/([^?#]+)", "https://archive.org/details/{}"),
        ("google", "Google Drive", r"drive\.google\.com/file/d/([\w-]+)/", "https://drive.google.com/file/d/{}/view"),
    )
)
_HOSTS = {
    "youtube.com": "YouTube", "youtube-nocookie.com": "YouTube", "youtu.be": "YouTube", "vimeo.com": "Vimeo",
    "dailymotion.com": "Dailymotion", "dai.ly": "Dailymotion", "spotify.com": "Spotify", "soundcloud.com": "SoundCloud",
    "twitter.com": "X", "x.com": "X", "facebook.com": "Facebook", "fb.watch": "Facebook", "instagram.com": "Instagram",
    "tiktok.com": "TikTok", "threads.net": "Threads", "threads.com": "Threads", "bsky.app": "Bluesky",
    "linkedin.com": "LinkedIn", "pinterest.com": "Pinterest", "reddit.com": "Reddit", "redditmedia.com": "Reddit",
    "t.me": "Telegram", "vk.com": "VK", "vkvideo.ru": "VK", "ok.ru": "OK", "rutube.ru": "Rutube",
    "rumble.com": "Rumble",
    "odysee.com": "Odysee", "bitchute.com": "BitChute", "twitch.tv": "Twitch", "kick.com": "Kick", "ted.com": "TED",
    "streamable.com": "Streamable", "wistia.com": "Wistia", "wistia.net": "Wistia", "brightcove.net": "Brightcove",
    "jwplatform.com": "JW Player", "jwplayer.com": "JW Player", "kaltura.com": "Kaltura", "vidyard.com": "Vidyard",
    "bilibili.com": "Bilibili", "niconico.jp": "Niconico", "nicovideo.jp": "Niconico", "youku.com": "Youku",
    "apple.com": "Apple", "deezer.com": "Deezer", "mixcloud.com": "Mixcloud", "bandcamp.com": "Bandcamp",
    "audiomack.com": "Audiomack", "buzzsprout.com": "Buzzsprout", "podbean.com": "Podbean", "megaphone.fm": "Megaphone",
    "simplecast.com": "Simplecast", "transistor.fm": "Transistor", "captivate.fm": "Captivate", "acast.com": "Acast",
    "anchor.fm": "Anchor", "ivoox.com": "iVoox", "libsyn.com": "Libsyn", "spreaker.com": "Spreaker", "omny.fm": "Omny",
    "art19.com": "ART19", "audioboom.com": "Audioboom", "ausha.co": "Ausha", "rss.com": "RSS.com",
    "listennotes.com": "Listen Notes",
    "maps.google.com": "Google Maps", "openstreetmap.org": "OpenStreetMap", "mapbox.com": "Mapbox", "bing.com": "Bing",
    "arcgis.com": "ArcGIS", "docs.google.com": "Google Docs", "drive.google.com": "Google Drive",
    "forms.gle": "Google Forms",
    "datawrapper.de": "Datawrapper", "dwcdn.net": "Datawrapper", "flourish.studio": "Flourish",
    "infogram.com": "Infogram",
    "e.infogram.com": "Infogram", "piktochart.com": "Piktochart", "tableau.com": "Tableau", "everviz.com": "everviz",
    "knightlab.com": "Knight Lab", "thinglink.com": "ThingLink", "genial.ly": "Genially", "genially.com": "Genially",
    "canva.com": "Canva", "prezi.com": "Prezi", "slideshare.net": "SlideShare", "scribd.com": "Scribd",
    "issuu.com": "Issuu",
    "calameo.com": "Calaméo", "yumpu.com": "Yumpu", "documentcloud.org": "DocumentCloud", "embedly.com": "Embedly",
    "flickr.com": "Flickr", "giphy.com": "Giphy", "tenor.com": "Tenor", "imgur.com": "Imgur",
    "gettyimages.com": "Getty Images",
    "github.com": "GitHub", "codepen.io": "CodePen", "jsfiddle.net": "JSFiddle", "codesandbox.io": "CodeSandbox",
    "typeform.com": "Typeform", "kickstarter.com": "Kickstarter", "tumblr.com": "Tumblr",
    "archive.org": "Internet Archive",
    "videopress.com": "VideoPress", "wordpress.com": "WordPress", "wordpress.tv": "WordPress.tv", "loom.com": "Loom",
    "arte.tv": "ARTE", "bbc.co.uk": "BBC", "bbc.com": "BBC", "cnn.com": "CNN", "c-span.org": "C-SPAN", "ina.fr": "INA",
    "zdf.de": "ZDF", "ardmediathek.de": "ARD", "npr.org": "NPR", "espn.com": "ESPN",
    "nytimes.com": "The New York Times",
    "windy.com": "Windy", "tradingview.com": "TradingView", "sketchfab.com": "Sketchfab", "coub.com": "Coub",
    "gfycat.com": "Gfycat", "cloudflarestream.com": "Cloudflare Stream", "vidio.com": "Vidio", "ceros.com": "Ceros",
    "playbuzz.com": "Playbuzz", "aparat.com": "Aparat", "zeno.fm": "Zeno", "tunein.com": "TuneIn",
    "iheart.com": "iHeart",
    "metacafe.com": "Metacafe", "veoh.com": "Veoh", "naver.com": "Naver", "kakao.com": "Kakao", "yandex.ru": "Yandex",
    "podcasts.google.com": "Google Podcasts", "bunny.net": "Bunny", "mediadelivery.net": "Bunny", "gab.com": "Gab",
    "truthsocial.com": "Truth Social", "mastodon.social": "Mastodon", "chess.com": "Chess.com",
    "lichess.org": "Lichess",
}  # fmt: skip
# The letters of a URL that are read to find the post or page that the URL shows. X writes some 1,600 letters before the
# number of a post. A search starts at each host name in the URL, and reads from there on.
_READ = 2_000
_FACEBOOK = re.compile(r"facebook\.com/(?:v[\d.]+/)?plugins/(?:video|post)\.php\?(?:[^#]*&)?href=([^&#]+)", re.I)
_PLUGIN_FRAME = re.compile(r"facebook\.com/(?:v[\d.]+/)?plugins/(?:like|page|share|follow|comments|group|send)", re.I)
_MAP = re.compile(r"//(?:www\.)?google\.[\w.]+/maps|//maps\.google\.", re.I)


def recognise(url: str) -> tuple[str, str] | None:
    """(provider, URL of the page) for the frame or page of a known provider, or None."""
    lowered = url.lower()
    if "facebook" in lowered:
        if _PLUGIN_FRAME.search(url):
            return None
        found = _FACEBOOK.search(url[:_READ])
        if found:
            return "Facebook", unquote(found[1])
    if "maps" in lowered and _MAP.search(url):
        return "Google Maps", url
    for name, provider, pattern, page in _PAGES:
        found = pattern.search(url[:_READ]) if name in lowered else None
        if found:
            return provider, page.format(found[1])
    provider_name = _provider(host(url))
    return (provider_name, url) if provider_name else None


_NAMES = frozenset({*_HOSTS.values(), *(provider for _, provider, _, _ in _PAGES)})


def is_own_name(name: str | None, url: str) -> bool:
    """Whether newsbot itself may have written this ``data-embed`` for ``url``: a provider's name, or the URL's own
    host."""
    return name is not None and name != "" and (name in _NAMES or name == host(url))


def is_social_widget(url: str) -> bool:
    """Whether a frame is a like button, a page box or a comment box. Such a frame is never part of an article."""
    return _PLUGIN_FRAME.search(url) is not None


def _provider(name: str) -> str | None:
    while "." in name:
        if name in _HOSTS:
            return _HOSTS[name]
        name = name.partition(".")[2]
    return None
