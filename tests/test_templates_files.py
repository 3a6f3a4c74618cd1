"""The command that mines templates from a file, in every format that it takes."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from linkage.cli import app
from linkage.errors import ResultError
from linkage.templates import files, mine
from linkage.templates.cutting import secret
from linkage.templates.fingerprints import fingerprints
from tests.test_templates import prose

SYSTEM = "Answer in the manner of a lighthouse keeper, and never mention the lamp."
PROMPTS = [f'{SYSTEM}\n{prose(i, 12)}, "{prose(i, 3)}"' for i in range(30)] + [
    None if i == 3 else prose(100 + i, 15) for i in range(10)
]
ACCOUNTS = [f"a{i % 5}" for i in range(40)]


def linkage(*words: object, code: int = 0) -> str:
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == code, done.output
    return done.stderr if code else done.stdout


def parquet(path: Path) -> Path:
    table = pa.table({"text": PROMPTS, "who": ACCOUNTS})
    pq.write_table(table, path.with_suffix(".parquet"), row_group_size=7)
    return path.with_suffix(".parquet")


def csv(path: Path) -> Path:
    pc.write_csv(pa.table({"text": PROMPTS, "who": ACCOUNTS}), path.with_suffix(".csv"))
    return path.with_suffix(".csv")


def ndjson(path: Path) -> Path:
    lines = [json.dumps({"text": p, "who": a}) for p, a in zip(PROMPTS, ACCOUNTS, strict=True)]
    path = path.with_suffix(".ndjson.gz")
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    return path


@pytest.mark.parametrize("write", [parquet, csv, ndjson])
def test_rows_and_templates(tmp_path: Path, write: Callable[[Path], Path]) -> None:
    file, out = write(tmp_path / "texts"), tmp_path / "new" / "mined.parquet"
    said = linkage("templates", "mine", file, "--column", "text", "--account", "who", "--out", out)
    assert "40 texts: 30 from 1 template, 10 of their own" in said
    rows = pq.read_table(out).to_pydict()
    assert rows["row"] == list(range(40))
    assert [each is not None for each in rows["template_id"]] == [True] * 30 + [False] * 10
    (row,) = pq.read_table(out.with_name("mined.templates.parquet")).to_pylist()
    assert row["template_id"] == rows["template_id"][0]
    assert row["template"] == f"{SYSTEM} {{…}}"
    assert (row["accounts"], row["requests"]) == (5, 30)


def test_formats_give_the_same_bytes(tmp_path: Path) -> None:
    made = set()
    for number, write in enumerate((parquet, csv, ndjson)):
        out = tmp_path / f"{number}.parquet"
        told = json.loads(
            linkage(
                "templates", "mine", write(tmp_path / "texts"), "-c", "text", "-o", out, "--json"
            )
        )
        assert (told["rows"], told["own"], told["templates"], told["sampled"]) == (40, 10, 1, 1)
        made.add((out.read_bytes(), Path(told["beside"]).read_bytes()))
    assert len(made) == 1


def test_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = "\n".join(json.dumps({"prompt": text}) for text in PROMPTS)
    monkeypatch.setattr(
        "linkage.readers.sources.sys",
        SimpleNamespace(stdin=SimpleNamespace(buffer=io.BytesIO(lines.encode()))),
    )
    from linkage.templates.files import texts_of

    texts, who = texts_of("-", "prompt", None, tmp_path)
    assert sum(len(piece) for piece in texts) == 40
    assert who is None


def test_halves_of_characters_and_broken_bytes_are_read(tmp_path: Path) -> None:
    file = tmp_path / "texts.ndjson"
    lines = [
        b'{"prompt": "half \\ud83d of one"}',
        b'{"prompt": 7}',
        b'{"other": 1}',
        b'{"prompt": "\xff"}',
    ]
    file.write_bytes(b"\n".join(lines * 2))
    linkage("templates", "mine", file, "--out", tmp_path / "out.parquet", "--quiet")
    ids = pq.read_table(tmp_path / "out.parquet")["template_id"].to_pylist()
    assert ids[:4] == ids[4:]
    assert ids[0] is not None
    assert ids[2] is None


@pytest.mark.parametrize(
    ("name", "content", "words", "says"),
    [
        ("a.csv", "x,y\n1,2\n", (), "no column prompt; it has: x, y"),
        ("a.ndjson", '{"x": 1}\n', (), "no line has prompt"),
        ("a.ndjson", '{"prompt": 1}\n[]\n', (), "line 2 is no JSON object"),
        ("a.csv", "prompt\nhi\n", ("--account", "who"), "no column who"),
        ("a.txt", "prompt\nhi\n", (), "cannot tell the format"),
        ("a.csv", "prompt,x\na\n", (), "cannot be read"),
        ("none.csv", "", (), "Empty CSV file"),
    ],
)
def test_what_cannot_be_read(
    tmp_path: Path, name: str, content: str, words: tuple[Any, ...], says: str
) -> None:
    file = tmp_path / name
    file.write_text(content)
    out = tmp_path / "out.parquet"
    assert says in linkage("templates", "mine", file, "-o", out, *words, code=3)
    assert not out.exists()


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    said = linkage(
        "templates",
        "mine",
        csv(tmp_path / "t"),
        "-c",
        "text",
        "-o",
        tmp_path / "file" / "x.parquet",
        code=4,
    )
    assert "cannot be written" in said


@pytest.mark.parametrize("name", ["t.parquet", "t.csv", "t.ndjson"])
def test_a_file_of_texts_becomes_one_of_fingerprints(tmp_path: Path, name: str) -> None:
    rows: list[dict[str, str | None]]
    rows = [{"n": "007", "prompt": 'say "a",\nplease', "more": "x"}, {"n": "8", "prompt": None}]
    file, key, out = tmp_path / name, tmp_path / "k", tmp_path / "made" / "out.parquet"
    table = pa.Table.from_pylist(rows, pa.schema([(c, pa.string()) for c in rows[0]]))
    if name.endswith("csv"):
        pc.write_csv(table, file)
    elif name.endswith("parquet"):
        pq.write_table(table, file)
    else:
        file.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    key.write_text("0123456789abcdef\n", "ascii")
    words = ["templates", "fingerprint", str(file), "--key-file", str(key), "-o", str(out)]
    done = CliRunner().invoke(app, [*words, "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["rows"] == 2
    found = pq.read_table(out).to_pylist()
    wanted = fingerprints(pa.array([rows[0]["prompt"]]), secret(b"0123456789abcdef"))[0].as_py()
    assert found == [
        {"n": "007", "prompt_fingerprint": wanted, "more": "x"},
        {"n": "8", "prompt_fingerprint": None, "more": None},
    ]
    short = tmp_path / "short"
    short.write_text("abc", "ascii")
    for wrong, code, why in (
        (["--key-file", str(short)], 2, "a key has 16 bytes at least"),
        (["--column", "nothing"], 3, "no column nothing; it has: n, prompt, more"),
    ):
        done = CliRunner().invoke(app, [*words, *wrong])
        assert (done.exit_code, why in done.stderr) == (code, True), done.stderr
    assert [path.name for path in out.parent.iterdir()] == ["out.parquet"]


def test_all_rows_are_written_however_many_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [f"Tell me a story about the old {word} by the sea" for word in "abcde"] + ["Why"]
    for rows in (texts, []):
        found = mine(pa.chunked_array([pa.array(rows, pa.string())]))
        files.write(found, tmp_path / "whole.parquet")
        monkeypatch.setattr(files, "WRITTEN", 4)
        files.write(found, tmp_path / "parts.parquet")
        whole, parts = (pq.read_table(tmp_path / f"{name}.parquet") for name in ("whole", "parts"))
        assert parts.equals(whole)
        assert parts["template_id"].to_pylist() == found.of_rows.to_pylist()
        assert parts["row"].to_pylist() == list(range(len(rows)))


@pytest.mark.parametrize(
    ("fault", "told"),
    [(OSError(28, "No space left"), ResultError), (KeyboardInterrupt(), KeyboardInterrupt)],
)
def test_nothing_stays_of_what_is_not_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: BaseException, told: type[BaseException]
) -> None:
    """Neither of the two files, though the first one was written; former ones stay as they were."""
    found = mine(pa.chunked_array([pa.array(PROMPTS, pa.string())]))

    def broken(_: object) -> Iterator[pa.Table]:
        yield files.ROWS.empty_table()
        raise fault

    monkeypatch.setattr(files, "_rows", broken)
    out = tmp_path / "out.parquet"
    formers: list[list[Path]] = [[], [files.beside(out), out]]
    for former in formers:
        for path in former:
            path.write_text("former")
        with pytest.raises(told):
            files.write(found, out)
        assert sorted(tmp_path.iterdir()) == sorted(former)
        assert all(path.read_text() == "former" for path in former)
