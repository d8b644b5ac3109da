"""Sizes at which to think again, and errors that say what to do. Source: CONTRIBUTING.md."""

import ast
import functools

from tests.architecture.sources import faults_named, modules

MODULE_LINES = 400
FUNCTION_LINES = 50
HANDLER_LINES = 12
PUBLIC_METHODS = 10
MANY_METHODS = {"caseway_router.domain.ledger.Ledger"}
"""A ledger has one method for each kind of entry, of three lines each."""
PLAIN_ERRORS = {"Exception", "BaseException", "RuntimeError", "ValueError"}

CATCHES_ALL = {"caseway.runtime.deciding", "caseway.runtime.lanes", "caseway.runtime.applying"}
"""The runtime's consumer: the one place that turns a defect into a parked record, or a lane's halt."""


def test_no_module_is_too_long() -> None:
    faults = [f"{module}: {n} lines" for module in modules() if (n := len(module.text.splitlines())) > MODULE_LINES]
    assert not faults, faults_named(faults)


def test_no_function_is_too_long() -> None:
    faults = [
        f"{module}:{function.lineno} {function.name}: {n} lines"
        for module in modules()
        for function in module.functions
        if (n := _body_lines(function)) > FUNCTION_LINES
    ]
    assert not faults, faults_named(faults)


def test_a_handler_is_load_decide_commit() -> None:
    faults = [
        f"{module}:{function.lineno} {function.name}: {n} lines"
        for module in modules()
        if "handlers" in module.name.split(".")
        for function in module.functions
        if function.name.startswith("on_") and (n := _body_lines(function)) > HANDLER_LINES
    ]
    assert not faults, faults_named(faults)


def test_no_class_offers_too_much() -> None:
    faults = [
        f"{module} {each.name}: {len(methods)} public methods"
        for module in modules()
        if not module.is_in("caseway.testkit")  # a builder has a method a fact
        for each in module.classes
        if len(methods := _public_methods(each)) > PUBLIC_METHODS and f"{module}.{each.name}" not in MANY_METHODS
    ]
    assert not faults, faults_named(faults)


def test_only_the_consumer_catches_everything() -> None:
    faults = [
        f"{module}:{node.lineno}"
        for module in modules()
        if module.name not in CATCHES_ALL
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ExceptHandler) and _catches_all(node) and not _raises_again(node)
    ]
    assert not faults, faults_named(faults)


def test_every_error_of_a_service_says_what_is_to_be_done_or_is_caught_there() -> None:
    """An exception that is none of the kernel's, and that nobody catches, would be taken for a defect."""
    faults = [
        f"{module} {each.name}"
        for module in modules()
        if module.name.startswith("caseway_")
        for each in module.classes
        if PLAIN_ERRORS & {_name(base) for base in each.bases}
        if each.name not in _caught_in(module.name.partition(".")[0])
    ]
    assert not faults, faults_named(faults)


@functools.cache
def _caught_in(package: str) -> frozenset[str]:
    """Names in `except` clauses, and those that Starlette is told to answer."""
    return frozenset(
        _name(named)
        for module in modules()
        if module.is_in(package)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ExceptHandler) and node.type is not None
        for named in ast.walk(node.type)
    )


def _body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """From the first statement after the docstring to the end."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return (function.end_lineno or 0) - body[0].lineno + 1 if body else 0


def _public_methods(each: ast.ClassDef) -> list[str]:
    methods = [node for node in each.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [node.name for node in methods if not node.name.startswith("_") and not _is_property(node)]


def _is_property(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(_name(decorator) in {"property", "cached_property", "overload"} for decorator in node.decorator_list)


def _catches_all(node: ast.ExceptHandler) -> bool:
    names = {_name(part) for part in ast.walk(node.type)} if node.type is not None else {"BaseException"}
    return bool(names & {"Exception", "BaseException"})


def _raises_again(node: ast.ExceptHandler) -> bool:
    return isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None


def _name(node: ast.AST) -> str:
    match node:
        case ast.Name():
            return node.id
        case ast.Attribute():
            return node.attr
        case _:
            return ""
