"""Known truth about accounts, from a simulation or in a user's own words, in one form.

Which columns there are says what is known: the number of a network (`operator`), its name
(`group`), or merely who belongs to one (`fraud`, also called `reported`).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

from linkage.errors import FormatError, InputError, MissingColumns, MissingInput
from linkage.render import clean, missing, number

SAYING = ("operator", "group", "fraud")  # one of them there must be
SAID = ("fraud", "reported")
NONE = -1  # the number of no network
WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
TEXTS = ("account_id", "cluster_id", "decision", "group", "fraud", "reported", "kind", "org_id")


def read_truth(path: str | Path) -> pd.DataFrame:
    """Known truth from Parquet or CSV, with the columns that `checked` takes, as it is there.

    Raises MissingInput or FormatError.
    """
    return read_table(path, "known truth")


def read_table(path: str | Path, what: str) -> pd.DataFrame:
    """A Parquet or CSV file about accounts; `what` says in messages what it should hold.

    In CSV an empty cell is null, and ids, names and decisions are text even if they look like
    numbers. Raises MissingInput or FormatError.
    """
    file = Path(path)
    if not file.is_file():
        raise MissingInput(f"{clean(file)}: no such file of {what}")
    try:
        table = _table(file, what)
        twice = [name for name in table.column_names if table.column_names.count(name) > 1]
        if twice:
            raise FormatError(f"{clean(file)}: has the column {clean(twice[0])} more than once")
        rows: pd.DataFrame = table.to_pandas()
        return rows
    except (pa.ArrowException, OSError) as error:
        raise FormatError(f"{clean(file)}: cannot be read: {clean(error, 200)}") from None


def _table(file: Path, what: str) -> pa.Table:
    if file.suffix in (".parquet", ".pq"):
        return pq.read_table(file)
    if ".csv" not in file.suffixes:
        raise FormatError(f"{clean(file)}: {what} is a .parquet or a .csv file")
    texts = dict.fromkeys(TEXTS, pa.string())
    nulls = pc.ConvertOptions(column_types=texts, strings_can_be_null=True, null_values=[""])
    return pc.read_csv(file, convert_options=nulls)


def checked(truth: pd.DataFrame) -> pd.DataFrame:
    """The accounts that the truth says something about, one row each, whatever its columns.

    `truth` has account_id, and

    operator    whole number of the network, -1 for none; or
    group       text or number that names the network; null, empty or -1 for no known one; or
    fraud       true, false or null (nothing is known); `reported` is the same. It may also
                stand beside operator or group: who is in no network there is innocent only
                if it says false, and in a network that nobody knows if it says true
    kind        of network or of innocents; 'network' and 'innocent' where it is not said
    org_id      organisation, where it is verified

    Returns account_id, fraud (bool: of a network), operator (-1 where it is not known which),
    network (its name, or None), kind, org_id. Raises MissingColumns or InputError.
    """
    numbered, said = _columns(truth)
    account = texts(truth, "account_id")
    nobody = account.isna()
    if nobody.any():
        raise InputError(f"the truth names no account in row {number(int(nobody.argmax()) + 1)}")
    twice = account[account.duplicated()]
    if len(twice):
        raise InputError(f"the truth names {clean(twice.iloc[0])} more than once")
    if numbered:
        operator = _numbers(truth["operator"])
        name = operator.astype(str).where(operator >= 0, None)
    else:
        name = texts(truth, "group")
        name = name.where(name != str(NONE), None)
        operator = pd.Series(pd.factorize(name, sort=True)[0], name.index, np.int64)
    fraud = operator >= 0
    known = pd.Series(True, truth.index)
    if said is not None:
        answer = _answers(truth, said, account)
        _agreeing(fraud, answer, account, name)
        known, fraud = fraud | answer.notna(), fraud | answer.eq(True)
    usual = pd.Series(np.where(fraud, "network", "innocent"), truth.index, object)
    kind = texts(truth, "kind")
    table = pd.DataFrame(
        {
            "account_id": account.astype(str),
            "fraud": fraud.astype(bool),
            "operator": operator.where(fraud, NONE).astype(np.int64),
            "network": name.astype(object),
            "kind": kind.where(kind.notna(), usual).astype(str),
            "org_id": truth["org_id"] if "org_id" in truth.columns else None,
        }
    )
    return table[known].reset_index(drop=True)


def texts(table: pd.DataFrame, column: str) -> pd.Series:
    """A column as text; None where it is null or empty, or not there.

    Whole numbers lose the point that a null among them brought in. Ids stay as they are, other
    texts lose the blanks around them.
    """
    if column not in table.columns:
        return pd.Series(None, table.index, object)
    found = [_text(value) for value in table[column].astype(object)]
    if not column.endswith("_id"):
        found = [None if text is None else text.strip() or None for text in found]
    return pd.Series(found, table.index, object)


def _text(value: object) -> str | None:
    if value is None or value is pd.NA or missing(value):
        return None
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) or None


def _columns(truth: pd.DataFrame) -> tuple[bool, str | None]:
    """Whether networks are numbered; and the column that says who is of one, if there is any."""
    has = [name for name in (*SAYING, SAID[1]) if name in truth.columns]
    for one, other in (("operator", "group"), SAID):
        if {one, other} <= set(has):
            raise InputError(f"the truth has both {one} and {other}: leave one of them out")
    absent = [] if "account_id" in truth.columns else ["account_id"]
    absent += [] if has else [f"{', '.join(SAYING[:-1])} or {SAYING[-1]}"]
    if absent:
        names = ", ".join(clean(name) for name in truth.columns)
        raise MissingColumns(f"the truth has no column {', nor '.join(absent)}; it has: {names}")
    return "operator" in has, next((name for name in SAID if name in has), None)


def _numbers(column: pd.Series) -> pd.Series:
    found = pd.to_numeric(column, errors="coerce").astype(float)
    if not np.isfinite(found).all() or (found % 1 != 0).any():
        raise InputError("the truth's operator must be a whole number, -1 for none, in every row")
    return found.astype(np.int64).clip(lower=NONE)


def _answers(truth: pd.DataFrame, column: str, account: pd.Series) -> pd.Series:
    """True, False or None, a row."""
    said = texts(truth, column).str.lower()
    wrong = said.notna() & ~said.isin(list(WORDS))
    if wrong.any():
        row = int(wrong.argmax())
        raise InputError(
            f"the truth says {clean(said.iloc[row], 40)} in {column} of {clean(account.iloc[row])}"
            f" (row {number(row + 1)}): write true or false, or leave it empty"
        )
    return said.map(WORDS).astype(object)


def _agreeing(fraud: pd.Series, answer: pd.Series, account: pd.Series, name: pd.Series) -> None:
    """Nobody is both in a network and no fraud."""
    wrong = fraud & answer.eq(False)
    if wrong.any():
        row = int(wrong.argmax())
        raise InputError(
            f"the truth has {clean(account.iloc[row])} (row {number(row + 1)}) in the network "
            f"{clean(name.iloc[row], 40)} and as no fraud: correct one of the two"
        )
