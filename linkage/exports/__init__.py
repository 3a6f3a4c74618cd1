"""A ban list in the forms that consumers take."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from linkage.banlist.store import Published
from linkage.exports.csvtext import as_csv
from linkage.exports.lines import as_json, as_ndjson
from linkage.exports.stix import as_stix

Export = Callable[[Published, datetime], Iterator[bytes]]


@dataclass(frozen=True)
class Format:
    """A form. write: the bytes of a list, of the entries that hold at a time; whole: of all rows,
    whatever the time."""

    name: str
    suffix: str
    media_type: str
    write: Export
    whole: bool = False


FORMATS: Mapping[str, Format] = {
    one.name: one
    for one in (
        Format("csv", "csv", "text/csv; charset=utf-8", as_csv),
        Format("ndjson", "ndjson", "application/x-ndjson", as_ndjson, whole=True),
        Format("json", "json", "application/json", as_json),
        Format("stix", "stix.json", "application/stix+json;version=2.1", as_stix),
    )
}

__all__ = ["FORMATS", "Export", "Format"]
