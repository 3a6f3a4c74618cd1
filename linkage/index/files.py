"""The files of an index: flat arrays that are mapped into memory, and a list that tells whether
they are whole."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from linkage.errors import ResultError
from linkage.index.texts import Texts
from linkage.render import clean

FORMAT = 2
LIST = "index.json"
PIECE = 1 << 20  # bytes that are read at once for a checksum
SMALL = 1 << 20  # bytes up to which a file is read rather than mapped

Array = npt.NDArray[Any]


class Writer:
    """Writes files into a folder that nobody reads yet."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def array(self, name: str, values: Array) -> None:
        """One array."""
        np.save(self._folder / f"{name}.npy", values, allow_pickle=False)

    def room(self, name: str, length: int, kind: npt.DTypeLike) -> Array:
        """An array on disk, to be filled."""
        if not length:
            self.array(name, np.empty(0, kind))
            return np.empty(0, kind)
        path = self._folder / f"{name}.npy"
        made: Array = np.lib.format.open_memmap(path, "w+", np.dtype(kind), (length,))
        return made

    def texts(self, name: str, values: pa.Array) -> None:
        """Texts, none of them missing."""
        packed = values.cast(pa.large_string())
        _, starts, data = packed.buffers()
        at = np.frombuffer(starts, np.int64)[packed.offset : packed.offset + len(packed) + 1]
        whole = np.frombuffer(data, np.uint8) if data is not None else np.empty(0, np.uint8)
        self.array(f"{name}.at", at - at[0] if at.size else np.zeros(1, np.int64))
        self.array(name, whole[at[0] : at[-1]] if at.size else whole)

    def finish(self, run: str, words: Mapping[str, Any]) -> None:
        """The list of what was written, last: without it nothing is an index."""
        files = {
            path.name: {"bytes": path.stat().st_size, "crc32": _checksum(path)}
            for path in sorted(self._folder.glob("*.npy"))
        }
        told = {"format": FORMAT, "run": run, "words": dict(words), "files": files}
        whole = {**told, "crc32": _of_list(told)}
        (self._folder / LIST).write_text(json.dumps(whole, indent=1), "utf-8")


class Files:
    """Reads them. Nothing is read but what is asked for, and the system keeps what it has room
    for."""

    def __init__(self, folder: Path, run: str) -> None:
        """ResultError where the folder holds no whole index of this run in this format."""
        self._folder = folder
        told = _told(folder)
        if told.get("format") != FORMAT or told.get("run") != run:
            raise ResultError(f"{clean(folder)}: not an index of {clean(run)} in format {FORMAT}")
        if told.pop("crc32", None) != _of_list(told):
            raise _damaged(folder, f"{LIST} is not what was written")
        self.words: Mapping[str, Any] = told["words"]
        for name, wanted in told["files"].items():
            path = folder / name
            if not path.is_file() or path.stat().st_size != wanted["bytes"]:
                raise _damaged(folder, f"{name} is not all there")
            if _checksum(path) != wanted["crc32"]:
                raise _damaged(folder, f"{name} is not what was written")

    def array(self, name: str) -> Array:
        """One array, which cannot be changed."""
        path = self._folder / f"{name}.npy"
        try:
            # What has no entries cannot be mapped.
            mapped: Literal["r"] | None = None if path.stat().st_size <= SMALL else "r"
            found = np.load(path, mapped, allow_pickle=False)
        except (OSError, ValueError) as error:
            raise _damaged(self._folder, f"{name}: {clean(error, 200)}") from None
        array: Array = np.asarray(found)
        array.flags.writeable = False
        return array

    def texts(self, name: str) -> Texts:
        """Texts that were written under this name."""
        return Texts(self.array(f"{name}.at"), self.array(name))


def size(folder: Path) -> int:
    """Bytes of an index on disk."""
    return sum(path.stat().st_size for path in folder.iterdir())


def _told(folder: Path) -> dict[str, Any]:
    try:
        told = json.loads((folder / LIST).read_text("utf-8"))
    except (OSError, ValueError):
        raise _damaged(folder, f"{LIST} cannot be read") from None
    if not isinstance(told, dict):
        raise _damaged(folder, f"{LIST} is not what was written")
    return told


def _of_list(told: Mapping[str, Any]) -> int:
    return zlib.crc32(json.dumps(told, sort_keys=True).encode())


def _checksum(path: Path) -> int:
    found = 0
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            found = zlib.crc32(piece, found)
    return found


def _damaged(folder: Path, what: str) -> ResultError:
    return ResultError(f"{clean(folder)}: a damaged index, {what}: delete it, it is made again")
