"""An agent's place in the order, as one whole number.

From its top: the policy's number, the surplus of skill, the interest, since when they are idle, and the agent's number. So
the smaller goes first, as it would among tuples of these, but a place is made by one addition: of what the agent is now
(`standing`), and of how well they fit the work (`fit`), which only the configuration decides.
"""

from __future__ import annotations

_NUMBER_BITS = 24
"""For an agent's number: pools of up to 16 million."""
_SINCE_BITS = 58
"""For an instant in microseconds: up to the year 9999."""
_SURPLUS_BITS = 20
"""For the levels by which somebody is better than needed, in all skills together."""
_INTEREST_AT = _NUMBER_BITS + _SINCE_BITS
_SURPLUS_AT = _INTEREST_AT + 1
_LEAD_AT = _SURPLUS_AT + _SURPLUS_BITS
_NUMBERS = (1 << _NUMBER_BITS) - 1
_INSTANTS = (1 << _SINCE_BITS) - 1
_SURPLUSES = (1 << _SURPLUS_BITS) - 1


def standing(lead: int, since: int, number: int) -> int:
    """An agent's place by the policy's number (which may be negative) and since when they are idle, in microseconds."""
    return lead << _LEAD_AT | since << _NUMBER_BITS | number


def fit(surplus: int, interest: int) -> int:
    """What is added to it for the work: the surplus of skill, and 1 where it is not about what they like best."""
    return surplus << _SURPLUS_AT | interest << _INTEREST_AT


def number_of(place: int) -> int:
    """Whose place it is."""
    return place & _NUMBERS


def lead_of(place: int) -> int:
    """The policy's number."""
    return place >> _LEAD_AT


def parts_of(place: int) -> tuple[int, int, int, int, int]:
    """The policy's number, the surplus of skill, the interest, since when they are idle, and whose place it is."""
    fit_and_lead = place >> _INTEREST_AT  # mostly no longer than a machine's word: quicker to take apart than the whole
    return (
        fit_and_lead >> _LEAD_AT - _INTEREST_AT,
        fit_and_lead >> 1 & _SURPLUSES,
        fit_and_lead & 1,
        place >> _NUMBER_BITS & _INSTANTS,
        place & _NUMBERS,
    )


def alike(place: int) -> int:
    """All of it but the number: who is equal in this is told apart by the ring."""
    return place >> _NUMBER_BITS


def at_turn(equal: int, number: int) -> int:
    """The place of an agent among those of whom `alike` is this."""
    return equal << _NUMBER_BITS | number
