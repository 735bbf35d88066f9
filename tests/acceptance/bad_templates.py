"""Templates that must be refused, and what the refusal must say: one table for the command line, HTTP and Temporal."""

from dataclasses import dataclass, field

VERSION = "heat_template_version: 2018-08-31\n"


@dataclass(frozen=True, slots=True)
class Bad:
    """code: the diagnostic's. place: ``line:column``. path: in the document. says: words of the message or the advice.
    parameters: given with the request."""

    template: str
    code: str
    place: str
    path: str
    says: tuple[str, ...]
    parameters: dict[str, str] = field(default_factory=dict)


def one_resource(body: str, kind: str = "OS::Heat::Value") -> str:
    """A template with the resource a; the body's first line is line 5 of it, unless it is empty."""
    return f"{VERSION}resources:\n  a:\n    type: {kind}\n{body}"


def one_parameter(body: str) -> str:
    return f"{VERSION}parameters:\n  p: {body}\nresources:\n  a: {{type: OS::Heat::None}}\n"


NESTED = "[" * 3000 + "]" * 3000

BAD: dict[str, Bad] = {
    "a bracket that is not closed": Bad(
        f"{VERSION}resources:\n  a: {{type: OS::Heat::None\n", "broken-yaml", "4:1", "", ("not YAML", "brackets")
    ),
    "a tab": Bad(f"{VERSION}resources:\n\ta: 1\n", "broken-yaml", "3:1", "", ("not YAML", "spaces, not tabs")),
    "text without a map": Bad("just words\n", "not-a-map", "1:1", "", ("map",)),
    "a list": Bad("- a\n- b\n", "not-a-map", "1:1", "", ("map",)),
    "a list as a key": Bad(
        f"{VERSION}resources:\n  ? [a]\n  : {{type: OS::Heat::None}}\n",
        "key-not-text",
        "3:5",
        "resources",
        ("a list or a map", "Keys are text"),
    ),
    "no version": Bad(
        "resources:\n  a: {type: OS::Heat::None}\n", "no-version", "1:1", "", ("version", "heat_template_version:")
    ),
    "an unknown version": Bad(
        "heat_template_version: 2099-01-01\nresources: {}\n",
        "unknown-version",
        "1:1",
        "heat_template_version",
        ("2099-01-01", "2021-04-16"),
    ),
    "an unknown section": Bad(
        f"{VERSION}resource:\n  a: {{type: OS::Heat::None}}\n",
        "unknown-section",
        "2:1",
        "resource",
        ("section resource", "Did you mean resources?"),
    ),
    "resources that are a list": Bad(
        f"{VERSION}resources:\n  - a\n", "bad-section", "2:1", "resources", ("resources", "a list")
    ),
    "a resource that is text": Bad(
        f"{VERSION}resources:\n  a: OS::Heat::None\n", "bad-resource", "3:3", "resources.a", ("must be a map", "type")
    ),
    "a resource without a type": Bad(
        f"{VERSION}resources:\n  a: {{properties: {{}}}}\n", "missing-type", "3:3", "resources.a", ("no type",)
    ),
    "a resource's name with a slash": Bad(
        f"{VERSION}resources:\n  a/b: {{type: OS::Heat::None}}\n",
        "bad-resource-name",
        "3:3",
        "resources.a/b",
        ("a/b",),
    ),
    "an unknown type": Bad(
        one_resource("", "OS::Heat::Nome"),
        "unknown-type",
        "4:5",
        "resources.a.type",
        ("OS::Heat::Nome", "Did you mean OS::Heat::None?"),
    ),
    "an unknown key of a resource": Bad(
        one_resource("    propertys: {value: 1}\n"),
        "unknown-key",
        "5:5",
        "resources.a.propertys",
        ("Did you mean properties?",),
    ),
    "an unknown property": Bad(
        one_resource("    properties: {lenght: 4}\n", "OS::Heat::RandomString"),
        "unknown-property",
        "5:18",
        "resources.a.properties.lenght",
        ("Unknown Property lenght", "Did you mean length?"),
    ),
    "a property that is missing": Bad(
        one_resource("", "OS::Heat::Delay") + "  b: {type: OS::Heat::Value}\n",
        "property-required",
        "5:3",
        "resources.b.properties",
        ("Property value not assigned",),
    ),
    "a property of a wrong kind": Bad(
        one_resource("    properties: {length: four}\n", "OS::Heat::RandomString"),
        "property-type",
        "5:18",
        "resources.a.properties.length",
        ("'four' is not an integer",),
    ),
    "a property out of range": Bad(
        one_resource("    properties: {length: 100000}\n", "OS::Heat::RandomString"),
        "property-constraint",
        "5:18",
        "resources.a.properties.length",
        ("100000 is out of range (min: 1, max: 512)",),
    ),
    "an unknown function": Bad(
        one_resource("    properties:\n      value: {get_parm: x}\n"),
        "unknown-function",
        "6:15",
        "resources.a.properties.value.get_parm",
        ("get_parm", "Did you mean get_param?"),
    ),
    "a function's wrong argument": Bad(
        one_resource("    properties:\n      value: {list_join: 4}\n"),
        "bad-function-arguments",
        "6:15",
        "resources.a.properties.value.list_join",
        ("list_join", "[delimiter,"),
    ),
    "an unknown parameter, asked for": Bad(
        one_resource("    properties:\n      value: {get_param: x}\n"),
        "unknown-parameter",
        "6:15",
        "resources.a.properties.value.get_param",
        ("no parameter x", "Declare it"),
    ),
    "an unknown parameter, given": Bad(
        one_parameter("{type: string, default: a}"),
        "unknown-parameter",
        "",
        "parameters.q",
        ("no parameter q", "Leave it out"),
        {"q": "1"},
    ),
    "a parameter without a value": Bad(
        one_parameter("{type: number}"), "missing-parameter", "3:3", "parameters.p", ("no value", "Give it")
    ),
    "an unknown parameter type": Bad(
        one_parameter("{type: numbr}"), "unknown-type", "3:7", "parameters.p.type", ("numbr", "Did you mean number?")
    ),
    "a parameter of a wrong kind": Bad(
        one_parameter("{type: number}"),
        "bad-parameter-value",
        "",
        "parameters.p",
        ("parameter p is not allowed", "Give another value"),
        {"p": "many"},
    ),
    "a parameter its constraint forbids": Bad(
        one_parameter("{type: number, constraints: [{range: {min: 1, max: 5}}]}"),
        "bad-parameter-value",
        "",
        "parameters.p",
        ("out of range", "min: 1", "max: 5", "Give another value"),
        {"p": "6"},
    ),
    "a default its constraint forbids": Bad(
        one_parameter("{type: string, default: c, constraints: [{allowed_values: [a, b]}]}"),
        "bad-default",
        "3:21",
        "parameters.p.default",
        ("Change the default or the constraint",),
    ),
    "a broken constraint": Bad(
        one_parameter("{type: number, constraints: [{range: {min: one}}]}"),
        "bad-constraint",
        "3:44",
        "parameters.p.constraints[0].range.min",
        ("min must be a number",),
    ),
    "a constraint that is no regular expression": Bad(
        one_parameter("{type: string, constraints: [{allowed_pattern: '('}]}"),
        "bad-constraint",
        "3:36",
        "parameters.p.constraints[0].allowed_pattern",
        ("regular expression",),
    ),
    "a reference to nothing": Bad(
        one_resource("    properties:\n      value: {get_resource: b}\n"),
        "unknown-reference",
        "6:15",
        "resources.a.properties.value.get_resource",
        ("no resource b", "Declare it"),
    ),
    "an attribute of nothing": Bad(
        one_resource("    properties:\n      value: {get_attr: [b, value]}\n"),
        "unknown-reference",
        "6:15",
        "resources.a.properties.value.get_attr",
        ("no resource b", "Declare it"),
    ),
    "an attribute that the type has not": Bad(
        f"{VERSION}resources:\n  a: {{type: OS::Heat::RandomString}}\n"
        "outputs:\n  o:\n    value: {get_attr: [a, valeu]}\n",
        "unknown-attribute",
        "6:27",
        "outputs.o.value.get_attr[1]",
        ("valeu", "Did you mean value?"),
    ),
    "a requirement on nothing": Bad(
        one_resource("    depends_on: b\n    properties: {value: 1}\n"),
        "unknown-reference",
        "5:5",
        "resources.a.depends_on",
        ("no resource b", "Declare it"),
    ),
    "a cycle": Bad(
        f"{VERSION}resources:\n"
        "  a: {type: OS::Heat::Value, properties: {value: {get_attr: [b, value]}}}\n"
        "  b: {type: OS::Heat::Value, properties: {value: {get_attr: [a, value]}}}\n",
        "dependency-cycle",
        "3:3",
        "resources.a",
        ("a -> b -> a", "out of the circle"),
    ),
    "a condition that is not there": Bad(
        one_resource("    condition: prod\n    properties: {value: 1}\n"),
        "unknown-condition",
        "5:5",
        "resources.a.condition",
        ("prod",),
    ),
    "an output without a value": Bad(
        f"{VERSION}resources:\n  a: {{type: OS::Heat::None}}\noutputs:\n  o: {{description: nothing}}\n",
        "missing-value",
        "5:3",
        "outputs.o",
        ("value",),
    ),
    "3,000 nested lists": Bad(
        one_resource(f"    properties:\n      value: {NESTED}\n"),
        "nested-too-deep",
        "6:110",
        "",
        ("more than 100 levels", "Flatten"),
    ),
    "3,000 nested lists in blocks": Bad(
        one_resource(f"    properties:\n      value:\n        {'- ' * 3000}x\n"),
        "nested-too-deep",
        "7:201",
        "",
        ("more than 100 levels", "Flatten"),
    ),
    "a nest of aliases": Bad(
        VERSION
        + "parameter_groups:\n  - &a0 [x, x]\n"
        + "".join(f"  - &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12)),
        "too-many-aliases",
        "8:5",
        "parameter_groups[6][1]",
        ("aliases",),
    ),
}
