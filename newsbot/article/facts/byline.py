"""The author, the place and the agency of an article, from its own text: byline, dateline, agency."""

from __future__ import annotations

import re
from dataclasses import dataclass

# Words for "by" in other languages that only stand before a name.
_BY = (
    r"(?:written by|reported by|story by|by|por|par|di|von|door|oleh|av|af|autor|autora|auteur|autore|author|penulis"
    r"|reporter|автор|текст|текст:|yazan|autor/in)"
)
# These words also mean "text". Only with a colon are they a word for "by".
_TEXT_BY = r"(?:texto|texte|testo|text|tekst|redacción|redação)\s*:"
# Words for "by". A theme may write them in capitals. Short words that may also begin a name need a colon or small
# letters.
_BEFORE_NAME = re.compile(
    r"\s*(?:(?i:by|written by|posted by|por|par|escrito por|rédigé par|geschrieben von|scritto da|oleh|penulis|автор)"
    r"\s*+(?::\s+|(?<=\s))|(?i:von|di|da|door|av|af|autor|autora|auteur|author)\s*:\s*|(?:von|di|da|door|av|af)\s+(?=[^\W\d_a-z]))",
)
_HANDLE = re.compile(r"(?<=\w)\s+[(\[]?@\w[\w.]{0,60}[)\]]?\s*\Z")
_NAME = r"[^\W\d_][\w'’.\-]*"
_BYLINE = re.compile(
    rf"^\s*(?:{_BY}\s*:?\s|{_TEXT_BY})\s*(?P<name>{_NAME}(?:\s+(?:&|{_NAME})){{0,9}}"
    rf"(?:,\s*{_NAME}(?:\s+{_NAME}){{0,3}})*)\s*(?:[|•·](?P<beside>[^|•·]{{0,40}})|\.)?\s*$",
    re.I,
)
# Words in small letters that may stand in a name or between two names. Any other small word means a sentence.
_SMALL = frozenset(
    ("and", "y", "und", "et", "e", "dan", "&", "och", "og", "en", "i", "и", "de", "da", "do", "dos", "das", "del",
     "della", "di", "du", "la", "le", "van", "der", "den", "ter", "ten", "von", "zu", "af", "av", "al", "el", "bin",
     "ibn", "bint")
)  # fmt: skip
_DAYS = frozenset(("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"))
_TIMES = _DAYS | {
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december", "spring", "summer", "autumn", "winter", "christmas", "easter", "ramadan", "noon", "midnight",
}  # fmt: skip
_JAPANESE_BY = re.compile(r"^\s*(?:文|取材・文|記者|作者|记者|撰文)\s*[:：/／]\s*(?P<name>\S{2,12})\s*$")
AGENCIES = {
    "reuters": "Reuters", "ap": "Associated Press", "associated press": "Associated Press", "afp": "AFP",
    "agence france-presse": "AFP",
    "dpa": "dpa", "efe": "EFE", "ansa": "ANSA", "tass": "TASS", "itar-tass": "TASS", "ria novosti": "RIA Novosti",
    "тасс": "TASS", "итар-тасс": "TASS", "риа новости": "RIA Novosti", "интерфакс": "Interfax",
    "укринформ": "Ukrinform", "укрінформ": "Ukrinform", "белта": "BelTA", "中新社": "China News Service",
    "中新网": "China News Service",
    "interfax": "Interfax",
    "xinhua": "Xinhua", "新华社": "Xinhua", "kyodo": "Kyodo", "共同": "Kyodo", "共同通信": "Kyodo", "時事": "Jiji",
    "jiji": "Jiji", "yonhap": "Yonhap",
    "연합뉴스": "Yonhap", "pti": "PTI", "ani": "ANI", "ians": "IANS", "uni": "UNI", "antara": "ANTARA",
    "bernama": "Bernama", "lusa": "Lusa",
    "anp": "ANP", "belga": "Belga", "apa": "APA", "sda": "Keystone-SDA", "keystone-sda": "Keystone-SDA",
    "ats": "Keystone-ATS", "ntb": "NTB",
    "tt": "TT", "ritzau": "Ritzau", "stt": "STT", "pap": "PAP", "čtk": "ČTK", "ctk": "ČTK", "tasr": "TASR",
    "mti": "MTI", "tanjug": "Tanjug",
    "hina": "HINA", "fena": "FENA", "agerpres": "Agerpres", "ukrinform": "Ukrinform",
    "europa press": "Europa Press", "télam": "Télam",
    "telam": "Télam", "notimex": "Notimex", "agência brasil": "Agência Brasil", "aap": "AAP", "upi": "UPI",
    "bloomberg": "Bloomberg",
    "cnn": "CNN", "gna": "GNA", "nan": "NAN", "apanews": "APA News", "aps": "APS", "map": "MAP", "wam": "WAM",
    "spa": "SPA", "qna": "QNA",
    "kuna": "KUNA", "petra": "Petra", "anadolu": "Anadolu", "aa": "Anadolu", "irna": "IRNA", "cp": "The Canadian Press",
    "the canadian press": "The Canadian Press", "pa media": "PA Media", "press association": "PA Media",
    "adnkronos": "Adnkronos", "agi": "AGI",
    "askanews": "askanews", "epd": "epd", "kna": "KNA", "sid": "SID", "sputnik": "Sputnik",
    "the conversation": "The Conversation",
    "prnewswire": "PR Newswire", "pr newswire": "PR Newswire", "business wire": "Business Wire",
    "businesswire": "Business Wire",
    "globe newswire": "GlobeNewswire", "globenewswire": "GlobeNewswire", "accesswire": "ACCESSWIRE",
    "ots": "news aktuell (ots)",
}  # fmt: skip
_PLACE = r"[^\W\d_a-z][\w.'’\-]*(?:[ ,/]+(?:[^\W\d_a-z][\w.'’\-]*|de|la|del|di|am|upon|and|of)\.?){0,5}"
_DATE = r"(?:,?\s*(?:\d{1,2}\.?\s+\w{3,9}\.?|\w{3,9}\.?\s+\d{1,2})(?:,?\s*\d{4})?)?"
_DASH = r"\s*(?:--|[—–−]|-(?=\s)|:\s(?=\S))\s*"
_DATELINE = re.compile(
    rf"^(?P<place>{_PLACE}){_DATE}\s*(?:[(/]\s*(?P<agency>[^()/\d]{{2,30}})\s*[)/])?(?:\s*/PRNewswire/)?{_DASH}(?=\S)"
)
# "МОСКВА, 3 мая. /ТАСС/.", "МОСКВА, 3 мая — РИА Новости."
_AGENCY_AFTER = re.compile(
    rf"^(?P<place>{_PLACE}){_DATE}(?:\.?\s*/\s*(?P<agency>[^/\d]{{2,30}}?)\s*/|\s*[—–-]\s*(?P<named>[^.\d]{{2,30}}?)\s*\.)"
)
_CHINESE = re.compile(
    r"^[（(【]?(?P<agency>新华社|中新社|中新网)(?P<place>[\u4e00-\u9fff·]{2,12}?)\d{1,2}月\d{1,2}日[电電讯訊]"
)
# Words that are not places, although they may stand in capitals before a dash or a colon.
_NO_PLACE = frozenset(
    ("NASA", "NATO", "FIFA", "UEFA", "OPEC", "ASEAN", "UNESCO", "UNICEF", "COVID", "BREAKING", "UPDATE", "UPDATED",
     "WATCH", "VIDEO", "LIVE", "OPINION", "EXCLUSIVE", "ANALYSIS", "PHOTOS", "NOTE", "CORRECTION")
)  # fmt: skip
_AGENCY_FIRST = re.compile(r"^[(\[（【]\s*(?P<agency>[^()\[\]（）【】\d]{2,30})\s*[)\]）】]\s*(?:[—–-]\s*)?")
_AGENCY_LAST = re.compile(r"[(\[（/—–-]\s*(?P<agency>[^()\[\]（）/\d\n]{2,30}?)\s*[)\]）/]?\s*\.?\s*\Z")
_LINES = 4


@dataclass(frozen=True, slots=True)
class Dateline:
    """The place from which a story was filed, and its agency."""

    place: str | None
    agency: str | None


def find_byline(text: str) -> str | None:
    """The name in a separate line among the first or last lines ("By Jo Doe"), or None."""
    lines = [line for line in text.split("\n") if line.strip()]
    for line in (*lines[:_LINES], *lines[-2:]):
        if len(line) <= 120:
            found = _BYLINE.match(line) or _JAPANESE_BY.match(line)
            name = " ".join(found["name"].split()).rstrip(".") if found else ""
            head, comma, last = name.rpartition(", ")
            name = head if comma and agency_of(last) else name
            if name and _is_name(name):
                return name
    return None


def without_by(name: str) -> str:
    """An author's name without the word for "by" that a theme writes before it. "Di" and "Von" stay in "Di Maio" and
    "Von Ahn"."""
    found = _BEFORE_NAME.match(name)
    return name[found.end() :].strip() if found else name.strip()


def without_handle(name: str) -> str:
    """An author's name without the name of an account after it ("Ann Writer @annw"). A name that is only an account
    stays."""
    return _HANDLE.sub("", name)


def _is_name(words: str) -> bool:
    """Whether the words after "by" can be a name. "Tuesday" and "Hamburg nach Berlin" cannot."""
    first = words.partition(" ")[0]
    if first.casefold() in _DAYS or words.casefold() in _TIMES or first[0].islower():
        return False
    return not any(word[0].islower() and word not in _SMALL and word[1:2] not in ("'", "’") for word in words.split())


def find_dateline(text: str) -> Dateline | None:
    """The place and agency before the first sentence ("LAGOS, May 3 (Reuters) - "), or None."""
    for line in [line for line in text.split("\n") if line.strip()][:_LINES]:
        head = line[:120]
        after = _CHINESE.match(head) or _AGENCY_AFTER.match(head)
        if after is not None:
            agency = agency_of(after.groupdict().get("named") or after["agency"])
            if agency:
                return Dateline(place=after["place"].strip(" ,"), agency=agency)
        found = _DATELINE.match(head)
        if found is not None:
            agency = agency_of(found["agency"])
            place = found["place"].strip(" ,")
            own = agency_of(place)
            if agency or _is_place(place, followed=head[found.end() :]):
                return Dateline(place=None if own else place.removesuffix(","), agency=agency or own)
        first = _AGENCY_FIRST.match(line[:60])
        if first is not None and agency_of(first["agency"]):
            return Dateline(place=None, agency=agency_of(first["agency"]))
    return None


def _is_place(words: str, *, followed: str) -> bool:
    """Whether words are a place in capitals. Without an agency, capitals are not enough: "NASA - the agency" is not a
    dateline."""
    if not words.isupper() or words in _NO_PLACE or followed[0].islower():
        return False
    return len(words) > 3 or agency_of(words) is not None


def closing_agency(text: str) -> str | None:
    """The agency that the last words name: "(AFP)", "/ANSA", "– dpa"."""
    found = _AGENCY_LAST.search(text[-60:])
    return agency_of(found["agency"]) if found else None


def agency_of(name: str | None) -> str | None:
    """The agency with this short name."""
    return AGENCIES.get(" ".join((name or "").casefold().split()).strip(" .,;:"))
