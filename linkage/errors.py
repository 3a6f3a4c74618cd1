"""Everything that `linkage` raises on purpose.

    LinkageError                 exit code
    ├── SettingsError            2   a setting is wrong; lists every fault
    ├── InputError               3   events, or a question, cannot be read
    │   ├── MissingInput             no such file, or nothing in it
    │   ├── FormatError              not what its name says
    │   ├── MissingColumns           no time or no account column
    │   └── QuestionError            a graph cannot be asked so: an unknown kind, a limit too large
    │       └── CursorError              no page goes on from there: it is broken, or another's
    ├── ResultError              4   a result folder is missing, broken, or in the way
    │   └── BackupError              a backup is, or its workspace
    ├── NotFound                 5   no such account, cluster or link in the result
    ├── GraphError               6   a graph database cannot be reached, or used as was asked
    │   └── OutsideGraph             it holds a part of the run, and this is not in it
    ├── ServerError              7   a local Neo4j cannot be fetched, started or stopped
    ├── StateError               8   keys, decisions and the like cannot be kept or read
    │   ├── ConflictError            somebody else was first, or the same key means another thing
    │   ├── JournalError             events that came in cannot be written, or read again
    │   └── PrivacyError             keys, pseudonyms or the vault do not fit what is kept
    ├── ListError                9   a ban list is not what was signed, or cannot be published
    │   └── OverBudget               a draft would do more at once than the settings allow
    └── WebhookError            10   a receiver of a webhook cannot be reached, or refuses

A message says what was wrong, where, and what to do.
"""

from collections.abc import Sequence


class LinkageError(Exception):
    """Any fault that the user can mend; `exit_code` is what the command line returns."""

    exit_code = 1


class SettingsError(LinkageError):
    """One or more settings are wrong. `faults` has one line for each."""

    exit_code = 2

    def __init__(self, faults: Sequence[str], source: str = "settings") -> None:
        self.faults, self.source = tuple(faults), source
        count = "1 fault" if len(self.faults) == 1 else f"{len(self.faults)} faults"
        super().__init__(f"{source}: {count}\n" + "\n".join(f"  - {fault}" for fault in faults))


class InputError(LinkageError):
    """The events, or a question, cannot be read."""

    exit_code = 3


class MissingInput(InputError):
    """A file or folder is not there, or holds no events."""


class FormatError(InputError):
    """A file is not what its name says, or is damaged."""


class MissingColumns(InputError):
    """The input has no column for the time or for the account."""


class QuestionError(InputError):
    """A graph cannot be asked so: an unknown kind or order, a limit too large."""


class CursorError(QuestionError):
    """A cursor is broken, or of another question or run."""


class ResultError(LinkageError):
    """A result folder is missing, incomplete, or would be overwritten."""

    exit_code = 4


class BackupError(ResultError):
    """A backup is missing, damaged or of a later linkage; or there is nothing to be backed up."""


class NotFound(LinkageError):
    """The result has no such account, cluster or link."""

    exit_code = 5


class GraphError(LinkageError):
    """A graph database cannot be reached, refuses, or holds what is not linkage's."""

    exit_code = 6


class OutsideGraph(GraphError):
    """The database holds a part of the run alone (its scope), and what was asked is beyond it."""


class ServerError(LinkageError):
    """A local Neo4j server cannot be fetched, started, asked or stopped."""

    exit_code = 7


class StateError(LinkageError):
    """The database of keys, decisions, notes and jobs cannot be opened or used."""

    exit_code = 8


class ConflictError(StateError):
    """What was to be changed has changed since it was read, or a key stands for another request."""


class JournalError(StateError):
    """The journal of events is damaged, in use by another process, or cannot be written."""


class PrivacyError(StateError):
    """A workspace's pseudonyms are of another key, or its vault does not open."""


class ListError(LinkageError):
    """A ban list is damaged, forged, or not one; or it cannot be published."""

    exit_code = 9


class OverBudget(ListError):
    """A draft would do more at once than the settings allow without an override. `over` has the
    name of each limit that it is above, and by how much."""

    def __init__(self, message: str, over: Sequence[tuple[str, str]] = ()) -> None:
        self.over = tuple(over)
        super().__init__(message)


class WebhookError(LinkageError):
    """The receiver of a webhook cannot be reached, must not be, or does not take a message."""

    exit_code = 10
