"""Feeds: files of rows that appear under their names only when they are complete.

``exporters`` turn rows into bytes, ``storages`` write the bytes to files, ``files`` knows how a file becomes complete,
``defaults`` names the feeds of a run for which the user named none. Settings name the classes by the paths below.
"""

from newsbot.feeds.defaults import FeedDefaults, RowFilter, uri_params
from newsbot.feeds.exporters import CsvExporter, JsonExporter, JsonLinesExporter, XmlExporter
from newsbot.feeds.files import FeedError
from newsbot.feeds.storages import FileStorage, StdoutStorage
from newsbot.feeds.typed_exporters import ParquetExporter, XlsxExporter

__all__ = [
    "CsvExporter",
    "FeedDefaults",
    "FeedError",
    "FileStorage",
    "JsonExporter",
    "JsonLinesExporter",
    "ParquetExporter",
    "RowFilter",
    "StdoutStorage",
    "XlsxExporter",
    "XmlExporter",
    "uri_params",
]
