"""Who wrote it, where, and for whom, as the article itself says: byline, dateline, agency."""

from __future__ import annotations

import re
from dataclasses import dataclass

# Words of other languages for "by" that stand before a name and nothing else.
_BY = (
    r"(?:written by|reported by|story by|by|por|par|di|von|door|oleh|av|af|autor|autora|auteur|autore|author|penulis"
    r"|reporter|автор|текст|текст:|yazan|autor/in)"
)
_NAME = r"[^\W\d_][\w'’.\-]*"
_BYLINE = re.compile(
    rf"^\s*{_BY}\s*:?\s+(?P<name>{_NAME}(?:\s+(?:and|y|und|et|e|dan|&|de|da|van|der|von|al|bin"
    rf"|{_NAME})){{0,9}}(?:,\s*{_NAME}(?:\s+{_NAME}){{0,3}})*)\s*[.|]?\s*$",
    re.I,
)
_JAPANESE_BY = re.compile(r"^\s*(?:文|取材・文|記者|作者|记者|撰文)\s*[:：/／]\s*(?P<name>\S{2,12})\s*$")
AGENCIES = {
    "reuters": "Reuters", "ap": "Associated Press", "associated press": "Associated Press", "afp": "AFP",
    "agence france-presse": "AFP",
    "dpa": "dpa", "efe": "EFE", "ansa": "ANSA", "tass": "TASS", "itar-tass": "TASS", "ria novosti": "RIA Novosti",
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
_AGENCY_FIRST = re.compile(r"^[(\[（【]\s*(?P<agency>[^()\[\]（）【】\d]{2,30})\s*[)\]）】]\s*(?:[—–-]\s*)?")
_AGENCY_LAST = re.compile(r"[(\[（/—–-]\s*(?P<agency>[^()\[\]（）/\d\n]{2,30}?)\s*[)\]）/]?\s*\.?\s*\Z")
_LINES = 4


@dataclass(frozen=True, slots=True)
class Dateline:
    """Where a story was filed, and the agency that did."""

    place: str | None
    agency: str | None


def find_byline(text: str) -> str | None:
    """The name in a line of its own among the first or last lines ("By Jo Doe"); None where there is none."""
    lines = [line for line in text.split("\n") if line.strip()]
    for line in (*lines[:_LINES], *lines[-2:]):
        if len(line) <= 120:
            found = _BYLINE.match(line) or _JAPANESE_BY.match(line)
            if found and found["name"][0].isupper() | (not found["name"][0].isascii()):
                return " ".join(found["name"].split()).rstrip(".")
    return None


def find_dateline(text: str) -> Dateline | None:
    """Place and agency before the first sentence ("LAGOS, May 3 (Reuters) - "); None where there is none."""
    for line in [line for line in text.split("\n") if line.strip()][:_LINES]:
        found = _DATELINE.match(line[:120])
        if found is not None:
            agency = agency_of(found["agency"])
            place = found["place"].strip(" ,")
            own = agency_of(place)
            # Without an agency only capitals tell a dateline from a heading or a name that speaks.
            if agency or (place.isupper() and len(place) > 2):
                return Dateline(place=None if own else place.removesuffix(","), agency=agency or own)
        first = _AGENCY_FIRST.match(line[:60])
        if first is not None and agency_of(first["agency"]):
            return Dateline(place=None, agency=agency_of(first["agency"]))
    return None


def closing_agency(text: str) -> str | None:
    """The agency named in the last words: "(AFP)", "/ANSA", "– dpa"."""
    found = _AGENCY_LAST.search(text[-60:])
    return agency_of(found["agency"]) if found else None


def agency_of(name: str | None) -> str | None:
    """The agency a short name stands for."""
    return AGENCIES.get(" ".join((name or "").casefold().split()).strip(" .,;:"))
