"""What is archived names nobody, and can still be read."""

from __future__ import annotations

import orjson
import pytest

from caseway.contracts import golden
from caseway.contracts.nameless import nameless
from caseway.contracts.topology import topic_named

FACTS = topic_named("cases").models
SECRETS = ("Anna", "Nowak", "nowak", "555 01", "555-01", "600555", "A-2026-0042", "paczka", "paczki", "anna.")


@pytest.mark.parametrize("model", FACTS, ids=lambda each: each.TYPE)
def test_no_fact_of_the_archive_names_a_customer_and_each_is_still_read(model):
    """Every type, with every field given."""
    data = golden._data(model, full=True)
    fact = model.model_validate_json(orjson.dumps(data))
    left = nameless(fact)
    written = orjson.dumps(left).decode()
    assert not [secret for secret in SECRETS if secret in written]
    again = model.model_validate_json(written)
    assert again.key() == fact.key()
    assert getattr(again, "version", None) == getattr(fact, "version", None)


def test_what_is_kept_is_what_counts_are_made_of():
    opened = next(model for model in FACTS if model.TYPE == "caseway.case.opened.v1")
    fact = opened.model_validate_json(orjson.dumps(golden._data(opened, full=True)))
    left = nameless(fact)
    assert {"at", "version", "channel", "category", "priority", "number", "turn", "source_key"} <= set(left)
    assert not {"text", "subject", "party", "fields", "attachments", "reply_to"} & set(left)
    assert left["source_key"].startswith("sha256:")
