"""What is kept of people: under which names, for how long, and who can tell whose they are.

With keys, events become pseudonymous before anything is written, and what pseudonyms stand for is
sealed into a vault that only its private key opens. docs/privacy.md says what that protects from.
"""

from linkage.privacy.guard import admitted
from linkage.privacy.ingest import Pseudonymiser, pseudonymiser
from linkage.privacy.names import Names, names
from linkage.privacy.settings import Privacy, PrivacySettings, load, opened

__all__ = [
    "Names", "Privacy", "PrivacySettings", "Pseudonymiser", "admitted", "load", "names", "opened",
    "pseudonymiser",
]  # fmt: skip
