"""What a file is by its bytes, and whether its server says so."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsbot.media.kinds import fits_type, kind_of

REST = b"\x00" * 40


@pytest.mark.parametrize(
    ("beginning", "suffix"),
    [
        (b"\xff\xd8\xff\xe1", "jpg"),
        (b"\x89PNG\r\n\x1a\n", "png"),
        (b"GIF89a", "gif"),
        (b"RIFF\x10\x00\x00\x00WEBP", "webp"),
        (b"RIFF\x10\x00\x00\x00WAVE", "wav"),
        (b"II*\x00", "tif"),
        (b"\x00\x00\x00\x1cftypavif", "avif"),
        (b"\x00\x00\x00\x1cftypM4A ", "m4a"),
        (b"\x00\x00\x00\x1cftypisom", "mp4"),
        (b"\x1aE\xdf\xa3\x01\x42\x82\x84webm", "webm"),
        (b"\x1aE\xdf\xa3\x01\x42\x82\x88matroska", "mkv"),
        (b"OggS\x00\x02\x80theora", "ogv"),
        (b"OggS\x00\x02\x01vorbis", "ogg"),
        (b"ID3\x03", "mp3"),
        (b"\xff\xfb\x90", "mp3"),
        (b"\xff\xf1\x50", "aac"),
        (b"fLaC", "flac"),
        (b"%PDF-1.4", "pdf"),
    ],
)
def test_kind_of_a_file_is_recognised_by_its_first_bytes(beginning: bytes, suffix: str) -> None:
    kind = kind_of(beginning + REST)
    assert kind is not None
    assert kind.suffix == suffix
    assert fits_type(kind, kind.mime)
    assert fits_type(kind, "application/octet-stream")
    assert fits_type(kind, "")
    assert not fits_type(kind, "text/html; charset=UTF-8")


def test_bitmap_is_recognised_by_its_size_field() -> None:
    body = b"BM" + (46).to_bytes(4, "little") + REST
    assert kind_of(body) is not None
    assert kind_of(b"BM is no bitmap" + REST) is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"<!DOCTYPE html>",
        b"\n%PDF-1.4",
        b"MZ\x90\x00",
        b"\x7fELF",
        b"#!/bin/sh",
        b"PK\x03\x04",
        b"<?php",
        b"\xff\xfeH\x00",
        b"RIFF\x10\x00\x00\x00ACON",
        b"\xca\xfe\xba\xbe",
    ],
)
def test_executable_or_unknown_file_has_no_kind(body: bytes) -> None:
    assert kind_of(body) is None


def test_audio_and_video_types_are_interchangeable_and_images_are_not() -> None:
    film, picture = kind_of(b"\x00\x00\x00\x1cftypisom"), kind_of(b"GIF89a")
    assert film is not None and picture is not None
    assert fits_type(film, "audio/mp4")
    assert fits_type(picture, "IMAGE/JPEG")
    assert not fits_type(picture, "audio/mpeg")
    assert not fits_type(picture, "application/pdf")


@given(st.binary(max_size=80))
def test_any_bytes_have_a_kind_or_none(body: bytes) -> None:
    kind = kind_of(body)
    assert kind is None or (kind.suffix.isalnum() and "/" in kind.mime)
