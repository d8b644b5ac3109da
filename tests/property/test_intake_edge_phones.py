"""A number is the same number in whatever way it is written (semantics 5.10)."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from caseway_intake.adapters.numbers import to_e164
from caseway_intake.domain.phones import plain, same_number

_SEPARATORS = st.sampled_from(["", "", " ", "-", "‐", "‑", "–", "—", "−", "－", "ー", ".", "/", "\u00a0"])
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
