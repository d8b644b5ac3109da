"""Files by signed link: whose link it is, and until when."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from starlette.applications import Starlette

from caseway.kernel.ids import digest
from caseway.kernel.signing import file_path
from caseway_intake.gateway.files import file_routes

NOW = dt.datetime(2026, 11, 22, 10, tzinfo=dt.UTC)
CONTENT = b"%PDF-1.7 \x00\xff"
NAME = digest(CONTENT)
SOON = int(NOW.timestamp()) + 60


class Chunks:
    """What MongoDB answers when it is asked for a stored file's chunk."""

    async def find_one(self, wanted: dict[str, str]) -> dict[str, Any] | None:
        return {"_id": f"{NAME}/0", "of": 1, "data": CONTENT} if wanted["_id"] == f"{NAME}/0" else None


async def got(path: str, key: str = "key") -> httpx.Response:
    running = SimpleNamespace(
        settings=SimpleNamespace(signing_key=SecretStr(key)),
        clock=SimpleNamespace(now=lambda: NOW),
        database=SimpleNamespace(blobs=Chunks()),
    )
    door = httpx.ASGITransport(Starlette(routes=file_routes(running)))  # type: ignore[arg-type]  # only these parts are asked for
    async with httpx.AsyncClient(transport=door, base_url="http://desk.example.com") as client:
        return await client.get(path)


async def test_a_link_gives_its_file_to_keep_and_never_to_show() -> None:
    answer = await got(file_path(b"key", NAME, "Etykieta <1>/ł.html", SOON))
    assert (answer.status_code, answer.content) == (200, CONTENT)
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == "attachment; filename*=utf-8''Etykieta%20%3C1%3E_%C5%82.html"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (file_path(b"another key", NAME, "a.pdf", SOON), 404),
        (file_path(b"key", NAME, "a.pdf", SOON).replace("a.pdf", "a.exe"), 404),
        (file_path(b"key", NAME, "a.pdf", SOON).replace(f"until={SOON}", f"until={SOON + 1}"), 404),
        (file_path(b"key", NAME, "a.pdf", SOON).replace(f"until={SOON}", "until=soon"), 404),
        (file_path(b"key", NAME, "a.pdf", SOON).replace(f"until={SOON}", "until=" + "9" * 40), 404),
        (file_path(b"key", "0" * 64, "a.pdf", SOON), 404),
        (file_path(b"key", NAME, "a.pdf", SOON - 120), 410),
        (f"/v1/files/{NAME}/a.pdf", 404),
    ],
)
async def test_any_other_link_gives_nothing(path: str, status: int) -> None:
    assert (await got(path)).status_code == status


async def test_a_desk_without_a_key_gives_nobody_files() -> None:
    assert (await got(file_path(b"", NAME, "a.pdf", SOON), key="")).status_code == 404
