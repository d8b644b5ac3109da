"""What satisfaction.yaml says."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, model_validator

from caseway_analytics.domain.satisfaction import Method


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class IndicatorEntry(_Part):
    """What is scored from one to five."""

    title: str = ""
    questions: tuple[str, ...] = ()
    """What the interviewer asks."""


class LevelEntry(_Part):
    """One level of interaction with the customer."""

    title: str = ""
    weight: float = Field(default=1.0, gt=0)
    """In the overall index, where levels are weighted."""
    indicators: dict[str, IndicatorEntry] = Field(min_length=1)


class SatisfactionFile(_Part):
    """satisfaction.yaml"""

    levels: dict[str, LevelEntry] = {}
    true_zero: bool = False
    """Whether all ones are 0 %, and not 20 %."""
    by_level: bool = False
    """Whether the overall index weights levels, and not every indicator by itself."""
    target: float | None = Field(default=None, ge=0, le=100)
    """Percent; a wave may have its own."""

    @model_validator(mode="after")
    def _each_once(self) -> SatisfactionFile:
        names = [indicator for level in self.levels.values() for indicator in level.indicators]
        if len(names) != len(set(names)):
            raise ValueError("each indicator in one level only")
        return self

    @property
    def method(self) -> Method:
        """As the index is reckoned."""
        return Method(
            levels={name: tuple(level.indicators) for name, level in self.levels.items()},
            titles={name: level.title for name, level in self.levels.items() if level.title},
            level_weights={name: level.weight for name, level in self.levels.items()},
            true_zero=self.true_zero,
            by_level=self.by_level,
            target=self.target,
        )
