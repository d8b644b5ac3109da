"""What is shared names nobody."""

from __future__ import annotations

import pytest

from caseway_intake.domain.masking import masked


@pytest.mark.parametrize(
    ("text", "names", "expected"),
    [
        ("山田花子様から", ["山田 花子"], "***様から"),
        ("山田様と花子様", ["山田　花子"], "***様と***様"),
        ("Annaさんへ", ["Anna Nowak"], "***さんへ"),
        ("Annals of Nowakowski", ["Anna Nowak"], "Annals of Nowakowski"),
        ("anna NOWAK", ["Anna Nowak"], "***"),
        ("電話は０９０－５５５５－０１０１まで", [], "電話は***まで"),
        ("+81 90 5555 0101, (03) 5555-0101", [], "***, ***"),
        ("mail a.b+c@mail.example.co.jp!", [], "mail ***!"),
        ("連絡先：taro@example.com。", [], "連絡先:***。"),
        ("2026-11-22に3回、12,000円", [], "2026-11-22に3回、12,000円"),
        ("口座1234567890123", [], "口座***"),
        ("〒100-0001", [], "***"),
        ("x y", ["x"], "x y"),
        ("", ["Jan"], ""),
    ],
)
def test_names_numbers_and_addresses_are_blotted_out_and_nothing_else(text, names, expected):
    assert masked(text, names).replace("：", ":") == expected


def test_masking_a_long_text_takes_no_time():
    """No pattern runs away: two hundred thousand digits and at-signs."""
    assert masked("1 " * 100_000 + "@" * 100_000, ["Jan"] * 50)
