"""What is new in a run: by hand, and whatever the clusters are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hypothesis import given
from hypothesis import strategies as st

from linkage.state import Action
from linkage.webhooks.changes import Last, RunSeen, Seen, flagged, growing
from linkage.webhooks.messages import ClusterFlagged

NOBODY: Mapping[str, Last] = {}


def run(name: str, *clusters: tuple[str, float | None]) -> RunSeen:
    """Clusters as letters, an account each, with a score."""
    return RunSeen(
        name,
        tuple(
            Seen(f"c-{letters}", frozenset(letters), score, 0.01 if score else None, "review")
            for letters, score in clusters
        ),
    )


def told(before: RunSeen | None, now: RunSeen) -> list[tuple[str, int]]:
    return [(data.cluster_id, data.known) for data in flagged(before, now, NOBODY, 1.0)]


def test_a_cluster_that_is_over_the_score_now() -> None:
    before, now = run("r1", ("abcd", 0.9)), run("r2", ("abcd", 1.0), ("xyz", 0.5))
    (data,) = flagged(before, now, NOBODY, 1.0)
    assert data == ClusterFlagged(
        links={
            "cluster": "/v1/clusters/c-abcd", "members": "/v1/clusters/c-abcd/members",
            "run": "/v1/run",
        },
        run="r2", before="r1", cluster_id="c-abcd", accounts=4, score=1.0, expected=0.01,
        proposal="review", states={"open": 4, "banned": 0, "watched": 0, "cleared": 0},
        min_score=1.0, known=0,
    )  # fmt: skip


def test_what_was_told_is_not_told_again() -> None:
    before = run("r1", ("abcdefgh", 2.0), ("klmn", 2.0))
    for now in (
        run("r2", ("abcdefgh", 3.0)),  # as it was
        run("r2", ("abcdefghij", 2.0)),  # two more
        run("r2", ("abcd", 2.0), ("efgh", 2.0)),  # split
        run("r2", ("abcdefghklmn", 2.0)),  # merged
        run("r2", ("abcdefghstuvwxyz", 2.0)),  # as many more
        run("r2", ("abcd", None), ("efgh", 0.9)),  # no longer
    ):
        assert told(before, now) == []


def test_a_small_part_of_what_was_told_does_not_hide_a_large_network() -> None:
    before = run("r1", ("abc", 2.0))
    assert told(before, run("r2", ("abcstuvwxyz", 2.0))) == [("c-abcstuvwxyz", 3)]


def test_without_a_run_before_all_is_new_and_the_most_unusual_comes_first() -> None:
    now = run("r2", ("ab", 1.0), ("cd", 3.0), ("ef", None), ("gh", 0.0))
    assert told(None, now) == [("c-cd", 0), ("c-ab", 0)]


def joined(
    before: RunSeen | None, now: RunSeen, decided: Mapping[str, Last]
) -> Sequence[tuple[str, int]]:
    return [(data.cluster_id, data.joined) for data in growing(before, now, decided)]


def judged(letters: str, action: Action = Action.ban, cluster: str | None = "c") -> dict[str, Last]:
    return dict.fromkeys(letters, (action, cluster))


def test_who_joins_a_cluster_that_was_decided_about_is_told_once() -> None:
    r1, r2, r3 = run("r1", ("abc", 2.0)), run("r2", ("abcde", 2.0)), run("r3", ("abcdef", 2.0))
    for action in (Action.ban, Action.watch, Action.clear):
        assert joined(r1, r2, judged("abc", action)) == [("c-abcde", 2)]
        assert joined(r2, r3, judged("abc", action)) == [("c-abcdef", 1)]
        assert joined(r2, r2, judged("abc", action)) == []
    assert joined(r2, r3, judged("abcdef")) == []  # decided about meanwhile
    assert joined(r1, r2, NOBODY) == []


def test_a_network_that_comes_back_after_a_ban() -> None:
    """Its accounts were banned one by one; new ones join in the place of most of them."""
    r1 = run("r1", ("abcdef", 2.0))
    assert joined(r1, run("r2", ("fvwxyz", None)), judged("abcdef", cluster=None)) == [
        ("c-fvwxyz", 5)
    ]


def test_a_decision_on_one_account_that_is_no_ban_makes_nothing_grow() -> None:
    r1, r2 = run("r1", ("abc", 2.0)), run("r2", ("abcde", 2.0))
    assert joined(r1, r2, judged("a", Action.clear, cluster=None)) == []


def test_a_cluster_that_is_split_grows_by_nobody() -> None:
    r1 = run("r1", ("abcdef", 2.0))
    assert joined(r1, run("r2", ("abc", 2.0), ("def", 2.0)), judged("ad")) == []


def test_states_are_counted() -> None:
    decided = {**judged("a"), **judged("b", Action.watch), **judged("c", Action.clear)}
    (data,) = growing(None, run("r2", ("abcde", None)), decided)
    assert data.states == {"open": 2, "banned": 1, "watched": 1, "cleared": 1}
    assert (data.score, data.before, data.joined) == (None, None, 2)


CLUSTERS = st.dictionaries(
    st.sampled_from("abcdefghijkl"), st.integers(0, 4), min_size=1
).map(
    lambda of: [("".join(sorted(a for a in of if of[a] == n)), float(n)) for n in set(of.values())]
)  # fmt: skip
DECIDED = st.dictionaries(
    st.sampled_from("abcdefghijkl"),
    st.tuples(st.sampled_from([Action.ban, Action.watch, Action.clear]), st.none() | st.just("c")),
)


@given(CLUSTERS, CLUSTERS, DECIDED, st.floats(0, 4))
def test_whatever_the_clusters_are(
    then: list[tuple[str, float]],
    later: list[tuple[str, float]],
    decided: dict[str, Last],
    score: float,
) -> None:
    before, now = run("r1", *then), run("r2", *later)
    for data in flagged(before, now, decided, score):
        assert data.score is not None
        assert data.score >= score
        assert 2 * data.known < data.accounts == sum(data.states.values())
    for grown in growing(before, now, decided):
        assert 1 <= grown.joined <= grown.states["open"]
    # The same run again brings nothing, and the order of clusters means nothing.
    assert not list(flagged(now, now, decided, score))
    assert not list(growing(now, now, decided))
    turned = RunSeen("r2", now.clusters[::-1])
    assert list(flagged(before, turned, decided, score)) == list(
        flagged(before, now, decided, score)
    )
    assert list(growing(before, turned, decided)) == list(growing(before, now, decided))
