"""What the product desk's rules make of Japanese inquiries (S2-08, S2-20, S2-21, S2-22, S2-23)."""

from __future__ import annotations

from functools import cache

import pytest
import yaml

from caseway_intake.edge_settings import Triage
from caseway_intake.settings import Configuration, Gates
from tests.intake_edge import SCENARIO, Edge, configuration, mail_bytes

DESK = SCENARIO.parent / "product-support"


@cache
def desk() -> Configuration:
    """The product desk's rules, with retail's mailboxes."""
    triage, gates = (yaml.safe_load((DESK / f"{name}.yaml").read_text("utf-8")) for name in ("triage", "gates"))
    told = {"triage": Triage.model_validate(triage), "gates": Gates.model_validate(gates)}
    return configuration().model_copy(update=told)


@pytest.mark.parametrize(
    ("text", "category", "missing"),
    [
        ("新しい教材の購入を検討しています。見積をお願いします。", "purchase", ("name", "company", "phone")),
        ("先日の注文がまだ届きません。", "order", ("order", "order_email")),
        ("特注の黒板をお願いしたいです。", "custom_order", ()),
        ("Windowsでソフトが起動しません。", "technical", ()),
        ("営業時間を教えてください。", "other", ()),
    ],
)
def test_what_an_inquiry_is_about_and_what_it_lacks(text: str, category: str, missing: tuple[str, ...]) -> None:
    command, *_ = Edge(rules=desk()).mail(mail_bytes(text, subject="お問い合わせ", sender="a@example.com")).emits
    assert (command.category, command.missing_fields) == (category, missing)
    assert command.language == "ja"


def test_a_technical_mail_is_to_be_confirmed_first_and_names_its_product() -> None:
    (command,) = Edge(rules=desk()).mail(mail_bytes("Macで設定の方法を教えてください。", subject="?")).emits
    assert (command.product, command.to_confirm) == ("mac", ("version", "device"))


def test_the_machine_asks_in_japanese() -> None:
    _, question = Edge(rules=desk()).mail(mail_bytes("注文が届きません。", subject="?")).emits
    assert "- 注文番号\n- ご注文時のメールアドレス" in question.text


def test_a_request_about_personal_data_has_its_clock_and_waits_for_nothing() -> None:
    (command,) = Edge(rules=desk()).mail(mail_bytes("注文の個人情報の削除をお願いします。", subject="?")).emits
    assert (command.priority, command.statutory, command.missing_fields) == ("urgent", "appi-without-delay", ())


def test_the_records_own_states_are_japanese_too() -> None:
    """S1-25."""
    command, *_ = Edge(rules=desk()).mail(mail_bytes("こんにちは", subject="?")).emits
    assert command.state == "受付"
