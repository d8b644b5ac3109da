"""Where to look, and what to try."""

from __future__ import annotations

from typing import Protocol

from caseway.scenario.hosting import PORTS, SMTP_PORT


class Shown(Protocol):
    """A desk that runs, as far as its addresses go."""

    @property
    def mail_page(self) -> str:
        """The sink's page."""
        ...

    @property
    def smtp_port(self) -> int:
        """Of intake's SMTP door."""
        ...

    @property
    def folder(self) -> object:
        """Where logs and token are."""
        ...

    @property
    def pool(self) -> str:
        """The first of its pools."""
        ...

    @property
    def mailbox(self) -> str:
        """The first of its addresses."""
        ...

    def url(self, service: str) -> str:
        """Of a service."""
        ...


def placard(desk: Shown) -> str:
    """The lines printed once all is ready."""
    moved = [name for name, port in PORTS.items() if not desk.url(name).endswith(f":{port}")]
    moved += ["the SMTP door"] if desk.smtp_port != SMTP_PORT else []
    mail = "printf 'From: you@example.com\\nSubject: Hello\\n\\nWhere is my order?\\n' | curl -sS -T - "
    mail += f"smtp://localhost:{desk.smtp_port} --mail-from you@example.com --mail-rcpt {desk.mailbox}"
    token = f'-H "Authorization: Bearer $(cat {desk.folder}/token)"'
    lines = [
        "the desk is open",
        f"  look    wallboard   {desk.url('analytics')}/",
        f"          mail sent   {desk.mail_page}",
        f"          metrics     {'  '.join(desk.url(name) + '/metrics' for name in PORTS)}",
        f"          logs        {desk.folder}",
        f"  try     a mail      {mail}",
        f"          cases       curl -sS {token} '{desk.url('intake')}/v1/cases?status=open'",
        f"          the pool    curl -sS {desk.url('router')}/v1/pools/{desk.pool}",
        f"          figures     curl -sS {desk.url('analytics')}/v1/summary",
    ]
    if moved:
        lines.append(f"  note    other ports than usual, since those were taken: {', '.join(moved)}")
    return "\n".join([*lines, "  end     Ctrl-C"])
