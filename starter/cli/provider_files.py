"""The package that `firebrick provider new` makes: its files, as their author finds them.

In the texts, $name is the name given (``acme-cloud``), $package the Python package (``firebrick_acme_cloud``), $word
the first word of the types' names (``AcmeCloud``), $SETTING a prefix for variables (``ACME_CLOUD``), $firebrick the
requirement of Firebrick. The type that is in it works: its provider is a folder of files, which the author replaces by
an API.
"""

from collections.abc import Mapping
from string import Template

from firebrick.distribution import compatible

PYPROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "firebrick-$name"
version = "0.1.0"
description = "Resource types for Firebrick: $word"
readme = "README.md"
requires-python = ">=3.11"
dependencies = ["$firebrick"]

[project.optional-dependencies]
dev = ["pytest>=9"]

# Firebrick finds the package by this; the value is the module that has RESOURCE_TYPES.
[project.entry-points."firebrick.resource_types"]
$name = "$package"

[tool.hatch.build.targets.wheel]
packages = ["$package"]

[tool.pytest.ini_options]
testpaths = ["tests"]
"""

README = """\
# firebrick-$name

Resource types for Firebrick. `$word::Note` is a note in a folder: a type that works, to begin with.

    pip install -e '.[dev]'
    pytest

Put the folder into the environment of the worker, start it, and the type is there:

    export ${SETTING}_FOLDER=/var/lib/$name
    firebrick server
    firebrick resource type show $word::Note

`$package/note.py` is the type, `$package/api.py` speaks to the provider: put your API there. `tests/test_note.py` runs
the type through what happens to a worker. Firebrick's docs/writing-a-resource-type.md goes through all of it.
"""

PACKAGE = '''\
"""Resource types for Firebrick. RESOURCE_TYPES is what it looks for."""

from $package.note import Note

RESOURCE_TYPES = [Note]
'''

API = '''\
"""The provider: here a folder of files, named by ${SETTING}_FOLDER. Put calls of your API in its place.

Each function is one call: it has its effect or it has not. An object is made together with the token of whoever made
it, so that it can be found again by somebody who never heard the answer.
"""

import json
import os
import uuid
from pathlib import Path

from firebrick.resources.errors import RefusedError

FOLDER = "${SETTING}_FOLDER"


def folder() -> Path:
    where = os.environ.get(FOLDER)
    if not where or not Path(where).is_dir():
        raise RefusedError(f"{FOLDER} in the worker's environment names no folder: there is no place for notes")
    return Path(where)


def create(text: str, token: str) -> str:
    """Make a note; its id."""
    made = uuid.uuid4().hex
    _write(made, {"text": text, "token": token})
    return made


def find(token: str) -> str | None:
    """The id of the note that was made with this token."""
    for file in sorted(folder().glob("*.json")):
        if json.loads(file.read_text())["token"] == token:
            return file.stem
    return None


def get(id_: str) -> str | None:
    """The text of a note; None: there is none."""
    try:
        return str(json.loads((folder() / f"{id_}.json").read_text())["text"])
    except FileNotFoundError:
        return None


def change(id_: str, text: str) -> bool:
    """Whether there was a note to change."""
    try:
        note = json.loads((folder() / f"{id_}.json").read_text())
    except FileNotFoundError:
        return False
    _write(id_, {**note, "text": text})
    return True


def remove(id_: str) -> None:
    """Without a word where there is none."""
    (folder() / f"{id_}.json").unlink(missing_ok=True)


def ids() -> list[str]:
    """All notes: what the tests count."""
    return [file.stem for file in folder().glob("*.json")]


def _write(id_: str, note: dict[str, str]) -> None:
    fresh = folder() / f"{id_}.fresh"
    fresh.write_text(json.dumps(note))
    fresh.replace(folder() / f"{id_}.json")
'''

TYPE = '''\
"""$word::Note: a text that somebody should read."""

from typing import Annotated

from firebrick.resources.base import Context, Done, Found, Live, ResourceProperties, ResourceType
from firebrick.resources.errors import Replace
from firebrick.resources.vocabulary import UPDATABLE, Length
from pydantic import Field

from $package import api


class Note(ResourceType):
    type_name = "$word::Note"
    description = "A text that somebody should read."
    attributes = {"text": "What it says."}

    class Properties(ResourceProperties):
        text: Annotated[str, Length(1, 1000), UPDATABLE, Field(description="What it is to say.")]

    def create(self, context: Context) -> Done:
        made = api.create(context.properties.text, token=context.key)
        return Done(physical_id=made, attributes={"text": context.properties.text})

    def find_by_key(self, context: Context) -> Found | None:
        found = api.find(token=context.key)
        return Found(physical_id=found) if found else None

    def poll_create(self, context: Context) -> Done:
        return Done(physical_id=context.physical_id, attributes={"text": context.properties.text})

    def update(self, context: Context) -> Done:
        if not api.change(context.physical_id, context.properties.text):
            raise Replace(f"note {context.physical_id} is gone")
        return Done(attributes={"text": context.properties.text})

    def read(self, context: Context) -> Live | None:
        text = api.get(context.physical_id)
        return None if text is None else Live(properties={"text": text})

    def delete(self, context: Context) -> Done:
        api.remove(context.physical_id)
        return Done()
'''

TESTS = '''\
"""$word::Note keeps the contract of a resource type, and does what is its own."""

import pytest
from firebrick.testing.contract_kit import Contract, ContractTests
from firebrick.testing.rehearsal import Rehearsal

from $package import api
from $package.note import Note


@pytest.fixture(autouse=True)
def notes(tmp_path, monkeypatch):
    monkeypatch.setenv(api.FOLDER, str(tmp_path))


class TestContract(ContractTests):
    @pytest.fixture
    def contract(self):
        return Contract(Note(), {"text": "hello"}, changed={"text": "goodbye"}, existing=api.ids)


def test_a_note_says_what_it_is_told():
    note = Rehearsal(Note(), {"text": "hello"})
    note.create()
    assert api.get(note.physical_id) == note.attribute("text") == "hello"
'''

FILES: Mapping[str, str] = {
    "pyproject.toml": PYPROJECT,
    "README.md": README,
    "$package/__init__.py": PACKAGE,
    "$package/api.py": API,
    "$package/note.py": TYPE,
    "tests/test_note.py": TESTS,
}


def package_of(name: str) -> str:
    """The Python package of a provider's name."""
    return "firebrick_" + name.replace("-", "_")


def files_of(name: str) -> dict[str, str]:
    """Path -> text of all files of a provider's package."""
    words = {
        "name": name,
        "package": package_of(name),
        "word": "".join(part.capitalize() for part in name.split("-")),
        "SETTING": name.replace("-", "_").upper(),
        "firebrick": compatible(),
    }
    return {Template(path).substitute(words): Template(text).substitute(words) for path, text in FILES.items()}
