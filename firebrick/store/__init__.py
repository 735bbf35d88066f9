"""The record of what was asked and what became of it. Callers use what is named here; the rest is inside.

`Store.open` -> `Store.project(name)` -> `Repository`. What a step's claim and record take and give is in
:mod:`firebrick.store.step_outcomes`; only activities need that.
"""

from firebrick.store.keyring import Keyring
from firebrick.store.repository import EveryProject, Repository, Store
from firebrick.store.requests import NewOperation, NewResource, NewStack
from firebrick.store.rows import EventRow, OperationRow, ResourceRow, StackRow, StackSummary, UpstreamRow

__all__ = [
    "EventRow",
    "EveryProject",
    "Keyring",
    "NewOperation",
    "NewResource",
    "NewStack",
    "OperationRow",
    "Repository",
    "ResourceRow",
    "StackRow",
    "StackSummary",
    "Store",
    "UpstreamRow",
]
