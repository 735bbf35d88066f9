"""What is measured: kinds of resource, shapes of dependency, sizes; and the template that gives a stack that shape.

A shape is layers of one width: each resource of a layer requires all of the layer before. So flat is one layer and a
chain is layers of one.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

LAYER = 50
SHAPES = ("flat", "layers", "chain")
SIZES = (10, 100, 1_000, 5_000)
KINDS: Mapping[str, str] = {"test": "OS::Heat::TestResource", "random": "OS::Heat::RandomString"}


@dataclass(frozen=True, slots=True)
class Shape:
    """name: of SHAPES. size: number of resources."""

    name: str
    size: int

    @property
    def width(self) -> int:
        return {"flat": self.size, "layers": LAYER, "chain": 1}[self.name]

    def layers(self) -> list[range]:
        """Numbers of the resources, layer by layer."""
        return [range(first, min(first + self.width, self.size)) for first in range(0, self.size, self.width)]

    def __str__(self) -> str:
        return f"{self.name}-{self.size}"


@dataclass(frozen=True, slots=True)
class Case:
    """One stack to create: ``test-flat-1000``. kind: of KINDS."""

    kind: str
    shape: Shape

    def __str__(self) -> str:
        return f"{self.kind}-{self.shape}"

    @classmethod
    def parse(cls, text: str) -> "Case":
        """The case of that name; ValueError says what a name looks like."""
        kind, _, rest = text.partition("-")
        shape, _, size = rest.partition("-")
        if kind not in KINDS or shape not in SHAPES or not size.isdigit() or int(size) < 1:
            names = f"({'|'.join(KINDS)})-({'|'.join(SHAPES)})-SIZE"
            raise ValueError(f"{text!r} is not a case: they are called {names}, as test-flat-1000")
        return cls(kind, Shape(shape, int(size)))


def template(case: Case) -> str:
    """A HOT template of that case. The names of a layer are written once: all that require it share them."""
    lines = ["heat_template_version: 2021-04-16", "resources:"]
    layers = case.shape.layers()
    for number, layer in enumerate(layers):
        for node in layer:
            requires = ""
            if number:
                requires = f", depends_on: *l{number - 1}"
                if node == layer[0]:
                    before = ", ".join(f"r{one}" for one in layers[number - 1])
                    requires = f", depends_on: &l{number - 1} [{before}]"
            lines.append(f"  r{node}: {{type: '{KINDS[case.kind]}'{requires}}}")
    return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class SlowStack:
    """Quick resources and slow ones: as many parked on a timer as held inside a call. seconds: how long those take."""

    quick: int
    parked: int
    held: int
    seconds: float

    @property
    def parked_names(self) -> Sequence[str]:
        return [f"parked{number}" for number in range(self.parked)]

    @property
    def held_names(self) -> Sequence[str]:
        return [f"held{number}" for number in range(self.held)]

    @property
    def size(self) -> int:
        return self.quick + self.parked + self.held

    def template(self, held_type: str) -> str:
        """Flat; the slow ones stand first, so they start first."""
        test = KINDS["test"]
        resources: dict[str, object] = {
            name: {"type": test, "properties": {"wait_secs": self.seconds}} for name in self.parked_names
        }
        resources |= {name: {"type": held_type, "properties": {"seconds": self.seconds}} for name in self.held_names}
        resources |= {f"r{number}": {"type": test} for number in range(self.quick)}
        return json.dumps({"heat_template_version": "2021-04-16", "resources": resources})
