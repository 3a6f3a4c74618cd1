"""All scenarios, in the order in which they are played."""

from __future__ import annotations

from collections.abc import Sequence

from linkage.conformance.following import FOLLOWING
from linkage.conformance.forgeries import FORGERIES
from linkage.conformance.outages import OUTAGES
from linkage.conformance.stage import Scenario

SCENARIOS: Sequence[Scenario] = (*FOLLOWING, *OUTAGES, *FORGERIES)
