"""Reaching a Temporal cluster: by address and namespace, or by a profile of Temporal's own configuration file."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client, Interceptor
from temporalio.converter import DataConverter
from temporalio.envconfig import ClientConfig
from temporalio.service import GrpcCompression, RPCError, RPCStatusCode

from firebrick.contract import SEARCH_ATTRIBUTES
from firebrick.diagnostics import Conflict, Diagnostic, InvalidInput, Unavailable
from starter.payloads import DATA_CONVERTER


@dataclass(frozen=True, slots=True)
class Target:
    """Where a cluster is. profile: of Temporal's configuration file; address and namespace, when set, go before it.
    payload_keyring: the file of keys that encrypt what the cluster stores; "" leaves it readable."""

    address: str = ""
    namespace: str = ""
    profile: str = ""
    payload_keyring: str = ""


async def connect(target: Target, interceptors: Sequence[Interceptor] = ()) -> Client:
    """A client of the cluster, by target, $TEMPORAL_* and the profile; Unavailable when nobody answers there.

    interceptors: of the client, and of workers that are made with it.
    """
    try:
        config = ClientConfig.load_client_connect_config(profile=target.profile or None)
    except Exception as error:
        raise InvalidInput(
            Diagnostic(
                code="bad-temporal-profile",
                summary=f"Temporal's configuration profile {target.profile or 'default'} cannot be read: {error}",
                detail="Look at it with `temporal config list`, or give --address and --namespace instead.",
            )
        ) from None
    address = target.address or config.get("target_host") or "127.0.0.1:7233"
    config["target_host"] = address
    if target.namespace:
        config["namespace"] = target.namespace
    try:
        return await Client.connect(
            **config,
            data_converter=_converter(target),
            interceptors=interceptors,
            grpc_compression=GrpcCompression.NONE if _is_loopback(address) else GrpcCompression.GZIP,
        )
    except (RuntimeError, RPCError, OSError) as error:
        raise Unavailable(
            Diagnostic(
                code="no-temporal-server",
                summary=f"no Temporal server answers at {address} ({_reason(error)})",
                detail="Check it. `firebrick server` without --address and --profile runs a cluster of its own.",
            )
        ) from None


def _converter(target: Target) -> DataConverter:
    if not target.payload_keyring:
        return DATA_CONVERTER
    from starter.payload_codec import encrypting  # loads the store's keyring: not for who needs neither

    return encrypting(target.payload_keyring)


def _reason(error: Exception) -> str:
    """The operating system's words out of the connection's long tale."""
    found = re.findall(r'(?:message|error): "([^"]+)"', str(error))
    return found[-1] if found else str(error).partition("\n")[0][:120]


def _is_loopback(address: str) -> bool:
    return address.rpartition(":")[0] in ("127.0.0.1", "localhost", "[::1]")


async def check_namespace(client: Client) -> None:
    """InvalidInput when the namespace does not exist; silent where the cluster does not let us ask."""
    try:
        await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=client.namespace))
    except RPCError as error:
        if error.status == RPCStatusCode.NOT_FOUND:
            raise InvalidInput(
                Diagnostic(
                    code="no-such-namespace",
                    summary=f"the Temporal server has no namespace {client.namespace}",
                    detail=f"Create it (temporal operator namespace create -n {client.namespace}) "
                    "or name another with --namespace.",
                )
            ) from None


async def missing_search_attributes(client: Client) -> Sequence[str]:
    """Our search attributes the namespace lacks, sorted; Conflict when one is there with another type."""
    answer = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=client.namespace)
    )
    keyword = IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD
    wrong = sorted(
        name for name in SEARCH_ATTRIBUTES.values() if answer.custom_attributes.get(name, keyword) != keyword
    )
    if wrong:
        raise Conflict(
            Diagnostic(
                code="search-attribute-of-another-type",
                summary=f"search attribute {', '.join(wrong)} of namespace {client.namespace} is not a Keyword",
                detail="Remove it there (temporal operator search-attribute remove) or use another namespace.",
            )
        )
    return sorted(name for name in SEARCH_ATTRIBUTES.values() if name not in answer.custom_attributes)


async def register_search_attributes(client: Client) -> Sequence[str]:
    """Add the missing ones; what was added. Safe to repeat."""
    missing = await missing_search_attributes(client)
    if missing:
        keyword = IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD
        await client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(namespace=client.namespace, search_attributes=dict.fromkeys(missing, keyword))
        )
    return missing
