"""Settings: one object, validated together, with messages that say where."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from linkage.artifacts import BUILT_IN
from linkage.errors import MissingInput, SettingsError
from linkage.settings import Section, Settings, load, parse

SECTIONS = {
    name: field.annotation
    for name, field in Settings.model_fields.items()
    if isinstance(field.annotation, type) and issubclass(field.annotation, Section)
}

WRONG = """\
[links]
margin_bits = -1
rare_accounts = "many"
margin = 3

[communities]
algorithm = "infomap"

[policy]
ban_expected = 20

[artifacts.Wallet]
m = 0.5

[artifacts.sent_to]
m = 1.0
names_account = "yes, please"

[resources]
memory = "plenty"

[linkz]
"""

ALL_FAULTS = """\
linkage.toml: 10 faults
  - artifacts.Wallet.[key]: String should match pattern '^[a-z][a-z0-9_]{0,39}$'
  - artifacts.sent_to.m: Input should be less than 1
  - artifacts.sent_to.names_account: Input should be a valid boolean, unable to interpret input
  - links.margin_bits: Input should be greater than or equal to 0
  - links.rare_accounts: Input should be a valid integer, unable to parse string as an integer
  - links.margin: Extra inputs are not permitted
  - communities.algorithm: Input should be 'leiden', 'louvain' or 'components'
  - policy: Value error, ban_expected is above review_expected: a ban must be the rarer
  - resources.memory: String should match pattern '^\\d+(\\.\\d+)?\\s?(MB|GB|MiB|GiB)$'
  - linkz: Extra inputs are not permitted"""


def test_all_faults_are_in_one_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("linkage.toml").write_text(WRONG)
    with pytest.raises(SettingsError) as caught:
        load(Path("linkage.toml"))
    assert str(caught.value) == ALL_FAULTS
    assert len(caught.value.faults) == 10
    assert caught.value.exit_code == 2


def test_one_fault_is_one_fault() -> None:
    with pytest.raises(SettingsError) as caught:
        parse({"links": {"margin_bits": 21}})
    message = "settings: 1 fault\n  - links.margin_bits: Input should be less than or equal to 20"
    assert str(caught.value) == message


def test_a_missing_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MissingInput) as caught:
        load(Path("none.toml"))
    assert str(caught.value) == "none.toml: no such settings file"


def test_what_is_not_toml_says_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bad.toml").write_text("[links]\nmargin_bits = three\n")
    with pytest.raises(SettingsError) as caught:
        load(Path("bad.toml"))
    message = "bad.toml: 1 fault\n  - not valid TOML: Invalid value (at line 2, column 15)"
    assert str(caught.value) == message


def test_without_a_file_there_are_the_defaults() -> None:
    assert load(None) == Settings() == parse({})


def test_toml_says_what_python_says(tmp_path: Path) -> None:
    path = tmp_path / "linkage.toml"
    path.write_text(
        "[events.columns]\naccount_id = 'user'\n"
        "[links]\nmargin_bits = 5\n"
        "[artifacts.wallet]\ncolumn = 'w'\nfamily = 'money'\n"
        "[resources]\nthreads = 2\nmemory = '2 GB'\n"
    )
    read = load(path)
    assert read.events.columns == {"account_id": "user"}
    assert read.links.margin_bits == 5
    assert read.resources.threads == 2
    assert read == parse(
        {
            "events": {"columns": {"account_id": "user"}},
            "links": {"margin_bits": 5.0},
            "artifacts": {"wallet": {"column": "w", "family": "money"}},
            "resources": {"threads": 2, "memory": "2 GB"},
        }
    )


def test_settings_survive_being_written_into_a_result() -> None:
    given = parse({"artifacts": {"device": {"m": 0.7}}, "policy": {"families": 3}})
    assert parse(given.model_dump(mode="json")) == given
    assert parse(given.model_dump(mode="json")).kinds() == given.kinds()


def test_nothing_changes_once_read() -> None:
    read = Settings()
    with pytest.raises(ValidationError, match="frozen"):
        read.links.margin_bits = 9.0  # type: ignore[misc]


@pytest.mark.parametrize("section", sorted(SECTIONS))
def test_every_setting_has_a_reason(section: str) -> None:
    fields = SECTIONS[section].model_fields
    assert fields
    missing = [name for name, field in fields.items() if not (field.description or "").strip()]
    assert not missing


def test_the_built_in_kinds_are_those_that_are_documented() -> None:
    assert {
        kind.name: (kind.family, kind.column, kind.m, kind.plantable) for kind in Settings().kinds()
    } == {
        "ip": ("network", "ip", 0.3, True),
        "subnet": ("network", "ip", 0.3, True),
        "device": ("client", "device_id", 0.5, False),
        "tls": ("client", "tls_fingerprint", 0.5, True),
        "user_agent": ("client", "user_agent", 0.5, True),
        "payment": ("money", "payment_id", 0.5, False),
        "email_domain": ("identity", "email", 0.4, False),
        "phone": ("identity", "phone", 0.5, False),
        "template": ("content", "prompt_template", 0.6, True),
        "conversation": ("conversation", "conversation_id", 0.2, False),
    }


def test_every_kind_explains_itself_and_has_a_place_in_the_graph() -> None:
    for kind in parse({"artifacts": {"sent_to": {"names_account": True}}}).kinds():
        assert kind.explanation.endswith(".")
        assert kind.label[0].isupper()
        assert kind.relationship.isupper()
    kinds = Settings().kinds()
    assert len({kind.label for kind in kinds}) == len({kind.relationship for kind in kinds}) == 10


def test_a_declared_kind_is_cautious_by_default() -> None:
    (kind,) = (k for k in parse({"artifacts": {"wallet": {}}}).kinds() if k.name == "wallet")
    assert (kind.column, kind.family, kind.m) == ("wallet", "wallet", 0.3)
    assert kind.plantable
    assert not kind.names_account
    assert (kind.label, kind.relationship) == ("Wallet", "HAS_WALLET")


def test_a_declared_kind_is_as_it_was_declared() -> None:
    given = {"column": "w", "family": "money", "m": 0.4, "plantable": False, "names_account": True}
    (kind,) = (k for k in parse({"artifacts": {"sent_to": given}}).kinds() if k.name == "sent_to")
    assert (kind.column, kind.family, kind.m, kind.plantable, kind.names_account) == (
        "w",
        "money",
        0.4,
        False,
        True,
    )


def test_a_built_in_kind_changes_in_what_is_given_alone() -> None:
    changed = {k.name: k for k in parse({"artifacts": {"device": {"m": 0.8}}}).kinds()}
    for kind in BUILT_IN:
        before, after = dict(kind.__dict__), dict(changed[kind.name].__dict__)
        if kind.name == "device":
            assert (before.pop("m"), after.pop("m")) == (0.5, 0.8)
        assert before == after


def test_declared_kinds_come_after_the_built_in_ones_in_the_order_of_their_names() -> None:
    one = parse({"artifacts": {"zeta": {}, "alpha": {}}}).kinds()
    other = parse({"artifacts": {"alpha": {}, "zeta": {}}}).kinds()
    assert one == other
    assert [kind.name for kind in one] == [*(k.name for k in BUILT_IN), "alpha", "zeta"]
