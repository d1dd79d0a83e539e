"""The kind of a file, by its first bytes. Files of other kinds, such as files that a browser would run, are not
stored."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """``suffix`` has no dot. ``mime`` is the type of the bytes, even if the server names another type."""

    suffix: str
    mime: str


_BEGINNINGS: tuple[tuple[bytes, Kind], ...] = (
    (b"\xff\xd8\xff", Kind("jpg", "image/jpeg")),
    (b"\x89PNG\r\n\x1a\n", Kind("png", "image/png")),
    (b"GIF87a", Kind("gif", "image/gif")),
    (b"GIF89a", Kind("gif", "image/gif")),
    (b"II*\x00", Kind("tif", "image/tiff")),
    (b"MM\x00*", Kind("tif", "image/tiff")),
    (b"\x00\x00\x00\x0cJXL \r\n\x87\n", Kind("jxl", "image/jxl")),
    (b"%PDF-", Kind("pdf", "application/pdf")),
    (b"ID3", Kind("mp3", "audio/mpeg")),
    (b"fLaC", Kind("flac", "audio/flac")),
    (b"\x00\x00\x01\xba", Kind("mpg", "video/mpeg")),
)
_RIFF = {
    b"WEBP": Kind("webp", "image/webp"),
    b"WAVE": Kind("wav", "audio/wav"),
    b"AVI ": Kind("avi", "video/x-msvideo"),
}
# ISO base media files name their brand. Most files of other brands are MP4 video.
_BRANDS = {
    **dict.fromkeys((b"avif", b"avis"), Kind("avif", "image/avif")),
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1"), Kind("heic", "image/heic")),
    **dict.fromkeys((b"M4A ", b"M4B ", b"M4P "), Kind("m4a", "audio/mp4")),
    b"qt  ": Kind("mov", "video/quicktime"),
}
_GENERIC = frozenset({"", "application/octet-stream", "binary/octet-stream", "application/binary", "application/ogg"})


def kind_of(body: bytes) -> Kind | None:
    """The kind of a complete file; None for a file that is not stored, such as SVG, which may hold scripts."""
    for beginning, kind in _BEGINNINGS:
        if body.startswith(beginning):
            return kind
    if body[:4] == b"RIFF":
        return _RIFF.get(body[8:12])
    if body[4:8] == b"ftyp":
        return _BRANDS.get(body[8:12], Kind("mp4", "video/mp4"))
    if body[:4] == b"\x1aE\xdf\xa3":
        return Kind("webm", "video/webm") if b"webm" in body[:64] else Kind("mkv", "video/x-matroska")
    if body[:4] == b"OggS":
        return Kind("ogv", "video/ogg") if b"theora" in body[:128] else Kind("ogg", "audio/ogg")
    return _by_frame(body)


def _by_frame(body: bytes) -> Kind | None:
    """Kinds without a fixed beginning: a sound frame has eleven set bits and its layer, a bitmap its own size."""
    if body[:2] == b"BM" and int.from_bytes(body[2:6], "little") == len(body):
        return Kind("bmp", "image/bmp")
    if len(body) < 2 or body[0] != 0xFF:
        return None
    if body[1] & 0xF6 == 0xF0:
        return Kind("aac", "audio/aac")
    return Kind("mp3", "audio/mpeg") if body[1] & 0xE6 == 0xE2 else None


def fits_type(kind: Kind, content_type: str) -> bool:
    """Whether the server's Content-Type fits the bytes: an image that is sent as HTML is refused."""
    declared = content_type.partition(";")[0].strip().lower()
    if declared in _GENERIC:
        return True
    sound = ("audio/", "video/")
    if kind.mime.startswith(sound):
        return declared.startswith(sound)
    return declared.partition("/")[0] == "image" if kind.mime.startswith("image/") else declared == kind.mime
