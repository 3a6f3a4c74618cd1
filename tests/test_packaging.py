"""Wheel, editable install, lock and Makefile: what a user gets is whole."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())


def run(*command: str | Path, cwd: Path = ROOT, **environment: str) -> str:
    """What a command writes to standard output; a failure shows all that it wrote."""
    done = subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}:\n{done.stdout}{done.stderr}"
    return done.stdout


def files_below(folder: str) -> set[str]:
    return {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


# --- wheel and editable install


def is_editable() -> bool:
    try:
        origin = metadata.distribution("linkage").read_text("direct_url.json")
    except metadata.PackageNotFoundError:
        return False
    return bool(origin and json.loads(origin).get("dir_info", {}).get("editable"))


installed = pytest.mark.skipif(not is_editable(), reason="linkage is not installed: use make test")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the source distribution as an index would have it built."""
    out = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", out, ROOT)
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def from_wheel(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Programs of an environment with the wheel in it and today's dependencies beside it."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, symlinks=True)
    programs = folder / "bin"
    options = ("--no-index", "--no-deps", "--quiet", "--disable-pip-version-check")
    pip = (sys.executable, "-m", "pip", "--python", programs / "python")
    run(*pip, "install", *options, wheel)
    ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = Path(run(programs / "python", "-c", ask).strip())
    ours = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (packages / "dependencies.pth").write_text("\n".join(sorted(ours)) + "\n")
    return programs


def look(python: Path, elsewhere: Path) -> dict[str, Any]:
    """What code finds of the project's files, run where the checkout is not the current folder."""
    code = """if True:
        import json, pathlib
        import api, linkage
        from importlib.resources import files
        from linkage.resources import cypher_folder
        print(json.dumps({
            "linkage": linkage.__file__,
            "api": api.__file__,
            "cypher": sorted(p.name for p in cypher_folder().iterdir()),
            "mail": len((files("linkage.artifacts") / "public_mail.txt").read_text().split()),
            "typed": (files("linkage") / "py.typed").is_file(),
        }))"""
    found: dict[str, Any] = json.loads(run(python, "-c", code, cwd=elsewhere, PYTHONPATH=""))
    return found


@installed
def test_wheel_holds_every_file(wheel: Path) -> None:
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    cypher = {f"linkage/{name}" for name in files_below("cypher")}
    assert packed == files_below("linkage") | files_below("api") | cypher


@installed
@pytest.mark.parametrize("kind", ["wheel", "editable"])
def test_install_finds_its_files(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    if kind == "wheel":
        programs = request.getfixturevalue("from_wheel")
        home = programs.parent
    else:
        programs, home = Path(sys.executable).parent, ROOT
    found = look(programs / "python", tmp_path)
    assert Path(found["linkage"]).is_relative_to(home)
    assert Path(found["api"]).is_relative_to(home)
    assert found["cypher"] == sorted(path.name for path in (ROOT / "cypher").iterdir())
    assert found["mail"] > 50
    assert found["typed"]


@installed
def test_command_runs_from_wheel_and_editable(from_wheel: Path, tmp_path: Path) -> None:
    for programs in (from_wheel, Path(sys.executable).parent):
        assert "detect" in run(programs / "linkage", "--help", cwd=tmp_path, PYTHONPATH="")


# --- lock


def dependencies(group: str) -> list[Requirement]:
    """Of the project (`install`), or of a dependency group with the groups that it includes."""
    if group == "install":
        listed: list[Any] = PROJECT["project"]["dependencies"]
    else:
        listed = PROJECT["dependency-groups"][group]
    found: list[Requirement] = []
    for entry in listed:
        if isinstance(entry, dict):
            found += dependencies(entry["include-group"])
        else:
            found.append(Requirement(entry))
    return found


@cache
def locked(name: str) -> dict[str, str]:
    """Locked versions by name; every entry has hashes and nothing else is in the file."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    form = re.compile(r"([a-z0-9-]+)==(\S+)( ;[^\\]+?)?(\s+--hash=sha256:[0-9a-f]{64})+\s*")
    entries = [form.fullmatch(line) for line in lines]
    assert all(entries), [lines[i] for i, entry in enumerate(entries) if entry is None]
    return {entry[1]: entry[2] for entry in entries if entry is not None}


@pytest.mark.parametrize(
    ("lock", "groups"),
    [("build", ["build"]), ("install", ["install", "build"]), ("dev", ["install", "dev"])],
)
def test_lock_covers_dependencies(lock: str, groups: list[str]) -> None:
    for need in (need for group in groups for need in dependencies(group)):
        version = locked(lock).get(canonicalize_name(need.name))
        assert version is not None, f"{need} is not in requirements/{lock}.txt: run make lock"
        assert need.specifier.contains(version), f"{need}, but {version} is locked: run make lock"


def test_locks_agree() -> None:
    assert locked("build").items() <= locked("install").items() <= locked("dev").items()


@installed
def test_lock_covers_what_the_dependencies_need() -> None:
    for name in locked("dev"):
        try:
            needs = metadata.requires(name) or []
        except metadata.PackageNotFoundError:  # for another platform
            continue
        for need in map(Requirement, needs):
            if need.marker is None or need.marker.evaluate({"extra": ""}):
                assert canonicalize_name(need.name) in locked("dev"), f"{name} needs {need}"


def test_build_requirements_are_locked() -> None:
    for need in map(Requirement, PROJECT["build-system"]["requires"]):
        assert need.specifier.contains(locked("build")[canonicalize_name(need.name)])


# --- what belongs to one machine only


def project_files() -> list[Path]:
    if not (ROOT / ".git").exists():
        return [path for path in ROOT.rglob("*") if path.is_file() and ".venv" not in path.parts]
    command = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    names = run(*command).split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def test_no_file_names_a_registry_or_a_folder_of_one_machine() -> None:
    hosts = ("pypi" r"\.org", "python" r"hosted\.org", "npm" r"js\.org", "maven" r"\.org")
    folders = r"(?<![\w./-])/(?:" + "|".join(("work", "root", "home/", "Users")) + r")\b"
    wrong = re.compile("|".join((*hosts, folders)).encode())
    found = {
        f"{path.relative_to(ROOT)}: {hit[0].decode()}"
        for path in project_files()
        if (hit := wrong.search(path.read_bytes()))
    }
    assert not found


# --- make


def test_make_alone_prints_help() -> None:
    lines = run("make", "--no-print-directory", MAKEFLAGS="").splitlines()
    targets = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert targets is not None
    named = {line.split()[0] for line in lines[1:]}
    assert named == set(targets[1].split()) - {"FORCE"}


def test_install_refuses_an_old_python(tmp_path: Path) -> None:
    old = tmp_path / "python3.9"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.9.2" || exit 1\n')
    old.chmod(0o755)
    done = subprocess.run(
        [ROOT / "scripts" / "install"],
        env={**os.environ, "PYTHON": str(old)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith(
        f"linkage needs Python 3.11 or later, but PYTHON={old} is Python 3.9.2."
    )


@pytest.mark.parametrize(
    ("ci", "closing"),
    [("true", "1 skipped, 1 xfailed, 2 errors in"), ("", "3 skipped, 1 xfailed in")],
)
def test_skips_fail_in_ci_unless_allowed(ci: str, closing: str, tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text((ROOT / "tests" / "conftest.py").read_text())
    (tmp_path / "test_whole.py").write_text("import pytest; pytest.importorskip('no_such')")
    (tmp_path / "test_some.py").write_text(
        """if True:
        import pytest

        @pytest.mark.skip(reason="why")
        def test_skipped(): ...

        @pytest.mark.allowed_skip(reason="only there")
        @pytest.mark.skip(reason="why")
        def test_allowed(): ...

        @pytest.mark.xfail(reason="why")
        def test_expected(): assert False
        """
    )
    options = ("-c", ROOT / "pyproject.toml", "--rootdir", tmp_path, "-p", "no:cacheprovider")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "--continue-on-collection-errors", tmp_path],
        env={**os.environ, "CI": ci},
        capture_output=True,
        text=True,
        check=False,
    )
    assert closing in done.stdout.splitlines()[-1], done.stdout
    assert (done.returncode == 0) == ("errors" not in closing)


NOTHING_MORE = {"apt-get": "exit 1", "mvn": "", "chromium": "", "curl": "", "jq": ""}


@pytest.mark.parametrize(
    ("programs", "lacking"),
    [
        ({"java": "echo 'openjdk version \"17.0.15\" 2025-04-15' >&2"}, None),
        ({"java": "echo 'openjdk version \"21\" 2023-09-19' >&2"}, None),
        ({"java": "echo 'openjdk version \"11.0.2\" 2019-01-15' >&2"}, "Java 17 or later"),
        ({"java": "echo 'java version \"1.8.0_392\"' >&2"}, "Java 17 or later"),
        ({}, "Java 17 or later"),
    ],
)
def test_system_deps_names_what_is_lacking(
    programs: dict[str, str], lacking: str | None, tmp_path: Path
) -> None:
    (tmp_path / "bash").symlink_to("/bin/bash")
    for name, does in {**NOTHING_MORE, **programs}.items():
        (tmp_path / name).write_text(f"#!/bin/bash\n{does}\n")
        (tmp_path / name).chmod(0o755)
    for ci in ("true", ""):
        done = subprocess.run(
            ["/bin/bash", ROOT / "scripts" / "system-deps"],
            env={"PATH": str(tmp_path), "CI": ci},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == (1 if lacking and ci else 0), done.stderr
        if lacking is None:
            assert done.stdout == "system-deps: all there\n"
        else:
            assert f"  {lacking} (for the tests with Neo4j; Debian package" in done.stderr
            assert "Maven" not in done.stderr


def test_system_deps_runs() -> None:
    done = subprocess.run(
        [ROOT / "scripts" / "system-deps"], capture_output=True, text=True, check=False
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert "system-deps: all there\n" in said or "system-deps: tests that need it" in said
