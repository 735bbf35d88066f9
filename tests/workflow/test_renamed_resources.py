"""A resource that gets another name in an update: what the old one has, a path or a name, the new one takes over when
the old one is gone, in whichever order the two are begun."""

from pathlib import Path
from typing import Any

import pytest

from firebrick.contract import OperationState
from tests.workflow.conftest import Started

HEAD = "heat_template_version: 2018-08-31\nresources:\n"
FILE = "  NAME: {type: Firebrick::File, properties: {path: rename.txt, content: text of NAME}}\n"
SLOW = "  slow: {type: OS::Heat::TestResource, depends_on: old, properties: {action_wait_secs: {delete: 2}}}\n"


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "root"
    folder.mkdir()
    monkeypatch.setenv("FIREBRICK_FILE_ROOT", str(folder))
    return folder


def of(name: str, more: str = "") -> str:
    return HEAD + FILE.replace("NAME", name) + more


async def done(started: Started) -> Started:
    assert (await started.handle.result()).state is OperationState.DONE
    return started


async def test_a_file_that_is_renamed_again_and_again_is_there_each_time(lab: Any, root: Path) -> None:
    await done(await lab.create(of("old"), name="s"))
    for turn in range(24):
        name = ("new", "old")[turn % 2]
        started = await done(await lab.update("s", of(name)))
        assert list(await started.resources()) == [name]
        assert (root / "rename.txt").read_text() == f"text of {name}"
    await done(await lab.delete("s"))
    assert not (root / "rename.txt").exists()


async def test_the_new_one_waits_while_the_old_one_cannot_go_yet(lab: Any, root: Path) -> None:
    await done(await lab.create(of("old", SLOW), name="s"))
    started = await done(await lab.update("s", of("new")))
    said = [event.reason for event in await started.events() if event.resource_name == "new"]
    assert any("its resource old is being taken away, and is waited for" in reason for reason in said)
    assert (root / "rename.txt").read_text() == "text of new"


@pytest.mark.parametrize("policy", ["", ", deletion_policy: Retain"])
async def test_what_does_not_go_is_not_waited_for(lab: Any, root: Path, policy: str) -> None:
    await done(await lab.create(of("old").replace("File,", f"File{policy},"), name="s"))
    stack = "s" if policy else "t"  # what stays when its resource goes; what another stack has
    asked = lab.update("s", of("new")) if policy else lab.create(of("new"), name=stack)
    started = await asked
    with pytest.raises(Exception, match="failed"):
        await started.handle.result()
    reason = (await started.stack()).status_reason
    assert reason.endswith("resources.new: rename.txt belongs to another resource: choose another path")
    assert [one for one in await started.told() if one.startswith("new")][-2:] == [
        "new CREATE_IN_PROGRESS",
        "new CREATE_FAILED",
    ]
    assert (root / "rename.txt").read_text() == "text of old"
