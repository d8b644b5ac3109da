"""What is new in a mail is told from what it quotes, and no word of a customer's is lost (S1-03)."""

from __future__ import annotations

import pytest

from caseway_intake.domain.mail.quoting import part

ANSWER = "Dziękuję, czekam na paczkę."


@pytest.mark.parametrize(
    "announced",
    [
        "On Mon, 22 Nov 2026 at 10:00, Support <support@example.com> wrote:",
        "On Mon, 22 Nov 2026 at 10:00, Customer Support of the Shop\n<support@example.com> wrote:",
        "W dniu 22.11.2026 o 10:00, Support pisze:",
        "W dniu nie., 22 lis 2026 o 10:00 Support <support@example.com> napisał(a):",
        "niedz., 22 lis 2026 o 10:00 Support <support@example.com> napisał(a):",
        "Dnia 22 listopada 2026 10:00 Support napisał:",
        "Am 22.11.2026 um 10:00 schrieb Support:",
        "Am So., 22. Nov. 2026 um 10:00 Uhr schrieb Support <support@example.com>:",
        "2026年11月22日(日) 10:00 Support <support@example.com>:",
        "2026/11/22 10:00、Support <support@example.com>のメール:",
    ],
)
def test_marked_lines_below_an_announcement_are_quoted(announced: str) -> None:
    writing = part(f"{ANSWER}\n\n{announced}\n> Szanowna Pani,\n>\n> paczka jest w drodze.\n")
    assert writing.new == ANSWER
    assert writing.quoted.startswith(announced)
    assert "paczka jest w drodze" in writing.quoted


@pytest.mark.parametrize(
    "separator",
    [
        "-----Original Message-----\nFrom: Support\nSent: Monday",
        "----- Wiadomość oryginalna -----\nOd: Support",
        "-----Ursprüngliche Nachricht-----\nVon: Support",
        "-----元のメッセージ-----\n差出人: Support",
        "________________________________\nFrom: Support <support@example.com>\nSent: Monday, 22 November 2026 10:00",
        "Od: Support <support@example.com>\nWysłano: 22 listopada 2026 10:00\nDo: Anna",
        "Von: Support <support@example.com>\nGesendet: Montag, 22. November 2026 10:00\nAn: Anna",
        "差出人: Support\n送信日時: 2026年11月22日 10:00\n宛先: Anna",
    ],
)
def test_all_below_a_mail_programs_separator_is_quoted(separator: str) -> None:
    writing = part(f"{ANSWER}\n\n{separator}\n\nPaczka jest w drodze.\n")
    assert writing.new == ANSWER
    assert "Paczka jest w drodze." in writing.quoted


def test_an_answer_below_the_quotation_is_new() -> None:
    writing = part(f"W dniu 22.11.2026 o 10:00 Support pisze:\n> Jaki rozmiar?\n\n{ANSWER}")
    assert writing.new == ANSWER
    assert writing.quoted.endswith("> Jaki rozmiar?")


def test_answers_between_the_lines_leave_the_mail_whole() -> None:
    text = "On 22 Nov 2026 at 10:00, Support wrote:\n> A refund?\nYes\n> Which size?\nXL"
    assert part(text).new == text


def test_a_forwarded_mail_is_what_the_customer_wants_to_show() -> None:
    text = "Proszę zobaczyć.\n\n---------- Forwarded message ---------\nFrom: Shop\nDate: Mon\n\n> Your order is late."
    assert part(text).new == text


def test_a_mail_that_only_quotes_is_left_whole() -> None:
    text = "> Jaki rozmiar?\n> Jaki kolor?"
    assert part(text).new == text


@pytest.mark.parametrize(
    "text",
    [
        "On Monday my neighbour wrote:\nI have the parcel.",
        "W paczce napisał ktoś: uwaga",
        "From: here to there is a long way",
        "I paid -- twice.",
        "5 > 3, so what?",
        "a\n--\n" + "\n".join(f"line {number}" for number in range(40)),
    ],
)
def test_what_only_resembles_a_quotation_or_signature_stays(text: str) -> None:
    assert part(text).new == text


@pytest.mark.parametrize(
    "signature",
    [
        "-- \nAnna Nowak\ntel. 22 555 01 00",
        "--\nAnna Nowak",
        "Sent from my iPhone",
        "Wysłano z iPhone'a",
        "Von meinem iPad gesendet",
        "iPhoneから送信",
        "==========\n山田太郎\nexample株式会社\n==========",
        "────────\n山田太郎\n────────",
    ],
)
def test_signatures_are_cut_off(signature: str) -> None:
    writing = part(f"{ANSWER}\n\n{signature}\n")
    assert (writing.new, writing.signature) == (ANSWER, signature)


def test_a_signature_above_the_quotation_is_cut_off_too() -> None:
    writing = part(f"{ANSWER}\n-- \nAnna\n\nOn 22 Nov 2026 at 10:00, Support wrote:\n> x")
    assert (writing.new, writing.signature) == (ANSWER, "-- \nAnna")
