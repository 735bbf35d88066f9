"""Files that templates and environments name: read here and sent along; the server looks for none (docs/files.md).

Named are: what get_file says, resource types that end in .yaml or .template, and such entries of a resource registry.
A name is relative to the folder of the document it stands in, or a file:// address. A nested template's own names are
followed likewise.

A document is sent as it was written, and its names are the keys under which the files go, so that the server's lines
and columns are the user's. Where one name means two files (in nested templates of different folders) the later
document gets file:// addresses in place of the names, as other clients of Heat's API send them for all: its lines stay
where they are.
"""

import base64
import os
import re
import stat
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from firebrick.diagnostics import Diagnostic, InvalidInput
from firebrick.size_limits import most_body, most_template
from starter.cli.problems import remember_source
from starter.cli.yaml_marks import Node, read_marks

TEMPLATE_ENDS = (".yaml", ".template")
GROUP_TYPES = (("resource_def", "type"), ("resource", "type"))  # where types of groups name their members' type
NOT_TYPES = ("hooks", "restricted_actions", "base_url")

Steps = tuple[str | int, ...]


def collect_files(body: Mapping[str, Any], template: str | None, environments: Sequence[str]) -> dict[str, Any]:
    """The parts of the request `body` that change: its documents, and `files` with all they name.

    template, environments: as named on the command line; None: the body has no template. InvalidInput names, with its
    place, every file that cannot be read. What is no YAML is left to the server to refuse.
    """
    found = _Collection({name: _absolute(name) for name in body.get("environment_files", ())}, body.get("files", {}))
    changed: dict[str, Any] = {}
    if template is not None:
        source = _Source(template, "template", _folder(template), body["template"])
        changed["template"] = found.add(source, _in_template)
    for name in environments:
        several = name in body.get("environment_files", ())
        text = body["files"][name] if several else body["environment"]
        source = _Source(name, name if several else "environment", _folder(name), text)
        sent = found.add(source, _in_environment)
        if several:
            found.files[name] = sent
        else:
            changed["environment"] = sent
    found.follow()
    if found.problems:
        raise InvalidInput(found.problems)
    return changed | ({"files": found.files} if found.files else {})


@dataclass(frozen=True, slots=True)
class _Source:
    """A document. shown: its name to the user; document: its name in diagnostics; folder: where its names begin."""

    shown: str
    document: str
    folder: str
    text: str


@dataclass(frozen=True, slots=True)
class _Named:
    """A name in a document. node: the text that says it; key: what it stands at."""

    node: Node
    key: Node
    path: Steps
    is_template: bool


@dataclass(slots=True)
class _Collection:
    """names: key in `files` -> the absolute path it means."""

    names: dict[str, str]
    files: dict[str, str]
    problems: list[Diagnostic] = field(default_factory=list)
    _templates: set[str] = field(default_factory=set)
    _waiting: deque[tuple[str, _Source]] = field(default_factory=deque)
    _size: int = 0

    def __post_init__(self) -> None:
        self.files = dict(self.files)

    def add(self, source: _Source, names_in: Callable[[Node], Iterable[_Named]]) -> str:
        """Read what a document names; the text to send."""
        root = read_marks(source.text)
        replaced: dict[int, tuple[Node, str]] = {}
        found = names_in(root) if root is not None else ()
        for named in sorted(found, key=lambda one: one.node.start):
            key = self._take(source, named)
            if key is not None and key != named.node.text:
                replaced[named.node.start] = (named.node, key)
        text = source.text
        for start in sorted(replaced, reverse=True):
            text = _spliced(text, *replaced[start])
        return text

    def follow(self) -> None:
        """Nested templates, and what those name."""
        while self._waiting:
            key, source = self._waiting.popleft()
            remember_source(source.document, source.shown, source.text)
            self.files[key] = self.add(source, _in_template)

    def _take(self, source: _Source, named: _Named) -> str | None:
        """The key of a named file, which is read when it is new; None when it cannot be."""
        name = named.node.text
        try:
            path = _located(name, source.folder)
            key = name if self.names.get(name, path) == path else Path(path).as_uri()
            if key in self.names and (key in self._templates or not named.is_template):
                return key
            content = self._read(path, most_template() if named.is_template else most_body())
            text = _template_text(content) if named.is_template else _file_text(content)
        except (OSError, ValueError) as error:
            self._refuse(source, named, getattr(error, "strerror", None) or str(error))
            return None
        self.names[key] = path
        self.files[key] = text
        if named.is_template:
            self._templates.add(key)
            shown = name if "://" in name else os.path.join(os.path.dirname(source.shown), name)
            self._waiting.append((key, _Source(shown, shown, os.path.dirname(path), text)))
        return key

    def _read(self, path: str, most: int) -> bytes:
        """OSError and ValueError say why not; only files are opened, nothing that could wait for somebody."""
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise ValueError("it is not a file")
        with open(path, "rb") as source:
            content = source.read(most + 1)
        if len(content) > most:
            raise ValueError(f"it is larger than {most} bytes")
        if self._size + len(content) > most_body():
            raise ValueError(
                f"with it the files of this request are larger than {most_body()} bytes, the most there is"
            )
        self._size += len(content)
        return content

    def _refuse(self, source: _Source, named: _Named, reason: str) -> None:
        name = named.node.text
        what = "template" if named.is_template else "file"
        try:
            detail = f"It is looked for at {_located(name, source.folder)}; names begin at their document's folder."
        except ValueError:
            detail = "Download it and name the file."
        self.problems.append(
            Diagnostic(
                code="unreadable-file",
                summary=f"the {what} {name} cannot be read: {reason}",
                detail=detail,
                path=_dotted(named.path),
                file=source.document,
                line=named.key.line,
                column=named.key.column,
            )
        )


# --- where names stand ----------------------------------------------------------------------------------------------


def _in_template(root: Node) -> Iterator[_Named]:
    for path, key, node, alone in root.entries():
        if path[-1] == "get_file" and alone and node.is_text:
            yield _Named(node, key, path, is_template=False)
        elif path[0] == "resources" and path[-1] == "type" and node.is_text and node.text.endswith(TEMPLATE_ENDS):
            if len(path) == 3 or path[-2:] in GROUP_TYPES:
                yield _Named(node, key, path, is_template=True)


def _in_environment(root: Node) -> Iterator[_Named]:
    for path, key, node, _ in root.entries():
        if path[0] != "resource_registry" or len(path) == 1 or path[-1] in NOT_TYPES:
            continue
        if node.is_text and node.text.endswith(TEMPLATE_ENDS):
            yield _Named(node, key, path, is_template=True)


def _spliced(text: str, node: Node, address: str) -> str:
    """The text with an address in the place of a name; an anchor before the name and the line's end stay."""
    old = text[node.start : node.end]
    before = re.match(r"(?:[&!]\S*\s+)*", old)
    kept = before[0] if before else ""
    after = "\n" if old.endswith("\n") else ""
    return f'{text[: node.start]}{kept}"{address}"{after}{text[node.end :]}'


def _dotted(path: Steps) -> str:
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


# --- files ------------------------------------------------------------------------------------------------------------


def _folder(document: str) -> str:
    """Of a document named on the command line; standard input's is the current one."""
    return os.getcwd() if document == "-" else os.path.dirname(os.path.abspath(document))


def _absolute(document: str) -> str:
    return "" if document == "-" else os.path.abspath(document)


def _located(name: str, folder: str) -> str:
    """The absolute path of a name. ValueError: an address of something that is no file here."""
    parts = urlsplit(name) if "://" in name else None
    if parts is None:
        return os.path.abspath(os.path.join(folder, name))
    if parts.scheme != "file" or parts.netloc not in ("", "localhost"):
        raise ValueError("files are not fetched from addresses")
    return os.path.abspath(url2pathname(parts.path))


def _template_text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"it is not UTF-8 text (byte {error.start})") from None


def _file_text(content: bytes) -> str:
    """Text as it is; anything else in base64, with lines of 76 characters, as Heat's own client sends it."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return base64.encodebytes(content).decode("ascii")
