"""A plain rule for acting together: the same object within a minute, on two occasions at least.

As in the R package CooRTweet (Righetti and Balluff 2024): accounts are tied by sharing the same
object in a short window, repeatedly. It minds the time, and neither how common an object is nor
how often an account posts.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

Ints = npt.NDArray[np.int64]

WINDOW = 60  # seconds
TIMES = 2
OBJECT, PAIR = ["kind", "value"], ["account_a", "account_b"]


def pairs(posts: pd.DataFrame, window: int = WINDOW, times: int = TIMES) -> pd.DataFrame:
    """account_a < account_b of the pairs that the rule ties.

    `posts` has ts, account_id, kind, value: a line for each object of a post; a post is what an
    account did at one moment. A pair is tied if at least `times` posts of each of the two took
    part, so that one link with its domain and hashtag counts once.
    """
    objects = np.asarray(posts.groupby(OBJECT).ngroup(), np.int64)
    names = pd.Index(sorted(posts.account_id.unique()))
    account = np.asarray(names.get_indexer(posts.account_id), np.int64)
    moment = posts.ts.dt.as_unit("us").astype(np.int64).to_numpy(np.int64)
    order = np.lexsort((account, moment, objects))
    objects, account, moment = objects[order], account[order], moment[order]
    near = [_near(objects, account, moment, 1_000_000 * window)]
    met = pd.DataFrame(np.concatenate(near), columns=["a", "b", "ts_a", "ts_b"])
    posted = met.groupby(["a", "b"], sort=True).nunique()
    tied = posted.index[(posted >= times).all(axis=1)].to_frame(index=False)
    return pd.DataFrame({"account_a": names[tied.a], "account_b": names[tied.b]})


def of_one_post(posts: pd.DataFrame, tied: pd.DataFrame) -> int:
    """How many of the pairs have all that they share from one post of each: of those there was
    but one occasion, whatever the kinds of what the post holds."""
    rows = posts[["account_id", *OBJECT]].drop_duplicates()
    mine = tied[PAIR].merge(rows, left_on="account_a", right_on="account_id")
    other = rows.rename(columns={"account_id": "account_b"})
    shared = mine.drop(columns="account_id").merge(other, on=["account_b", *OBJECT])
    sizes = shared.groupby(PAIR).size()
    whole = pd.Series(True, sizes.index)
    for end in PAIR:
        posted = shared.merge(posts, left_on=[end, *OBJECT], right_on=["account_id", *OBJECT])
        held = posted.drop_duplicates([*PAIR, *OBJECT, "ts"]).groupby([*PAIR, "ts"]).size()
        whole &= held.groupby(PAIR).max().reindex(sizes.index) == sizes
    return int(whole.sum())


def _near(objects: Ints, account: Ints, moment: Ints, window: int) -> Ints:
    """int64[meetings, 4]: the two accounts, the smaller first, and the moment of each one's post.

    Lines are in the order of objects and moments: those a step apart, then two steps, until
    none is near.
    """
    found = [np.empty((0, 4), np.int64)]
    at, step = np.arange(objects.size - 1), 1
    while at.size:
        at = at[(objects[at] == objects[at + step]) & (moment[at + step] - moment[at] <= window)]
        other = at + step
        both = np.stack([account[at], account[other], moment[at], moment[other]], axis=1)
        swapped = both[:, 0] > both[:, 1]
        both[swapped] = both[swapped][:, [1, 0, 3, 2]]
        found.append(both[both[:, 0] != both[:, 1]])
        step += 1
        at = at[at + step < objects.size]
    return np.concatenate(found)
