"""Customers whose contact was not taken hear so; this file is what they are told."""

from __future__ import annotations

import pytest

from caseway.contracts.cases import ContactRefused
from caseway.contracts.notifications import NotificationRequested
from caseway.kernel.ids import case_id
from caseway.kernel.vocabulary import Channel
from caseway.runtime.configuration import load
from caseway_notifier.domain.delivery import Delivery
from caseway_notifier.settings import Configuration
from tests.notifier_builders import CUSTOMER, NOW, RETAIL
from tests.notifier_lane import Lane


def turned_away(language: str, reply_to: str | None = CUSTOMER) -> ContactRefused:
    return ContactRefused(
        case_id=case_id("web:contact:s-1"),
        source_key="web:contact:s-1",
        channel=Channel.WEB,
        reason="form-quota",
        subject="Gdzie paczka?",
        name="Anna",
        reply_to=reply_to,
        language=language,
        received_at=NOW,
        again_at=NOW.replace(day=23, hour=8),
        at=NOW,
        cause="form-1",
        configuration="test",
    )


@pytest.mark.parametrize(
    ("scenario", "language", "says", "again"),
    [
        ("retail", "pl", "nie przyjęliśmy", "2026-11-23 09:00"),
        ("retail", "en", "was not taken", "2026-11-23 09:00"),
        ("retail", "de", "nicht angenommen", "2026-11-23 09:00"),
        ("product-support", "ja", "受け付けられませんでした", "2026-11-23 17:00"),
    ],
)
def test_who_came_beyond_the_cap_is_told_so_by_mail_in_their_language(
    scenario: str, language: str, says: str, again: str
) -> None:
    """S1-05: refused with a clear answer. The time is that of the organisation's wall."""
    lane = Lane(load(RETAIL.parent / scenario, Configuration).value)
    decision = lane.hears(turned_away(language))
    (requested,) = decision.emits
    assert isinstance(requested, NotificationRequested)
    assert (requested.template, requested.channel, requested.language) == ("contact-refused", "email", language)
    (delivery,) = [value for value in lane.states.values() if isinstance(value, Delivery)]
    text = repr(delivery)
    assert says in text
    assert again in text
    assert CUSTOMER in text


def test_who_left_no_address_is_told_nothing_and_no_case_is_kept() -> None:
    lane = Lane(load(RETAIL, Configuration).value)
    assert lane.hears(turned_away("pl", reply_to=None)).emits == ()
    assert lane.states == {}
