"""The project's own check of code that Temporal replays: it must take the same decisions every time.

``python -m tools.workflow_rules [FILE ...]`` prints one line for each offence, ``file:line:column: text [rule]``, and
exits 1 when there is one. Without arguments it reads :data:`REPLAYED`.

Rules
    set-order       the order of a set is used: iterated, unpacked, turned into a list, popped. ``sorted``, ``len``,
                    ``min``, ``max``, ``any``, ``all``, membership and set algebra do not depend on it and are fine.
    asyncio-order   ``asyncio.wait`` and ``asyncio.as_completed`` hand tasks over in the order of a set.
    outside-world   time, random, os, files, threads, sockets, ``datetime.now``, ``uuid4``: the answer differs in a
                    replay. Time and identity come from the workflow, or from the caller.
    process-order   ``hash`` of text and ``id`` differ from process to process.

What is a set is inferred from what one file shows: displays, comprehensions, ``set()``, set algebra, names,
attributes, parameters and functions annotated as sets or assigned one, and mappings annotated to hold sets. Names are
looked at without regard to flow: a name that is a set once is a set everywhere in its function. The sandbox catches
some of this at run time, only in lines that run; the order of sets it cannot catch.
"""

import ast
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REPLAYED = (
    "workflows",
    "firebrick/contract.py",
    "firebrick/graph.py",
    "firebrick/graph",
    "firebrick/plan.py",
    "firebrick/plan",
    "firebrick/traversal.py",
    "firebrick/traversal",
)
"""Files and folders of the replayed code, where they exist: a subject may be one file or a folder of them."""

OUTSIDE_MODULES = frozenset(
    "time random os io pathlib shutil tempfile secrets socket ssl subprocess threading multiprocessing concurrent "
    "signal select selectors sqlite3 requests httpx httpx2 urllib http".split()
)
OUTSIDE_CALLS = frozenset(
    "open input print breakpoint asyncio.to_thread asyncio.run asyncio.new_event_loop asyncio.create_subprocess_exec "
    "asyncio.create_subprocess_shell asyncio.open_connection datetime.datetime.now datetime.datetime.utcnow "
    "datetime.datetime.today datetime.date.today uuid.uuid1 uuid.uuid4 uuid.getnode".split()
)
ASYNCIO_CALLS = frozenset({"asyncio.wait", "asyncio.as_completed"})
PROCESS_CALLS = frozenset({"hash", "id"})
SET_TYPES = frozenset("set frozenset Set FrozenSet AbstractSet MutableSet KeysView ItemsView".split())
MAPPING_TYPES = frozenset("dict defaultdict Dict DefaultDict Mapping MutableMapping OrderedDict".split())
SET_METHODS = frozenset("union intersection difference symmetric_difference copy".split())
ORDERED_CONSUMERS = frozenset(
    "list tuple enumerate iter zip map filter reversed deque collections.deque dict.fromkeys "
    "itertools.chain itertools.islice itertools.chain.from_iterable itertools.accumulate functools.reduce".split()
)
ORDERED_METHODS = frozenset({"join", "extend", "extendleft", "writelines"})


@dataclass(frozen=True, slots=True, order=True)
class Offence:
    """One line of the report. line and column count from 1."""

    file: str
    line: int
    column: int
    rule: str
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.text} [{self.rule}]"


class Kind(Enum):
    """What is known about a value."""

    OTHER = "other"
    SET = "set"
    MAPPING_OF_SETS = "mapping of sets"


def annotated_kind(annotation: ast.expr | None) -> Kind:
    """What an annotation promises; ``X | None``, ``Annotated``, ``ClassVar`` and quoted ones are looked through."""
    match annotation:
        case ast.Constant(value=str() as text):
            try:
                return annotated_kind(ast.parse(text, mode="eval").body)
            except SyntaxError:
                return Kind.OTHER
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            kinds = (annotated_kind(left), annotated_kind(right))
            return next((kind for kind in kinds if kind is not Kind.OTHER), Kind.OTHER)
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return Kind.SET if name in SET_TYPES else Kind.OTHER
        case ast.Subscript(value=ast.Name(id=name) | ast.Attribute(attr=name), slice=inner):
            if name in SET_TYPES:
                return Kind.SET
            arguments = inner.elts if isinstance(inner, ast.Tuple) else [inner]
            if name in MAPPING_TYPES and annotated_kind(arguments[-1]) is Kind.SET:
                return Kind.MAPPING_OF_SETS
            if name in ("Annotated", "ClassVar", "Final", "Optional"):
                return annotated_kind(arguments[0])
    return Kind.OTHER


class Names:
    """What one file says about its names: imports, annotated attributes, functions that return sets."""

    def __init__(self, tree: ast.Module) -> None:
        self.imported: dict[str, str] = {}
        self.attributes: dict[str, Kind] = {}
        self.returns: dict[str, Kind] = {}
        for node in ast.walk(tree):
            match node:
                case ast.Import(names=names):
                    for alias in names:
                        self.imported[alias.asname or alias.name.partition(".")[0]] = (
                            alias.name if alias.asname else alias.name.partition(".")[0]
                        )
                case ast.ImportFrom(module=module, names=names):
                    for alias in names:
                        self.imported[alias.asname or alias.name] = f"{module}.{alias.name}"
                case ast.FunctionDef() | ast.AsyncFunctionDef():
                    self.returns[node.name] = annotated_kind(node.returns)
                    if any(isinstance(item, ast.Name) and item.id == "property" for item in node.decorator_list):
                        self.attributes[node.name] = annotated_kind(node.returns)
                case ast.ClassDef():
                    for statement in node.body:
                        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                            self.note_attribute(statement.target.id, annotated_kind(statement.annotation))
                case ast.AnnAssign(target=ast.Attribute(attr=name), annotation=annotation):
                    self.note_attribute(name, annotated_kind(annotation))

    def note_attribute(self, name: str, kind: Kind) -> None:
        if kind is not Kind.OTHER:
            self.attributes[name] = kind

    def dotted(self, node: ast.expr) -> str:
        """The full name that an expression stands for, ``asyncio.wait`` for ``w`` after ``from asyncio import wait as
        w``; "" when it is not a plain name."""
        match node:
            case ast.Name(id=name):
                return self.imported.get(name, name)
            case ast.Attribute(value=value, attr=attr):
                base = self.dotted(value)
                return f"{base}.{attr}" if base else ""
        return ""


class Reader(ast.NodeVisitor):
    """Walks one file, one scope at a time, and collects offences."""

    def __init__(self, file: str, tree: ast.Module) -> None:
        self.file = file
        self.names = Names(tree)
        self.scopes: list[dict[str, Kind]] = []
        self.found: list[Offence] = []
        self.enter(tree)

    # --- scopes -----------------------------------------------------------------------------------------------------

    def enter(self, scope: ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> None:
        known: dict[str, Kind] = {}
        self.scopes.append(known)
        if not isinstance(scope, ast.Module):
            given = scope.args
            for argument in [*given.posonlyargs, *given.args, *given.kwonlyargs]:
                known[argument.arg] = annotated_kind(argument.annotation)
        body = [scope.body] if isinstance(scope, ast.Lambda) else scope.body
        before = -1
        while before != len(known):  # a name may be bound from one that is bound further down
            before = len(known)
            for statement in body:
                self.learn(statement, known)
        for statement in body:
            self.visit(statement)
        self.scopes.pop()

    def learn(self, node: ast.AST, known: dict[str, Kind]) -> None:
        """Note which names a statement binds to sets; nested functions are scopes of their own."""
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            return
        match node:
            case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation):
                self.bind(known, name, annotated_kind(annotation))
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    self.bind_target(known, target, self.kind(value))
            case ast.NamedExpr(target=ast.Name(id=name), value=value):
                self.bind(known, name, self.kind(value))
            case ast.For(target=target, iter=source) | ast.comprehension(target=target, iter=source):
                self.bind_loop(known, target, source)
        for child in ast.iter_child_nodes(node):
            self.learn(child, known)

    def bind(self, known: dict[str, Kind], name: str, kind: Kind) -> None:
        if kind is not Kind.OTHER:
            known[name] = kind

    def bind_target(self, known: dict[str, Kind], target: ast.expr, kind: Kind) -> None:
        if isinstance(target, ast.Name):
            self.bind(known, target.id, kind)
        elif isinstance(target, ast.Attribute):
            self.names.note_attribute(target.attr, kind)

    def bind_loop(self, known: dict[str, Kind], target: ast.expr, source: ast.expr) -> None:
        """``for x in d.values()`` and ``for k, x in d.items()`` over a mapping of sets make x a set."""
        match source:
            case ast.Call(func=ast.Attribute(value=mapping, attr=attr)) if self.kind(mapping) is Kind.MAPPING_OF_SETS:
                if attr == "values":
                    self.bind_target(known, target, Kind.SET)
                elif attr == "items" and isinstance(target, ast.Tuple) and len(target.elts) == 2:
                    self.bind_target(known, target.elts[1], Kind.SET)

    # --- what an expression is --------------------------------------------------------------------------------------

    def kind(self, node: ast.expr | None) -> Kind:
        match node:
            case ast.Set() | ast.SetComp():
                return Kind.SET
            case ast.Name(id=name):
                return next((scope[name] for scope in reversed(self.scopes) if name in scope), Kind.OTHER)
            case ast.Attribute(attr=attr):
                return self.names.attributes.get(attr, Kind.OTHER)
            case ast.IfExp(body=one, orelse=other) | ast.BoolOp(values=[one, other]):
                return self.kind(one) if self.kind(one) is not Kind.OTHER else self.kind(other)
            case ast.NamedExpr(value=value) | ast.Await(value=value):
                return self.kind(value)
            case ast.BinOp(op=ast.BitOr() | ast.BitAnd() | ast.Sub() | ast.BitXor(), left=left, right=right):
                either = (self.kind(left), self.kind(right))
                return Kind.SET if Kind.SET in either or is_view(left) or is_view(right) else Kind.OTHER
            case ast.Subscript(value=value):
                return Kind.SET if self.kind(value) is Kind.MAPPING_OF_SETS else Kind.OTHER
            case ast.DictComp(value=value):
                return Kind.MAPPING_OF_SETS if self.kind(value) is Kind.SET else Kind.OTHER
            case ast.Dict(values=values) if values:
                return Kind.MAPPING_OF_SETS if any(self.kind(v) is Kind.SET for v in values) else Kind.OTHER
            case ast.Call(func=function, args=arguments):
                return self.kind_of_call(function, arguments)
        return Kind.OTHER

    def kind_of_call(self, function: ast.expr, arguments: Sequence[ast.expr]) -> Kind:
        name = self.names.dotted(function)
        if name in ("set", "frozenset"):
            return Kind.SET
        if name.endswith("defaultdict") and arguments and self.names.dotted(arguments[0]) in ("set", "frozenset"):
            return Kind.MAPPING_OF_SETS
        if isinstance(function, ast.Attribute):
            of = self.kind(function.value)
            if of is Kind.SET and function.attr in SET_METHODS:
                return Kind.SET
            if of is Kind.MAPPING_OF_SETS and function.attr in ("get", "pop", "setdefault"):
                return Kind.SET
            return self.names.returns.get(function.attr, Kind.OTHER)
        if isinstance(function, ast.Name):
            return self.names.returns.get(function.id, Kind.OTHER)
        return Kind.OTHER

    # --- offences ---------------------------------------------------------------------------------------------------

    def offend(self, node: ast.expr | ast.stmt, rule: str, text: str) -> None:
        self.found.append(Offence(self.file, node.lineno, node.col_offset + 1, rule, text))

    def uses_order(self, node: ast.expr, how: str) -> None:
        if self.kind(node) is Kind.SET:
            self.offend(node, "set-order", f"a set is {how}; its order differs from run to run: use sorted(...)")

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self.visit_outside(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self.visit_outside(node)

    def visit_outside(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for part in [*node.decorator_list, *node.args.defaults, *(d for d in node.args.kw_defaults if d)]:
            self.visit(part)
        self.enter(node)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self.enter(node)

    def visit_For(self, node: ast.For) -> None:
        self.uses_order(node.iter, "iterated")
        self.generic_visit(node)

    def visit_comprehension_of(self, node: ast.ListComp | ast.GeneratorExp | ast.DictComp) -> None:
        for generator in node.generators:
            self.uses_order(generator.iter, "iterated")
        self.generic_visit(node)

    def visit_ListComp(self, node: ast.ListComp) -> None:
        self.visit_comprehension_of(node)

    def visit_DictComp(self, node: ast.DictComp) -> None:
        self.visit_comprehension_of(node)

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> None:
        self.visit_comprehension_of(node)

    def visit_Starred(self, node: ast.Starred) -> None:
        self.uses_order(node.value, "unpacked")
        self.generic_visit(node)

    def visit_YieldFrom(self, node: ast.YieldFrom) -> None:
        self.uses_order(node.value, "iterated")
        self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        if any(isinstance(target, ast.Tuple | ast.List) for target in node.targets):
            self.uses_order(node.value, "unpacked")
        self.generic_visit(node)

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self.check_module(node, alias.name)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        self.check_module(node, node.module or "")

    def check_module(self, node: ast.stmt, module: str) -> None:
        if module.partition(".")[0] in OUTSIDE_MODULES:
            self.offend(node, "outside-world", f"'{module}' is not for code that is replayed")

    def visit_Set(self, node: ast.Set) -> None:
        # Elements of a display may be unpacked sets: the result is a set again, no order is used.
        for element in node.elts:
            self.visit(element.value if isinstance(element, ast.Starred) else element)

    def visit_SetComp(self, node: ast.SetComp) -> None:
        self.generic_visit(node)  # from set to set: no order is used

    def visit_Call(self, node: ast.Call) -> None:
        name = self.names.dotted(node.func)
        if name in OUTSIDE_CALLS:
            self.offend(node, "outside-world", f"'{name}' answers differently in a replay")
        elif name in ASYNCIO_CALLS:
            self.offend(node, "asyncio-order", f"'{name}' hands tasks over in the order of a set: keep a sorted list")
        elif name in PROCESS_CALLS:
            self.offend(node, "process-order", f"'{name}()' differs from process to process")
        method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        if name in ORDERED_CONSUMERS or method in ORDERED_METHODS:
            for argument in node.args:
                self.uses_order(argument, f"given to {name or method}()")
        if method == "pop" and not node.args and isinstance(node.func, ast.Attribute):
            self.uses_order(node.func.value, "popped")
        if name in ("sorted", "any", "all", "min", "max", "set", "frozenset", "sum", "len"):
            self.visit_order_free(node)
        else:
            self.generic_visit(node)

    def visit_order_free(self, node: ast.Call) -> None:
        """``sorted(f(x) for x in a_set)``: the generator's order does not reach the result."""
        for argument in node.args:
            if isinstance(argument, ast.GeneratorExp | ast.ListComp) and len(argument.generators) == 1:
                self.generic_visit(argument)
            else:
                self.visit(argument)
        for keyword in node.keywords:
            self.visit(keyword.value)


def is_view(node: ast.expr) -> bool:
    """``d.keys()`` and ``d.items()`` have their mapping's order, but set algebra with them gives sets."""
    match node:
        case ast.Call(func=ast.Attribute(attr="keys" | "items"), args=[]):
            return True
    return False


def read(source: str, file: str) -> list[Offence]:
    """Offences in one file's text, in its order. Raises SyntaxError."""
    return sorted(Reader(file, ast.parse(source, file)).found)


def replayed_files(root: Path = ROOT) -> Iterator[Path]:
    for entry in REPLAYED:
        path = root / entry
        if path.is_dir():
            yield from sorted(path.rglob("*.py"))
        elif path.is_file():
            yield path


def main(arguments: Sequence[str]) -> int:
    files = [Path(argument) for argument in arguments] or list(replayed_files())
    offences = [one for file in files for one in read(file.read_text(), str(file))]
    for offence in offences:
        print(offence)
    print(f"{len(files)} files of replayed code, {len(offences)} offences")
    return 1 if offences or not files else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
