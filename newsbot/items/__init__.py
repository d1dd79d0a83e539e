"""What newsbot delivers: rows, the values in their columns, and the checkpoints between the rows. The package imports
nothing else of newsbot."""

from newsbot.items.checkpoint import Checkpoint
from newsbot.items.rows import (
    CLASSES,
    DATED,
    Change,
    Comment,
    Media,
    Post,
    Record,
    Term,
    User,
    Via,
    columns,
)
from newsbot.items.values import Author, Embed, FeaturedImage, Image, Source, TermRef, WarcRecord

__all__ = [
    "CLASSES",
    "DATED",
    "Author",
    "Change",
    "Checkpoint",
    "Comment",
    "Embed",
    "FeaturedImage",
    "Image",
    "Media",
    "Post",
    "Record",
    "Source",
    "Term",
    "TermRef",
    "User",
    "Via",
    "WarcRecord",
    "columns",
]
