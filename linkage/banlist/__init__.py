"""The ban list: numbered, immutable, hash-chained and signed; built from what a run proposes and
what people have decided, with a report of what it would do before anybody publishes it."""

from linkage.banlist.chain import Head, Row
from linkage.banlist.draft import Draft, draft
from linkage.banlist.entries import Entry, Measure
from linkage.banlist.settings import BanlistSettings

__all__ = ["BanlistSettings", "Draft", "Entry", "Head", "Measure", "Row", "draft"]
