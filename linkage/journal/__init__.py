"""Events as they come in: checked, each once, on disk before anybody is told so.

A call's events go through `checked`, then into the `Journal`: appended with a checksum, many calls
to one fsync; files of the journal are sealed into Parquet segments, which detections read. What was
acknowledged survives a crash: the next `Journal` finds it again.
"""

from linkage.journal.checking import Checked, Checker
from linkage.journal.intake import taken_in
from linkage.journal.journal import Journal, Receipt

__all__ = ["Checked", "Checker", "Journal", "Receipt", "taken_in"]
