"""The topology as a picture for README."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from caseway.contracts.topology import OUTSIDE, REPORTERS, SENDERS, SERVICES, STAGES, TOPICS, Topic

BEGIN = "<!-- topology:begin (caseway contracts diagram --write) -->"
END = "<!-- topology:end -->"


def mermaid() -> str:
    """A flowchart: who writes which topics, and who reads them."""
    lines = ["flowchart LR", f'  {OUTSIDE}(["gateways, desks, CRM, shop"])']
    for service in SERVICES:
        lines.append(f"  subgraph {service}_service [{service}]")  # a box may not bear the id of a node in it
        lines += [*(f'    {_id(part)}["{part}"]' for part in _parts(service)), "  end"]
    lines.append('  world(["gateways, desks, readers"])')
    for name, topics in _groups():
        lines.append(f'  {_id(name)}[/"{_label(name, topics)}"/]')
        lines += [f"  {_id(writer)} --> {_id(name)}" for writer in topics[0].writers]
        lines += [f"  {_id(name)} --> {'world' if reader == OUTSIDE else _id(reader)}" for reader in topics[0].readers]
    return "\n".join(lines) + "\n"


def _parts(service: str) -> list[str]:
    writers = {writer for topic in TOPICS for writer in topic.writers}
    named = [*STAGES, SENDERS, REPORTERS, *sorted(writer for writer in writers if writer.endswith(".doors"))]
    return [part for part in named if part.split(".")[0] == service]


def _groups() -> list[tuple[str, list[Topic]]]:
    """Topics that differ only in channel are one box; what is parked is left out, every service has it."""
    shown = [topic for topic in TOPICS if topic.kind != "parked"]
    grouped = groupby(shown, key=lambda topic: (topic.name.split(".")[0], topic.writers, topic.readers))
    return [(_name(topics), topics) for topics in (list(group) for _, group in grouped)]


def _name(topics: list[Topic]) -> str:
    return topics[0].name if len(topics) == 1 else topics[0].name.split(".")[0]


def _label(name: str, topics: list[Topic]) -> str:
    if len(topics) == 1:
        return name
    return f"{name}.{{{' '.join(topic.name.partition('.')[2] for topic in topics)}}}"


def _id(name: str) -> str:
    return name.replace(".", "_")


def block() -> str:
    """The picture as Markdown, between its markers."""
    return f"{BEGIN}\n```mermaid\n{mermaid()}```\n{END}"


def is_fresh(path: Path) -> bool:
    """Whether the file holds the picture as it is now."""
    return block() in path.read_text("utf-8")


def embed(path: Path) -> bool:
    """Put the picture between the file's markers; False when it has none."""
    text = path.read_text("utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        return False
    path.write_text(before + block() + after, "utf-8")
    return True
