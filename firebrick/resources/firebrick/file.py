"""Firebrick::File: a file below a folder that the worker's operator names."""

from dataclasses import replace
from typing import Annotated, Any

from pydantic import Field

from firebrick.resources.base import Context, Done, Found, Live, ResourceProperties, ResourceType
from firebrick.resources.errors import PermanentError, RefusedError, Replace
from firebrick.resources.rooted_files import Claim, RootedFile, at, checked_path, content_digest, key_digest
from firebrick.resources.vocabulary import SECRET, UPDATABLE, Custom, Pattern

LARGEST_SHOWN = 65_536  # bytes of a content that was changed by hand which read gives as it is


class File(ResourceType):
    """Off until FIREBRICK_FILE_ROOT names a folder. Its physical id is the path, its reference id the absolute path.

    A file that is there already is never written over. Folders on the way are made and stay. All workers of a task
    queue must see the same folder.
    """

    type_name = "Firebrick::File"
    description = "A file below a folder that the worker's operator names."
    attributes = {
        "path": "The absolute path, as the worker sees it.",
        "sha256": "Of the content, in hexadecimal digits.",
        "size": "Of the content, in bytes.",
    }
    attribute_kinds = {"path": "string", "sha256": "string", "size": "integer"}

    class Properties(ResourceProperties):
        path: Annotated[str, Custom("file_path", checked_path), Field(description="Relative to the operator's folder.")]
        content: Annotated[str, SECRET, UPDATABLE, Field(description="Text; it is written as UTF-8.")] = ""
        mode: Annotated[
            str, Pattern("0?[0-7]{3}"), UPDATABLE, Field(description="Who may read, write and run it, in octal digits.")
        ] = "0600"

    def create(self, context: Context) -> Done:
        key = key_digest(context.key)
        with at(context.properties.path, make=True) as file:
            assert file is not None
            claim = file.claim()
            if claim is None or claim.key != key:
                claim = Claim(context.properties.path, key, content_digest(_content(context)))
                file.make_claim(claim)
            return self._place(file, claim, context)

    def poll_create(self, context: Context) -> Done:
        """Called for one that find_by_key found: finish it."""
        with at(context.properties.path) as file:
            claim = None if file is None else file.claim()
            if file is None or claim is None or claim.key != key_digest(context.key):
                raise PermanentError(f"{context.properties.path} is gone, before it was whole")
            return self._place(file, claim, context)

    def find_by_key(self, context: Context) -> Found | None:
        with at(context.properties.path) as file:
            claim = None if file is None else file.claim()
        return Found(physical_id=claim.path) if claim is not None and claim.key == key_digest(context.key) else None

    def update(self, context: Context) -> Done:
        with at(str(context.physical_id)) as file:
            if file is None or (claim := _ours(file, context)) is None:
                raise Replace(f"{context.physical_id} is not this resource's any more")
            content = _content(context)
            file.replace(content, _mode(context))
            file.change_claim(replace(claim, sha256=content_digest(content), placed=True))
            return _done(file, claim.key, content)

    def replace_failed(self, context: Context) -> bool:
        return self.read(context) is None

    def read(self, context: Context) -> Live | None:
        external = context.external
        with at(str(context.physical_id), claims=not external) as file:
            if file is None or not (external or _ours(file, context)) or (status := file.status()) is None:
                return None
            content, mode = file.content(), status.st_mode & 0o7777
            shown = _attributes(file, content)
        seen: dict[str, Any] = {"content": context.properties.content, "mode": context.properties.mode}
        if content_digest(content) != content_digest(_content(context)):
            seen["content"] = _text(content)
        if mode != _mode(context):
            seen["mode"] = f"{mode:04o}"
        return Live(properties=seen, attributes=shown)

    def delete(self, context: Context) -> Done:
        with at(str(context.physical_id)) as file:
            if file is not None and (claim := _ours(file, context)) is not None:
                file.remove(claim)
        return Done()

    def _place(self, file: RootedFile, claim: Claim, context: Context) -> Done:
        content = _content(context)
        if not claim.placed:
            file.place(content, _mode(context), replace(claim, placed=True))
        return _done(file, claim.key, content)


def _ours(file: RootedFile, context: Context) -> Claim | None:
    """The claim, while it is this resource's. Before a create was told about, whoever found the file has compared."""
    claim, key = file.claim(), context.data.get("key")
    return claim if claim is not None and key in (None, claim.key) else None


def _content(context: Context) -> bytes:
    try:
        return str(context.properties.content).encode()
    except UnicodeEncodeError:
        raise RefusedError("the content has a character that UTF-8 has no form for") from None


def _mode(context: Context) -> int:
    return int(context.properties.mode, 8)


def _text(content: bytes) -> str:
    """What a file has that somebody changed: its text, or what tells it from others where it is large or no text."""
    if len(content) <= LARGEST_SHOWN:
        try:
            return content.decode()
        except UnicodeDecodeError:
            pass
    return f"sha256:{content_digest(content)}"


def _done(file: RootedFile, key: str, content: bytes) -> Done:
    return Done(
        physical_id=file.path,
        reference_id=file.absolute,
        attributes=_attributes(file, content),
        data={"key": key},
    )


def _attributes(file: RootedFile, content: bytes) -> dict[str, Any]:
    return {"path": file.absolute, "sha256": content_digest(content), "size": len(content)}
