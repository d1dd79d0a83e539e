"""Articles that are only teasers."""

from __future__ import annotations

import pytest

from newsbot.article.teaser import ends_as_teaser


@pytest.mark.parametrize(
    "text",
    [
        "A start […]",
        "A start (more…)",
        "A start\nContinue reading Why the bridge fell",
        "A start\nRead more »",
        "Un début … Lire la suite",
        "Ein Anfang.\nWeiterlesen",
        "Начало…\nЧитать далее →",
        "The start. " * 300 + "[…]",
    ],
)
def test_invitation_to_read_on_ends_a_teaser(text: str) -> None:
    assert ends_as_teaser(text)


@pytest.mark.parametrize(
    "text",
    [
        "A start\nRead more about it in the report on page 5.",
        "A whole report.\nRead more: The cranes of the eastern quay",
        "A whole report.\nLeer más: Las grúas del muelle",
        "Ein ganzer Bericht.\nWeiterlesen: Kräne am Ostkai",
        "A whole report.\nContinue reading: The cranes",
        "The cranes stood still. " * 120 + "\nRead more",
        "The harbour will continue reading\nrooms for seamen and their wives",
        "read more " + " ".join(["abcdefghij"] * 13),
        "leer más " + "palabra " * 40,
        "read more" + "x" * 5_000,
    ],
)
def test_long_text_after_an_invitation_is_no_teaser(text: str) -> None:
    assert not ends_as_teaser(text)
