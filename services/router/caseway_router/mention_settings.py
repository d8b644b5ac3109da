"""What mentions.yaml says: who is told where."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from caseway_router.domain.routing import MentionList
from caseway_router.pool_settings import Name, Part, duplicates

_Person = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class Channel(Part):
    """A channel of the company's messenger, and whom a post there mentions. Source: S2-18."""

    title: str = Field(min_length=1, max_length=100)
    """Its name in the messenger."""
    mentions: tuple[_Person, ...] = Field(min_length=1)
    """Agents by id, others as the messenger knows them."""

    @model_validator(mode="after")
    def _each_once(self) -> Channel:
        twice = duplicates(list(self.mentions))
        if twice:
            raise ValueError(f"everybody once; {', '.join(twice)} stands twice")
        return self


class Mentions(Part):
    """mentions.yaml."""

    lists: dict[Name, Channel] = Field(default_factory=dict)

    def to_domain(self) -> dict[str, MentionList]:
        """As rules use them."""
        return {name: MentionList(post_to=each.title, mentions=each.mentions) for name, each in self.lists.items()}
