"""What a run was: digests that give nothing away, and a folder's own word about itself."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import stat
from pathlib import Path

import pandas as pd
import pytest

from threatlib import manifest
from threatlib.errors import DataError

KEY = b"k" * 32
TEXT = b"indicator,value\nreferrals,3\n"
RELEASED = pd.DataFrame(
    {"file": ["a.csv", "a.csv", "b.csv"], "value": [None, 7.0, 8.0], "status": ["withheld", "", ""]}
)


@pytest.fixture
def received(tmp_path: Path) -> Path:
    (tmp_path / "a.csv").write_bytes(TEXT)
    (tmp_path / "b.csv").write_bytes(b"indicator,value\nreferrals,8\n")
    return tmp_path


def test_the_key_is_made_once_and_is_for_its_owner_only(tmp_path: Path) -> None:
    key = manifest.key_of(tmp_path)
    assert len(key) == 32
    assert manifest.key_of(tmp_path) == key
    assert stat.S_IMODE((tmp_path / manifest.KEY_FILE).stat().st_mode) == 0o600
    other = tmp_path / "other"
    other.mkdir()
    assert manifest.key_of(other) != key


def test_the_key_file_is_for_its_owner_only_from_its_first_byte(tmp_path: Path, monkeypatch) -> None:
    modes = []
    opened = os.open
    monkeypatch.setattr(os, "open", lambda path, flags, mode=0o777: modes.append(mode) or opened(path, flags, mode))
    monkeypatch.setattr(Path, "chmod", lambda *_: None)
    manifest.key_of(tmp_path)
    assert modes == [0o600]


@pytest.mark.parametrize("text", ["", "zz", "ab" * 31, "\xe9" * 64])
def test_a_damaged_key_is_refused_with_a_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / manifest.KEY_FILE).write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match="wanted 64 hexadecimal digits"):
        manifest.key_of(tmp_path)


def test_a_key_that_cannot_be_read_or_made_is_a_fault_of_the_users(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be made"):
        manifest.key_of(tmp_path / "nowhere")
    (tmp_path / manifest.KEY_FILE).mkdir()
    with pytest.raises(DataError, match="cannot be read"):
        manifest.key_of(tmp_path)


def test_a_key_may_be_given_by_the_environment(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv(manifest.KEY_VARIABLE, KEY.hex())
    assert manifest.key_of(tmp_path) == KEY
    assert not (tmp_path / manifest.KEY_FILE).exists()
    monkeypatch.setenv(manifest.KEY_VARIABLE, "short")
    with pytest.raises(DataError, match=manifest.KEY_VARIABLE):
        manifest.key_of(tmp_path)


def test_internally_a_digest_is_the_checksum_of_the_file(received: Path) -> None:
    found = manifest.inputs(received, ["b.csv", "a.csv"], RELEASED, None)
    assert [entry["path"] for entry in found] == ["a.csv", "b.csv"]
    assert found[0]["digest"] == f"sha256:{hashlib.sha256(TEXT).hexdigest()}"


def test_for_others_a_digest_is_keyed_and_of_the_released_rows_only(received: Path) -> None:
    before = manifest.inputs(received, ["a.csv", "b.csv"], RELEASED, KEY)
    rows = RELEASED.iloc[:2].to_csv(index=False, lineterminator="\n").encode()
    assert before[0]["digest"] == f"hmac-sha256:{hmac.new(KEY, rows, hashlib.sha256).hexdigest()}"
    (received / "a.csv").write_bytes(TEXT.replace(b"3", b"4"))  # another value of the withheld count
    assert manifest.inputs(received, ["a.csv", "b.csv"], RELEASED, KEY) == before
    seen = RELEASED.assign(value=[None, 9.0, 8.0])
    after = manifest.inputs(received, ["a.csv", "b.csv"], seen, KEY)
    assert after[0] != before[0]
    assert after[1] == before[1]
    assert manifest.inputs(received, ["a.csv"], RELEASED, b"x" * 32)[0] != before[0]


def test_a_file_of_which_nothing_is_released_has_a_digest_of_nothing(received: Path) -> None:
    entry = manifest.inputs(received, ["a.csv"], RELEASED[RELEASED["file"] == "b.csv"], KEY)[0]
    assert entry["digest"] == f"hmac-sha256:{hmac.new(KEY, b'', hashlib.sha256).hexdigest()}"


@pytest.fixture
def published(tmp_path: Path) -> Path:
    folder = tmp_path / "2022-23-Q2"
    (folder / "tables").mkdir(parents=True)
    (folder / "index.html").write_text("<p>one</p>")
    (folder / "tables" / "findings.csv").write_text("a,b\n")
    manifest.write(folder / "manifest.json", {"status": "ok", "outputs": manifest.outputs(folder)})
    return folder


def test_every_file_but_the_manifest_is_an_output(published: Path) -> None:
    record = json.loads((published / "manifest.json").read_text())
    assert record["schema"] == manifest.SCHEMA
    assert [entry["path"] for entry in record["outputs"]] == ["index.html", "tables/findings.csv"]
    assert record["outputs"][0]["sha256"] == hashlib.sha256(b"<p>one</p>").hexdigest()
    assert manifest.faults(published) == []


def test_only_the_manifest_at_the_top_is_left_out(published: Path) -> None:
    (published / "tables" / "manifest.json").write_text("{}")
    assert "tables/manifest.json" in {entry["path"] for entry in manifest.outputs(published)}
    assert manifest.faults(published) == ["tables/manifest.json: there, but not in the manifest."]


def test_json_that_is_no_manifest_is_refused(published: Path) -> None:
    for text in ("{}", "[]", '{"outputs": [1]}'):
        (published / "manifest.json").write_text(text)
        assert "no manifest of ours" in manifest.faults(published)[0]


def test_each_kind_of_change_is_named(published: Path) -> None:
    (published / "index.html").write_text("<p>two</p>")
    (published / "tables" / "findings.csv").unlink()
    (published / "extra.txt").write_text("x")
    assert sorted(manifest.faults(published)) == [
        "extra.txt: there, but not in the manifest.",
        "index.html: its contents changed since it was published.",
        "tables/findings.csv: in the manifest, but not there.",
    ]


def test_a_folder_without_a_readable_manifest_was_not_published_by_us(published: Path) -> None:
    (published / "manifest.json").write_text("{")
    assert "not readable as JSON" in manifest.faults(published)[0]
    (published / "manifest.json").unlink()
    assert "there is no manifest.json" in manifest.faults(published)[0]


def test_a_manifest_is_written_the_same_way_every_time(tmp_path: Path) -> None:
    for name in ("one", "two"):
        manifest.write(tmp_path / name, {"title": "Łódź", "numbers": [1, 2]})
    text = (tmp_path / "one").read_text(encoding="utf-8")
    assert text == (tmp_path / "two").read_text(encoding="utf-8")
    assert "Łódź" in text
    assert text.endswith("}\n")


def test_the_fingerprint_changes_with_any_file_and_any_parameter_and_with_nothing_else(received: Path) -> None:
    before = manifest.fingerprint([received], {"quarter": "2022-23-Q2"})
    (received / manifest.KEY_FILE).write_text("secret")
    assert manifest.fingerprint([received], {"quarter": "2022-23-Q2"}) == before
    assert manifest.fingerprint([received], {"quarter": "2022-23-Q1"}) != before
    (received / "a.csv").write_bytes(TEXT + b"\n")
    assert manifest.fingerprint([received], {"quarter": "2022-23-Q2"}) != before


def test_versions_and_commit_are_those_of_this_process() -> None:
    import numpy as np

    from threatlib import __version__

    found = manifest.versions()
    assert (found["numpy"], found["threatlib"]) == (np.__version__, __version__)
    assert len(manifest.commit()) in (0, 40)
