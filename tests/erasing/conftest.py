"""A workspace with all that can name an account."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path

import pytest

from linkage.privacy import keys
from linkage.workspace import Workspace
from tests.erasing.planted import planted
from tests.privacy.conftest import Keys


@pytest.fixture(scope="session")
def world_keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return Keys(*keys.make(tmp_path_factory.mktemp("keys")))


@pytest.fixture(scope="session")
def full(world_keys: Keys, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with all that can name an account, under pseudonyms; nobody changes it."""
    folder = tmp_path_factory.mktemp("full") / "workspace"
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "fetch_arrow_table", DeprecationWarning)
        planted(Workspace.at(folder), world_keys.privacy)
    return folder


@pytest.fixture
def workspace(full: Path, tmp_path: Path) -> Workspace:
    return Workspace.at(Path(shutil.copytree(full, tmp_path / "workspace")))
