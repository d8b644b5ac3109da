"""A number is the same number in whatever way it is written (semantics 5.10)."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from caseway_intake.adapters.numbers import to_e164
from caseway_intake.domain.phones import plain, same_number

_SEPARATORS = st.sampled_from(
    [
        "",
        "",
        " ",
        "-",
        "‐",
        "‑",
        "‒",
        "–",
        "—",
        "―",
        "−",
        "－",
        "ー",
        "ｰ",
        ".",
        "/",
        "(",
        ")",
        "（",
        "）",
        "\u00a0",
        "\u3000",
    ]
)
"""Hyphens of every kind, and whatever else people put between digits (semantics 5.10)."""
_WIDE = str.maketrans("0123456789", "０１２３４５６７８９")
_EXTENSIONS = st.sampled_from(["", "", " ext. 12", " wew. 7", " x9", " 内線 12", " Durchwahl 3", ";ext=5"])


@st.composite
def writings(draw: st.DrawFn) -> tuple[str, str, str]:
    """A number's E.164, its home region, and one way of writing it there."""
    country, region, trunk, national = draw(
        st.sampled_from(
            [
                ("48", "PL", "", "600555010"),
                ("48", "PL", "", "225550100"),
                ("81", "JP", "0", "312345678"),
                ("49", "DE", "0", "305550100"),
                ("44", "GB", "0", "2075550100"),
            ]
        )
    )
    prefix = draw(
        st.sampled_from(
            [trunk, f"+{country}", f"+ {country}", f"00{country}", f"+{country} (0)" if trunk else f"(+{country})"]
        )
    )
    spaced = "".join(digit + draw(_SEPARATORS) for digit in national[:-1]) + national[-1]
    written = f"{prefix}{draw(_SEPARATORS)}{spaced}"
    written = written.translate(_WIDE) if draw(st.booleans()) else written
    return f"+{country}{national}", region, written + draw(_EXTENSIONS)


@given(writings())
@settings(max_examples=400, deadline=None)
def test_every_writing_is_the_same_number_and_found_at_the_same_point(example: tuple[str, str, str]) -> None:
    e164, region, written = example
    number, known = plain(written), plain(e164)
    assert number is not None
    assert known is not None
    assert same_number(written, region, to_e164) == e164
    assert number.tail == known.tail


@given(st.text(max_size=100))
@settings(max_examples=300, deadline=None)
def test_anything_is_a_number_or_none(text: str) -> None:
    same = same_number(text, "PL", to_e164)
    assert same == "" or same.lstrip("+").isdigit()


@given(
    st.sampled_from(
        [
            ("BR", "+5511987654321", ("11 98765-4321", "+55 11 98765 4321", "+55 11 8765-4321", "(011) 98765-4321")),
            ("MX", "+525512345678", ("55 1234 5678", "+52 55 1234-5678", "+52 1 55 1234 5678")),
            ("AR", "+541123456789", ("011 2345-6789", "+54 11 2345 6789", "+54 9 11 2345-6789")),
        ]
    ),
    st.data(),
)
@settings(max_examples=60, deadline=None)
def test_a_countrys_own_variants_are_one_number(example: tuple[str, str, tuple[str, ...]], data: st.DataObject) -> None:
    region, e164, writings_there = example
    written = data.draw(st.sampled_from(writings_there))
    written = written.translate(_WIDE) if data.draw(st.booleans()) else written
    number, known = plain(written), plain(e164)
    assert number is not None
    assert known is not None
    assert same_number(written, region, to_e164) == e164
    assert number.tail == known.tail
