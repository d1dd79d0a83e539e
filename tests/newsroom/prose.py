"""Invented news: words, names and paragraphs. All sentences are made here, from a seed."""

from __future__ import annotations

import random
from dataclasses import dataclass

PLACES = (
    "Port Amrel", "Vesnoye", "Kettle Bay", "Old Marrow", "Tarn Hollow", "Ilmara", "Sandwick Cross", "Brenn",
    "Low Harbour", "Novy Brod", "Greywater", "Upper Lissen", "Corrance", "Dunmere", "Saltmarket", "Yarrow Hill",
)  # fmt: skip
PEOPLE = (
    "Mira Oslen", "Tadeo Farrow", "Ines Kowalt", "Anton Drey", "Ruth Calloway", "Olena Birk", "Samir Holt",
    "Greta Lindqvale", "Pavlo Surin", "Nadia Ferrant", "Jonas Wick", "Leyla Amber", "Oskar Tenn", "Zofia Marsh",
)  # fmt: skip
BODIES = (
    "the harbour board", "the town council", "the ferry company", "the growers' union", "the school district",
    "the river authority", "the tram works", "the library trust", "the weather office", "the regional court",
    "the fishing cooperative", "the power utility", "the museum", "the volunteer brigade", "the market hall",
)  # fmt: skip
DEEDS = (
    "approved a budget for", "postponed a decision on", "opened an inquiry into", "published the figures for",
    "withdrew its objection to", "asked for more time over", "signed an agreement on", "voted narrowly against",
    "promised a quick repair of", "set out a new plan for", "received forty complaints about", "celebrated",
)  # fmt: skip
MATTERS = (
    "the northern breakwater", "the night bus", "this year's apple harvest", "the flooded underpass",
    "a second swimming hall", "the old cinema", "winter road salt", "the lamp-post survey", "the island ferry",
    "school lunches", "the fish auction", "the botanical garden", "the listed chimney", "a bridge for cyclists",
    "the town archive", "the tidal mill", "drinking fountains", "the choir festival", "the allotment rules",
)  # fmt: skip
TIMES = (
    "on Monday", "late on Tuesday", "on Wednesday morning", "after a long session on Thursday", "on Friday",
    "over the weekend", "two days earlier than expected", "without a debate", "for the third time this year",
)  # fmt: skip
REASONS = (
    "because the tide tables had changed", "although the costs have risen by a fifth", "as the first frost is near",
    "while residents waited outside with lanterns", "since the last survey found eleven cracks",
    "before the summer timetable begins", "in spite of the rain", "so that the work can start in spring",
)  # fmt: skip
SAYINGS = (
    "We counted twice, and the sum was the same both times", "Nobody remembers a quieter winter",
    "It is a small thing, but people pass it every day", "The numbers are on the table for everyone to read",
    "I would rather be late than wrong", "There is room for both the boats and the herons",
    "Ask me again when the scaffolding is down", "That door has been open all along",
)  # fmt: skip
TOPICS = (
    "Harbour", "Council", "Weather", "Markets", "Schools", "Rail", "Culture", "Courts", "Fishing", "Sport", "Health",
    "Energy", "Gardens", "Letters", "Science", "Night life", "Housing", "Roads", "Rivers", "Food", "Music", "History",
    "Opinion", "Youth",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Prose:
    """Paragraphs of plain text to be shared by all posts, and titles."""

    paragraphs: tuple[str, ...]
    headings: tuple[str, ...]
    titles: tuple[str, ...]


def sentence(draw: random.Random) -> str:
    who = draw.choice((draw.choice(BODIES), f"{draw.choice(BODIES)} of {draw.choice(PLACES)}"))
    text = f"{who} {draw.choice(DEEDS)} {draw.choice(MATTERS)} {draw.choice(TIMES)}"
    if draw.random() < 0.5:
        text += f", {draw.choice(REASONS)}"
    if draw.random() < 0.25:
        return f"\u201c{draw.choice(SAYINGS)},\u201d said {draw.choice(PEOPLE)}, who spoke for {draw.choice(BODIES)}."
    if draw.random() < 0.2:
        return f"In {draw.choice(PLACES)}, {text} \u2014 {draw.randint(3, 980)} people took part."
    return text[0].upper() + text[1:] + "."


def paragraph(draw: random.Random) -> str:
    return " ".join(sentence(draw) for _ in range(draw.randint(2, 6)))


def title(draw: random.Random) -> str:
    who, what = draw.choice(BODIES).removeprefix("the "), draw.choice(MATTERS).removeprefix("the ")
    shape = draw.randrange(4)
    if shape == 0:
        return f"{draw.choice(PLACES)}: {who} {draw.choice(DEEDS)} {what}"
    if shape == 1:
        return f"Why {who} {draw.choice(DEEDS)} {what}"
    if shape == 2:
        return f"{draw.choice(PEOPLE)} on {what} and {draw.choice(MATTERS).removeprefix('the ')}"
    return f"{who.capitalize()} {draw.choice(DEEDS)} {what}"


def write(seed: int) -> Prose:
    draw = random.Random(seed)
    return Prose(
        paragraphs=tuple(paragraph(draw) for _ in range(400)),
        headings=tuple(f"What {draw.choice(BODIES)} said about {draw.choice(MATTERS)}" for _ in range(60)),
        titles=tuple(title(draw) for _ in range(500)),
    )
