"""What a request asks for, as one hash: an operation id that comes again must come with the same request.

Equal are requests that say the same, however it was written: a template as text, in YAML or JSON, or as an object; keys
in any order; fields left out, or given as they are by default; names in any order where their order says nothing. Who
asks, the operation id itself, and whether the stack is named by its name or id do not count; nor does the project,
which has operations of its own. The hash is made from values that may be secret: it is only stored sealed.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from firebrick.contract import (
    ContinueStackRequest,
    CreateStackRequest,
    DeleteStackRequest,
    Frozen,
    RollbackStackRequest,
    UpdateStackRequest,
)
from firebrick.diagnostics import InvalidInput
from firebrick.store.requests import Expected
from firebrick.template import Document, parse_environment, parse_template

_KINDS: Mapping[type[Frozen], str] = {
    CreateStackRequest: "create",
    UpdateStackRequest: "update",
    RollbackStackRequest: "rollback",
    ContinueStackRequest: "continue",
    DeleteStackRequest: "delete",
}
_NOT_COMPARED = frozenset({"operation_id", "requested_by", "project", "stack", "name", "template", "environment"})
_SETS = ("clear_parameters", "retain", "skip")
_EMPTY_IS_NOTHING = ("files", "parameters", "environment", *_SETS)
FORM = "1"
"""Of the hash: what is compared, and how. Hashes of two forms cannot be compared."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """text: ``FORM:HEX``. template: the request's, read, so that it is read once; as it came where it cannot be read,
    and None where there is none."""

    text: str
    template: Document | Any | None = None

    @classmethod
    def of(cls, request: Frozen, expected: Expected | None = None) -> "Fingerprint":
        """expected: of a plan that is applied."""
        fields = request.model_dump(exclude=set(_NOT_COMPARED), exclude_defaults=True)
        template, tree = _read_template(getattr(request, "template", None))
        fields |= {"kind": _KINDS[type(request)], "template": tree}
        fields["environment"] = _environment_tree(getattr(request, "environment", None))
        for name in _SETS:
            fields[name] = sorted(set(fields.get(name, ())))
        if expected is not None:
            fields["expected"] = [expected.revision, expected.seq, dict(expected.nested)]
        said = {name: one for name, one in fields.items() if one or name not in _EMPTY_IS_NOTHING}
        written = json.dumps(said, sort_keys=True, separators=(",", ":"), default=str)
        return cls(f"{FORM}:{hashlib.sha256(written.encode()).hexdigest()}", template)


NOT_COMPARED = Fingerprint("")
"""Of what a nested stack is asked: the id follows from who asks, and another attempt may resolve other values."""


def _read_template(template: Any) -> tuple[Document | Any | None, Any]:
    """(as it is to be used, what is compared)."""
    if template is None:
        return None, None
    try:
        document = parse_template(template)
    except InvalidInput:  # it will be refused; what was accepted under the same id could be read
        return template, ["unreadable"]
    return document, document.tree


def _environment_tree(environment: Any) -> Any:
    """Without its empty sections, which say nothing."""
    if not environment:
        return None
    try:
        return {name: one for name, one in parse_environment(environment).document.tree.items() if one}
    except InvalidInput:
        return ["unreadable"]
