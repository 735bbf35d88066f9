"""What is decorated is registered, under a name of the contract; nobody keeps a list by hand."""

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import activities
import workflows
from activities import FAMILIES
from activities.reconciling import ReconcileActivities
from firebrick import contract
from workflows.runner import WORKFLOWS

CONTRACT_NAMES = {value for name, value in vars(contract).items() if name.isupper() and isinstance(value, str)}


def modules_of(package: ModuleType) -> list[ModuleType]:
    names = [found.name for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")]
    return [package, *(importlib.import_module(name) for name in names)]


def defined_workflows() -> dict[str, type]:
    """Type name -> class, of every class decorated as a workflow in the package."""
    return {
        definition.name: one
        for module in modules_of(workflows)
        for one in vars(module).values()
        if inspect.isclass(one) and (definition := getattr(one, "__temporal_workflow_definition", None)) is not None
    }


def defined_activities() -> Iterator[tuple[str, Any]]:
    """(type name, where it is defined: a class or a module) of everything decorated as an activity in the package."""
    for module in modules_of(activities):
        classes = [one for one in vars(module).values() if inspect.isclass(one)]
        for place in [module, *classes]:
            for one in vars(place).values():
                if (definition := getattr(one, "__temporal_activity_definition", None)) is not None:
                    yield definition.name, place


def test_every_workflow_is_registered_under_a_name_of_the_contract() -> None:
    defined = defined_workflows()
    assert len(defined) >= 2 and set(defined.values()) == set(WORKFLOWS)
    assert sorted(defined.keys() - CONTRACT_NAMES) == []


def test_every_action_has_its_workflow() -> None:
    others = {contract.SIGNAL_RESOURCE, contract.RECONCILE, contract.LOOK_AT_OBJECTS}
    assert {action.workflow_type for action in contract.Action} == defined_workflows().keys() - others


def test_every_activity_belongs_to_a_registered_family_and_has_a_name_of_the_contract() -> None:
    defined = list(defined_activities())
    registered = (*FAMILIES, ReconcileActivities)  # the worker adds the last: tests/kills/test_kill_everything.py
    assert defined
    assert [f"{name} in {place.__name__}" for name, place in defined if place not in registered] == []
    assert sorted({name for name, _ in defined} - CONTRACT_NAMES) == []


def test_no_two_activities_share_a_name() -> None:
    names = sorted(name for name, place in {(name, place) for name, place in defined_activities()})
    assert names == sorted(set(names))
