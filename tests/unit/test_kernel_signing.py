"""Only our own signature makes a Message-ID or an address name a case: this file is its unit tests (S1-03)."""

from __future__ import annotations

import pytest

from caseway.kernel.ids import case_id
from caseway.kernel.signing import (
    is_loop_mark,
    loop_mark,
    read_message_id,
    read_reply_address,
    reply_address,
    sign_message_id,
)

KEY = b"a key for tests"
CASE = case_id("chat:abc")


def test_a_signed_message_id_gives_back_the_case_and_the_occurrence() -> None:
    signed = sign_message_id(KEY, CASE, "acknowledged/1", "example.com")
    read = read_message_id(KEY, signed)
    assert read is not None
    assert (read.case_id, read.occurrence) == (CASE, "acknowledged/1")
    assert signed.startswith("<")
    assert signed.endswith("@example.com>")


def test_brackets_and_the_size_of_letters_do_not_matter() -> None:
    signed = sign_message_id(KEY, CASE, "1", "example.com")
    assert read_message_id(KEY, signed.strip("<>").upper()) == read_message_id(KEY, signed)


def test_the_same_occurrence_always_has_the_same_id() -> None:
    assert sign_message_id(KEY, CASE, "1", "example.com") == sign_message_id(KEY, CASE, "1", "example.com")


def test_a_long_occurrence_still_makes_a_line_that_mail_systems_take() -> None:
    one, other = (sign_message_id(KEY, CASE, "o" * 500 + end, "example.com") for end in "12")
    assert one != other
    assert len(one) < 200


@pytest.mark.parametrize(
    "forged",
    [
        "<someone@example.com>",
        "",
        "<cw.aaaa.bbbb.cccc@example.com>",
        sign_message_id(b"another key", CASE, "1", "example.com"),
        sign_message_id(KEY, CASE, "1", "example.com").replace(".ge.", ".gi."),
        "<cw." + "a" * 26 + ".a." + "a" * 16 + "@example.com>",
    ],
)
def test_what_we_did_not_sign_names_no_case(forged: str) -> None:
    assert read_message_id(KEY, forged) is None


def test_a_case_cannot_be_exchanged_under_a_signature() -> None:
    ours = sign_message_id(KEY, CASE, "1", "example.com")
    theirs = sign_message_id(KEY, case_id("chat:other"), "1", "example.com")
    forged = ".".join([ours.split(".")[0], theirs.split(".")[1], *ours.split(".")[2:]])
    assert read_message_id(KEY, forged) is None


def test_without_a_key_nothing_is_believed() -> None:
    assert read_message_id(b"", sign_message_id(b"", CASE, "1", "example.com")) is None
    assert read_reply_address(b"", reply_address(b"", "support@example.com", CASE)) is None
    assert not is_loop_mark(b"", loop_mark(b""))


def test_a_reply_address_gives_back_the_case_in_any_size_of_letters() -> None:
    address = reply_address(KEY, "support@example.com", CASE)
    assert address.startswith("support+cw.")
    assert len(address.partition("@")[0]) <= 64
    assert read_reply_address(KEY, address.upper()) == CASE
    assert read_reply_address(KEY, "support@example.com") is None
    assert read_reply_address(b"another key", address) is None


def test_a_signature_for_one_purpose_is_none_for_another() -> None:
    _, case, signature = reply_address(KEY, "support@example.com", CASE).partition("@")[0].split(".")
    assert read_message_id(KEY, f"<cw.{case}..{signature}@example.com>") is None


def test_a_mailbox_with_too_long_a_name_is_refused() -> None:
    with pytest.raises(ValueError, match="17 characters"):
        reply_address(KEY, "a-department-with-a-long-name@example.com", CASE)


def test_a_loop_is_known_by_our_own_mark_alone() -> None:
    assert is_loop_mark(KEY, f" {loop_mark(KEY).upper()} ")
    assert not is_loop_mark(KEY, loop_mark(b"another desk"))
    assert not is_loop_mark(KEY, "żółw")
