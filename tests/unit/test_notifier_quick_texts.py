"""Quick texts: who may see them, and what stands in them."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any

import httpx
import jwt
import pytest
from pydantic import SecretStr, ValidationError
from starlette.applications import Starlette

from caseway_notifier.adapters.documents import COLLECTIONS
from caseway_notifier.adapters.quick_texts import routes
from caseway_notifier.domain.case import KnownCase
from caseway_notifier.domain.kept import CASES
from tests.notifier_builders import CASE_ID, TEMPLATES, configuration

KEY = "the signing key of these tests, of thirty-two bytes or more"
QUICK = {
    **TEMPLATES,
    "sorry.en.txt": '---\ntitle: "Say sorry"\n---\nDear {{ customer.name }}, sorry about {{ case.number }}. {{ sender.name }}\n',
    "sorry.pl.txt": '---\ntitle: "Przeproś"\n---\nPrzepraszamy, {{ customer.name }}.\n',
}
KNOWN = KnownCase(id=CASE_ID, number=27, name="Anna {{ 7*7 }}", language="pl", mailbox="desk@example.com")


class Cases:
    """One case, as the notifier's lane left it."""

    async def find_one(self, wanted: dict[str, str], **_: Any) -> dict[str, Any] | None:
        (collection,) = (each for each in COLLECTIONS if each.name == CASES)
        return {**collection.dump(KNOWN), "_id": CASE_ID} if wanted["_id"] == CASE_ID else None


async def asked(path: str, role: str = "agent", key: str = KEY) -> httpx.Response:
    running = SimpleNamespace(
        settings=SimpleNamespace(signing_key=SecretStr(KEY)),
        configuration=configuration(templates=QUICK),
        database={CASES: Cases()},
    )
    soon = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=5)
    token = jwt.encode({"sub": "anna", "role": role, "exp": soon}, key, algorithm="HS256")
    door = httpx.ASGITransport(Starlette(routes=routes(running)))  # type: ignore[arg-type]  # only these parts are asked for
    async with httpx.AsyncClient(transport=door, base_url="http://desk.example.com") as client:
        return await client.get(path, headers={"authorization": f"Bearer {token}"})


async def test_quick_texts_are_listed_in_the_agents_language() -> None:
    """S1-22: they share the templates' store; what has no title is none."""
    assert (await asked("/v1/quick-texts?language=pl")).json() == {
        "quick_texts": [{"name": "sorry", "language": "pl", "title": "Przeproś"}]
    }
    assert (await asked("/v1/quick-texts?language=fr")).json()["quick_texts"][0]["title"] == "Say sorry"


async def test_a_quick_text_is_filled_with_the_case_and_its_customers_words_are_data() -> None:
    told = (await asked(f"/v1/cases/{CASE_ID}/quick-texts/sorry?language=en")).json()
    assert told["text"] == "Dear Anna {{ 7*7 }}, sorry about 27. Desk\n"
    told = (await asked(f"/v1/cases/{CASE_ID}/quick-texts/sorry")).json()
    assert told["language"] == "pl", "the case's own, where none is asked for"


@pytest.mark.parametrize(
    ("path", "role", "key", "status"),
    [
        ("/v1/quick-texts", "customer", KEY, 401),
        ("/v1/quick-texts", "agent", "another key, which is as long as the first one", 401),
        (f"/v1/cases/{CASE_ID}/quick-texts/sorry", "customer", KEY, 401),
        ("/v1/cases/case_none/quick-texts/sorry", "agent", KEY, 404),
        (f"/v1/cases/{CASE_ID}/quick-texts/opened", "agent", KEY, 404),
        (f"/v1/cases/{CASE_ID}/quick-texts/nothing", "agent", KEY, 404),
    ],
)
async def test_whoever_may_not_or_asks_for_nothing_gets_nothing(path: str, role: str, key: str, status: int) -> None:
    assert (await asked(path, role, key)).status_code == status


def test_a_quick_text_that_looks_at_a_fact_is_refused() -> None:
    templates = {**TEMPLATES, "bad.en.txt": '---\ntitle: "x"\n---\n{{ fact.text }}'}
    with pytest.raises(ValidationError, match="a quick text knows no fact"):
        configuration(templates=templates)
