"""What a workspace knows beside events and runs: keys, decisions, the allowlist, notes, audit.

Small and transactional: SQLAlchemy Core over SQLite by default, PostgreSQL by its URL. Each sort
of thing is a module; `State` opens the database, brings its schema up to date and holds them.
"""

from linkage.state.audit import AuditEntry
from linkage.state.database import State, check_known, copy_state, open_state
from linkage.state.decisions import Action, Decision, Subject
from linkage.state.keys import Key, Scope
from linkage.state.log import Decided, DecisionLog
from linkage.state.notes import Note

__all__ = [
    "Action", "AuditEntry", "Decided", "Decision", "DecisionLog", "Key", "Note", "Scope", "State",
    "Subject", "check_known", "copy_state", "open_state",
]  # fmt: skip
