"""Feeds: rows to files that appear under their names only when they are whole.

``exporters`` turn rows into bytes, ``storages`` put them where they belong, ``files`` knows how a file becomes whole,
``defaults`` says where feeds go when nobody asked. Settings name the classes by the paths of this package.
"""

from newsbot.feeds.defaults import FeedDefaults, RowFilter, uri_params
from newsbot.feeds.exporters import CsvExporter, JsonExporter, JsonLinesExporter, XmlExporter
from newsbot.feeds.files import FeedError
from newsbot.feeds.storages import FileStorage, StdoutStorage

__all__ = [
    "CsvExporter",
    "FeedDefaults",
    "FeedError",
    "FileStorage",
    "JsonExporter",
    "JsonLinesExporter",
    "RowFilter",
    "StdoutStorage",
    "XmlExporter",
    "uri_params",
]
