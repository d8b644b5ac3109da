"""How a template's source becomes what can do no harm.

Customers' words are data: they are never compiled, and in HTML always escaped. A template cannot run away, because
nothing in it can: no calls, no assignments, no loop within a loop, few filters, bounded data. An HTML part may fill the
blocks of a layout, which itself has no loops; nothing else is inherited, included or imported. All of that is judged
once, when the configuration is loaded.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from jinja2 import DictLoader, StrictUndefined, Template, TemplateError, nodes, pass_context
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from caseway_notifier.domain.case import topic

TERMS = "_terms"
"""Where a rendering finds what codes are called in its language; no template can name it."""
SENDERS_LAYOUT = "sender.layout"
"""What a letter extends whose layout its sender's brand decides."""

_FILTERS = frozenset({"capitalize", "default", "e", "escape", "first", "indent", "join", "last", "length", "lower"}) | {
    "title", "trim", "truncate", "upper", "wordwrap",
}  # fmt: skip
_LARGEST_NUMBER = 1_000
"""In a template: `indent(1000000000)` would fill the memory."""
_HARMLESS = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Getattr, nodes.Filter, nodes.If,
    nodes.For, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Test, nodes.CondExpr, nodes.Keyword,
)  # fmt: skip

Layouts = tuple[tuple[str, str], ...]
"""Names and sources, sorted: what a compiled letter depends on beside itself."""


class BadTemplateError(ValueError):
    """A template that is refused; the message says why."""


class _Environment(ImmutableSandboxedEnvironment):
    """Reads data as data: `case.items` is what was said of the case, never a method of the mapping that holds it."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        if type(obj) is not dict:
            return super().getattr(obj, attribute)
        try:
            return obj[attribute]
        except KeyError:
            return self.undefined(obj=obj, name=attribute)


@pass_context
def _term(context: Context, value: Any, table: str) -> Any:
    """What a code is called in the letter's language; itself, where nobody has said."""
    words: Mapping[str, Mapping[str, str]] = context.get(TERMS) or {}
    return words.get(table, {}).get(str(value), value)


def _environment(*, autoescape: bool, layouts: Layouts = ()) -> _Environment:
    environment = _Environment(
        undefined=StrictUndefined,
        autoescape=autoescape,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        loader=DictLoader(dict(layouts)),
        auto_reload=False,
    )
    environment.globals.clear()  # no range, no namespace, no lipsum: nothing that makes much out of little
    environment.filters = {name: environment.filters[name] for name in _FILTERS} | {"topic": topic, "term": _term}
    return environment


_TEXT = _environment(autoescape=False)


@functools.lru_cache(maxsize=16)
def _html(layouts: Layouts) -> _Environment:
    return _environment(autoescape=True, layouts=layouts)


def parsed(source: str) -> nodes.Template:
    """The source as a tree.

    Raises:
        BadTemplateError: it is no template.
    """
    try:
        return _TEXT.parse(source)
    except TemplateError as wrong:
        raise BadTemplateError(f"line {getattr(wrong, 'lineno', '?')}: {wrong}") from None


def compiled_text(source: str) -> Template:
    """A text or a subject.

    Raises:
        BadTemplateError: it is none, or could do harm.
    """
    return _compiled(_TEXT, source, _faults(parsed(source), _HARMLESS, loops=0))


def compiled_html(source: str, layouts: Layouts) -> Template:
    """An HTML part, which may fill the blocks of a layout.

    Raises:
        BadTemplateError: it is none, could do harm, or fills what no layout has.
    """
    tree = parsed(source)
    allowed = (*_HARMLESS, nodes.Extends, nodes.Block)
    return _compiled(_html(layouts), source, [*_faults(tree, allowed, loops=0), *_layout_faults(tree, layouts)])


def layout_faults(source: str) -> list[str]:
    """What is wrong with a layout: it has blocks and no loops, so that no block is said twice."""
    try:
        tree = parsed(source)
        without_loops = tuple(each for each in _HARMLESS if each is not nodes.For)
        return list(_faults(tree, (*without_loops, nodes.Block), loops=0))
    except BadTemplateError as wrong:
        return [str(wrong)]


def extended(tree: nodes.Template, layouts: Layouts) -> list[str]:
    """The layouts that a letter may be shown in."""
    found: list[str] = []
    for each in tree.find_all(nodes.Extends):
        if isinstance(each.template, nodes.Const):
            found.append(str(each.template.value))
        else:
            found += [name for name, _ in layouts]
    return found


def names_in(tree: nodes.Template) -> Iterable[str]:
    """The dotted names that a template looks at; its own loops' variables stand without a dot."""
    local = {name.name for loop in tree.find_all(nodes.For) for name in loop.target.find_all(nodes.Name)} | {"loop"}
    local |= {loop.target.name for loop in tree.find_all(nodes.For) if isinstance(loop.target, nodes.Name)}
    dotted: set[int] = set()
    for each in tree.find_all(nodes.Getattr):
        if isinstance(each.node, nodes.Name):
            dotted.add(id(each.node))
            if each.node.name not in local:
                yield f"{each.node.name}.{each.attr}"
    for name in tree.find_all(nodes.Name):
        if id(name) not in dotted and name.name not in local:
            yield name.name


def terms_in(tree: nodes.Template) -> Iterator[tuple[str, str]]:
    """Each value that a template calls by a term, such as `fact.status`, and the table that has it."""
    for each in tree.find_all(nodes.Filter):
        if each.name == "term" and each.args and isinstance(each.args[0], nodes.Const):
            of = each.node
            is_field = isinstance(of, nodes.Getattr) and isinstance(of.node, nodes.Name)
            yield (f"{of.node.name}.{of.attr}" if is_field else ""), str(each.args[0].value)  # type: ignore[union-attr]  # is_field says so


def _compiled(environment: _Environment, source: str, faults: Iterable[str]) -> Template:
    for fault in faults:
        raise BadTemplateError(fault)
    try:
        return environment.from_string(source)
    except TemplateError as wrong:
        raise BadTemplateError(str(wrong)) from None


def _layout_faults(tree: nodes.Template, layouts: Layouts) -> Iterator[str]:
    """A letter that extends what is not there, or fills a block that nobody would see."""
    blocks = {each.name for each in tree.find_all(nodes.Block)}
    for each in tree.find_all(nodes.Extends):
        is_senders = isinstance(each.template, nodes.Getattr) and set(names_in(tree)) >= {SENDERS_LAYOUT}
        if not is_senders and not isinstance(each.template, nodes.Const):
            yield f"line {each.lineno}: Extends: a layout's name in quotes, or {SENDERS_LAYOUT}"
    for name in extended(tree, layouts):
        source = dict(layouts).get(name)
        if source is None:
            yield f"Extends: no layout {name!r}"
        elif strange := blocks - {block.name for block in parsed(source).find_all(nodes.Block)}:
            yield f"the layout {name} has no block {', '.join(sorted(strange))}"
    if blocks and not any(tree.find_all(nodes.Extends)):
        yield "blocks without a layout: Extends is missing"


def _faults(node: nodes.Node, allowed: tuple[type[nodes.Node], ...], loops: int) -> Iterable[str]:
    """What in a template could do harm, or take for ever."""
    if not isinstance(node, allowed):
        yield f"line {node.lineno}: not allowed in a template: {type(node).__name__}"
    if isinstance(node, nodes.For):
        loops += 1
        if loops > 1 or node.recursive:
            yield f"line {node.lineno}: a loop within a loop"
    if isinstance(node, nodes.Block) and loops:
        yield f"line {node.lineno}: a block within a loop"
    if isinstance(node, nodes.Filter):
        yield from _filter_faults(node)
    if isinstance(node, nodes.Const):
        yield from _constant_faults(node)
    if isinstance(node, nodes.Getattr) and node.attr.startswith("_"):
        yield f"line {node.lineno}: a name that begins with an underscore"
    for child in node.iter_child_nodes():
        yield from _faults(child, allowed, loops)


def _filter_faults(node: nodes.Filter) -> Iterator[str]:
    if node.name not in _TEXT.filters:
        yield f"line {node.lineno}: no such filter: {node.name}"
    is_named = len(node.args) == 1 and isinstance(node.args[0], nodes.Const) and not node.kwargs
    if node.name == "term" and not is_named:
        yield f"line {node.lineno}: term: the name of a table in quotes, such as |term('order-status')"


def _constant_faults(node: nodes.Const) -> Iterator[str]:
    if isinstance(node.value, int | float) and abs(node.value) > _LARGEST_NUMBER:
        yield f"line {node.lineno}: a number above {_LARGEST_NUMBER}"
    if isinstance(node.value, str) and len(node.value) > _LARGEST_NUMBER:
        yield f"line {node.lineno}: a quoted text of more than {_LARGEST_NUMBER} characters"
