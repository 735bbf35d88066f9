"""Firebrick::File writes below the operator's folder, whole or not at all, and never over what it has not made."""

import os
import re
from pathlib import Path

import pytest

from firebrick.diagnostics import InvalidInput
from firebrick.resources import rooted_files
from firebrick.resources.errors import PermanentError, Replace, TakenError
from firebrick.resources.firebrick.file import File
from firebrick.testing.contract_kit import Contract, ContractTests
from firebrick.testing.rehearsal import NeedsAnother, Rehearsal

SECRET = "hunter2-hunter2"


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "root"
    folder.mkdir()
    monkeypatch.setenv("FIREBRICK_FILE_ROOT", str(folder))
    return folder


def files(root: Path) -> list[str]:
    """All there are, half-written ones under the name they will have; where there are none, the claims."""
    found = [path.relative_to(root) for path in root.rglob("*") if path.is_file() or path.is_symlink()]
    claims = [str(path) for path in found if path.parts[0] == ".firebrick"]
    there = {re.sub(r"/\.(.+)\.firebrick-\w+$", r"/\1", str(path)) for path in found if path.parts[0] != ".firebrick"}
    return sorted(there) or claims


class TestContract(ContractTests):
    @pytest.fixture
    def contract(self, root: Path) -> Contract:
        (root / "file").write_text("no folder")
        return Contract(
            File(),
            {"path": "etc/app.conf", "content": SECRET, "mode": "640"},
            changed={"path": "etc/app.conf", "content": "other", "mode": "0600"},
            refused={"path": "file/app.conf", "content": SECRET},
            secrets=[SECRET],
            existing=lambda: files(root),
            crash_in=[rooted_files],
        )


def file(properties: dict[str, object] | None = None, key: str = "key") -> Rehearsal:
    return Rehearsal(File(), {"path": "etc/app.conf", "content": SECRET, **(properties or {})}, key=key)


def test_it_is_written_as_asked_for_and_nobody_else_may_read_it(root: Path) -> None:
    resource = file({"content": "grüße\n"})
    resource.create()
    written = root / "etc" / "app.conf"
    assert written.read_bytes() == "grüße\n".encode()
    assert written.stat().st_mode & 0o7777 == 0o600
    assert resource.physical_id == "etc/app.conf"
    assert resource.reference_id == resource.attribute("path") == str(written)
    assert resource.attribute("size") == 8
    assert written.stat().st_nlink == 1 and files(root) == ["etc/app.conf"]


def test_an_update_puts_a_whole_new_file_there(root: Path) -> None:
    resource = file()
    resource.create()
    before = (root / "etc/app.conf").stat().st_ino
    with (root / "etc/app.conf").open() as reader:
        resource.update({"path": "etc/app.conf", "content": "new", "mode": "0644"})
        assert reader.read() == SECRET  # who has it open reads it to its end
    written = (root / "etc/app.conf").stat()
    assert written.st_ino != before and written.st_mode & 0o7777 == 0o644
    with pytest.raises(NeedsAnother, match="a change of path"):
        resource.update({"path": "etc/other.conf"})


def test_a_file_that_is_there_is_not_written_over(root: Path) -> None:
    (root / "etc").mkdir()
    (root / "etc/app.conf").write_text("mine")
    resource = file()
    with pytest.raises(PermanentError, match="which this resource has not made; it is left as it is"):
        resource.create()
    assert resource.find() is None
    assert (root / "etc/app.conf").read_text() == "mine" and not list((root / ".firebrick").iterdir())


def test_a_file_that_comes_between_claim_and_link_is_not_written_over(root: Path) -> None:
    resource = file()
    key = rooted_files.key_digest(resource.key)
    with rooted_files.at("etc/app.conf", make=True) as place:  # as left by an attempt that died after its claim
        assert place is not None
        place.make_claim(rooted_files.Claim("etc/app.conf", key))
    (root / "etc/app.conf").write_text("mine")
    with pytest.raises(PermanentError, match="which this resource has not made"):
        resource.create()
    assert files(root) == ["etc/app.conf"] and (root / "etc/app.conf").read_text() == "mine"
    assert not list((root / ".firebrick").iterdir())


def test_a_file_that_somebody_took_away_can_be_made_again_by_another_resource(root: Path) -> None:
    """As an update that converges does: the old row's claim is still there when the new row's file is made."""
    first, second = file(), file({"content": "second"}, key="another")
    first.create()
    (root / "etc/app.conf").unlink()
    assert first.read() is None
    second.create()
    first.delete()
    assert (root / "etc/app.conf").read_text() == "second" and second.read() is not None


def test_the_path_of_another_resource_is_not_taken_and_a_late_delete_leaves_its_file(root: Path) -> None:
    first, second = file(), file({"content": "second"}, key="another")
    first.create()
    with pytest.raises(PermanentError, match="etc/app.conf belongs to another resource"):
        second.create()
    first.delete()
    second.create()
    first.delete()
    assert first.read() is None
    with pytest.raises(Replace):
        first.update({"path": "etc/app.conf", "content": "x"})
    assert (root / "etc/app.conf").read_text() == "second"


def test_drift_is_seen_in_content_and_mode(root: Path) -> None:
    resource = file({"mode": "640"})
    resource.create()
    (root / "etc/app.conf").write_text("changed")
    (root / "etc/app.conf").chmod(0o4755)
    live = resource.read()
    assert live is not None and live.properties == {"content": "changed", "mode": "4755"}
    assert live.attributes["size"] == len("changed")
    (root / "etc/app.conf").write_bytes(b"\xff" * 5)
    live = resource.read()
    assert live is not None and str(live.properties["content"]).startswith("sha256:")
    (root / "etc/app.conf").unlink()
    assert resource.read() is None


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../x", "a/../../x", "a/./b", "a//b", "a/", "", "a\0b", ".firebrick/x", "x" * 201]
)
def test_a_path_that_is_none_below_the_root_is_refused_by_the_schema(path: str) -> None:
    with pytest.raises(InvalidInput, match="path"):
        file({"path": path})


@pytest.mark.parametrize("where", ["etc", "etc/app.conf", ".firebrick"])
def test_no_link_leads_out_of_the_root(root: Path, tmp_path: Path, where: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (root / where).parent.mkdir(exist_ok=True)
    target = outside / "app.conf" if where.endswith("conf") else outside
    (root / where).symlink_to(target)
    with pytest.raises(PermanentError):
        file().create()
    assert list(outside.iterdir()) == []


def test_a_link_put_in_the_files_place_is_replaced_and_not_followed(root: Path, tmp_path: Path) -> None:
    resource = file()
    resource.create()
    (tmp_path / "outside").write_text("mine")
    (root / "etc/app.conf").unlink()
    (root / "etc/app.conf").symlink_to(tmp_path / "outside")
    assert resource.read() is None
    resource.update({"path": "etc/app.conf", "content": "new"})
    assert (tmp_path / "outside").read_text() == "mine" and not (root / "etc/app.conf").is_symlink()


def test_looking_makes_no_folder(root: Path) -> None:
    resource = file()
    resource.physical_id = "etc/app.conf"
    assert resource.read() is None and resource.find() is None
    resource.delete()
    assert list(root.iterdir()) == []


def test_it_is_off_until_the_operator_names_a_folder(monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
    monkeypatch.setenv("FIREBRICK_FILE_ROOT", str(root / "missing"))
    with pytest.raises(PermanentError, match="the folder that FIREBRICK_FILE_ROOT names cannot be used"):
        file().create()
    monkeypatch.delenv("FIREBRICK_FILE_ROOT")
    with pytest.raises(PermanentError, match="the operator's setting FIREBRICK_FILE_ROOT is not set"):
        file().create()
    assert not os.listdir(root)


@pytest.mark.parametrize("mode", ["4755", "888", "u+x", "07777"])
def test_a_mode_is_three_octal_digits(mode: str) -> None:
    with pytest.raises(InvalidInput, match="mode"):
        file({"mode": mode})


def test_a_path_of_another_resource_is_taken_and_the_error_knows_by_whose_create(root: Path) -> None:
    file(key="first").create()
    with pytest.raises(TakenError) as caught:
        file(key="second").create()
    assert caught.value.by("first") and not caught.value.by("second")


def test_nobody_takes_the_place_of_a_file_that_is_being_taken_away(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The claim goes last: whoever took the place before would lose the claim to it."""
    first, second = file(key="first"), file(key="second")
    first.create()
    dropped = rooted_files.RootedFile.drop_claim
    met: list[Exception] = []

    def between(self: rooted_files.RootedFile) -> None:
        try:
            second.create()
        except TakenError as error:
            met.append(error)
        dropped(self)

    monkeypatch.setattr(rooted_files.RootedFile, "drop_claim", between)
    first.delete()
    assert len(met) == 1 and files(root) == []
    monkeypatch.undo()
    monkeypatch.setenv("FIREBRICK_FILE_ROOT", str(root))
    second.create()
    assert second.read() is not None
