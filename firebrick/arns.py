"""ARNs of stacks, as Heat writes and reads them: ``arn:openstack:heat::PROJECT:stacks/NAME/ID``. Pure."""

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote

_ARN = re.compile(r"(?i:arn):openstack:heat:[^:]*:([^:]*):stacks/([^/]+)/([^/]+)((?:/.*)?)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class StackArn:
    """path: of what is inside the stack, ``/resources/web``; "" for the stack itself."""

    project: str
    name: str
    id: str
    path: str = ""


def stack_arn(project: str, name: str, stack_id: str) -> str:
    """The reference id of a nested stack, and AWS::StackId."""
    return f"arn:openstack:heat::{quote(project, safe='')}:stacks/{quote(name, safe='')}/{quote(stack_id, safe='')}"


def read_arn(text: str) -> StackArn | None:
    """None: the text is no ARN of a stack."""
    found = _ARN.fullmatch(text)
    return None if found is None else StackArn(*(unquote(part) for part in found.groups()))
