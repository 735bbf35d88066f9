"""The one argument of a workflow: of a stack action an accepted operation, a chain's state, or a request typed by hand.

Whatever somebody sends ends the run with a message: what the data converter cannot read arrives here as it came
(starter.payloads), since an error in there would have the workflow task tried again for ever.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.api.common.v1 import Payload
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    import pydantic
    import pydantic_core

    from firebrick import contract

EXAMPLES = {
    contract.Action.CREATE: '{"name": "demo", "template": "heat_template_version: 2018-08-31 ..."}',
    contract.Action.UPDATE: '{"stack": "demo", "template": "heat_template_version: 2018-08-31 ..."}',
    contract.Action.ROLLBACK: '{"stack": "demo"}',
    contract.Action.DELETE: '{"stack": "demo"}',
}

Request = (
    contract.CreateStackRequest
    | contract.UpdateStackRequest
    | contract.RollbackStackRequest
    | contract.DeleteStackRequest
)
REQUESTS: dict[contract.Action, type[Request]] = {
    contract.Action.CREATE: contract.CreateStackRequest,
    contract.Action.UPDATE: contract.UpdateStackRequest,
    contract.Action.ROLLBACK: contract.RollbackStackRequest,
    contract.Action.DELETE: contract.DeleteStackRequest,
}
Argument = contract.ChainState | contract.Accepted | Request

T = TypeVar("T")


def read_argument(action: contract.Action, given: Sequence[Any]) -> Argument:
    """What a stack action was started with."""

    def model(value: dict[str, Any]) -> Argument:
        if value.get("chain"):
            return contract.ChainState.model_validate(value)
        if value.get("accepted"):
            return contract.Accepted.model_validate(value)
        return REQUESTS[action].model_validate(value)

    return read_one(action.workflow_type, given, model, EXAMPLES[action])


def read_one(kind: str, given: Sequence[Any], model: Callable[[dict[str, Any]], T], example: str) -> T:
    """given: all arguments there are, as JSON values, RawValue where one could not be read. ApplicationError of type
    InvalidRequest, saying what it should be, for anything that is no request of this workflow type."""
    try:
        if len(given) != 1:
            raise ValueError(f"the workflow takes one JSON object, and not {len(given)} arguments")
        (value,) = given
        if isinstance(value, RawValue):
            raise ValueError(_unreadable(value.payload))
        if not isinstance(value, dict):
            raise ValueError("the workflow takes one JSON object")
        return model(value)
    except ValueError as error:
        raise ApplicationError(
            f"{kind} was not started: {_explain(error)}. Nothing was stored. The argument is "
            f"one JSON object, for example {example}",
            type=contract.INVALID_REQUEST,
            non_retryable=True,
        ) from None


def _unreadable(payload: Payload) -> str:
    encoding = payload.metadata.get("encoding", b"").decode("ascii", "replace")
    if encoding != "json/plain":
        return f"the workflow takes one JSON object (encoding json/plain), and this is {encoding or 'without encoding'}"
    try:
        pydantic_core.from_json(payload.data)
    except ValueError as error:
        return f"its argument is not JSON that can be read: {error}"
    return "its argument cannot be read"


def _explain(error: ValueError) -> str:
    """A pydantic error without the values it quotes."""
    if isinstance(error, pydantic.ValidationError):
        parts = [f"{'.'.join(str(p) for p in e['loc']) or 'argument'}: {e['msg']}" for e in error.errors()]
        return "; ".join(parts[:10])
    return str(error)
