"""The template language: from texts to the definition of a stack. Pure: no network, no store, and no clock but
for the constraint `expiration`.

parse_template, parse_environment -> define -> StackDefinition; resolve and resolve_properties at run time. Everything
that is wrong with an input is one InvalidInput that lists it all.
"""

from firebrick.template.catalogue import PropertyProblem, TypeCatalogue, TypeSchema
from firebrick.template.cloud_checks import CloudCheck, cloud_checks
from firebrick.template.define import check_stack_name, define
from firebrick.template.definition import (
    OutputDefinition,
    ResourceDefinition,
    StackDefinition,
    resolve_properties,
)
from firebrick.template.document import Document, parse_template
from firebrick.template.environment import Environment, is_template_name, parse_environment
from firebrick.template.functions.base import UNKNOWN, Function, Lookup, Reference, references, resolve
from firebrick.template.immutable import check_immutable
from firebrick.template.merging import merge_environments
from firebrick.template.parameters import (
    EVERYTHING_KNOWN,
    Foresight,
    ParameterSchema,
    ParameterValue,
    StackIdentity,
)

__all__ = [
    "EVERYTHING_KNOWN",
    "UNKNOWN",
    "CloudCheck",
    "Document",
    "Environment",
    "Foresight",
    "Function",
    "Lookup",
    "OutputDefinition",
    "ParameterSchema",
    "ParameterValue",
    "PropertyProblem",
    "Reference",
    "ResourceDefinition",
    "StackDefinition",
    "StackIdentity",
    "TypeCatalogue",
    "TypeSchema",
    "check_immutable",
    "check_stack_name",
    "cloud_checks",
    "define",
    "is_template_name",
    "merge_environments",
    "parse_environment",
    "parse_template",
    "references",
    "resolve",
    "resolve_properties",
]
