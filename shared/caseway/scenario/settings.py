"""What a scenario reads from its environment."""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class ScenarioSettings(BaseSettings):
    """Where the desk is, for those outside it."""

    model_config = SettingsConfigDict(env_prefix="CASEWAY_", frozen=True, extra="ignore")

    kafka_url: str = "localhost:9092"
    namespace: str = ""
    config: Path = Path("deploy/scenarios/retail")
    """The scenario's directory: who works there, who writes, and what."""
    intake_url: str | None = None
    """Of intake's HTTP door; without it that part of the traffic goes by Kafka, too."""
    intake_smtp: str | None = None
    """`host:port` of intake's SMTP door; likewise."""
    signing_key: SecretStr = SecretStr("")
    """Signs what is handed to the HTTP door."""
