"""What a service reads from its environment."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

_ENVIRONMENT = os.environ  # noqa: TID251 - the one place where the environment is read


class Settings(BaseSettings):
    """Connections, secrets and sizes; every name may also be given as `…_FILE`."""

    model_config = SettingsConfigDict(env_prefix="CASEWAY_", frozen=True, extra="ignore")

    kafka_url: str = "localhost:9092"
    """Bootstrap servers, comma separated."""
    mongo_url: SecretStr = SecretStr("mongodb://localhost:27017/?replicaSet=caseway")
    config: Path = Path("deploy/scenarios/retail")
    """The configuration directory."""
    smtp_url: SecretStr = SecretStr("smtp://localhost:1025")
    """Where the notifier hands mail over: smtp://, smtps:// or smtp+starttls://, with user and password if any."""
    http_host: str = "0.0.0.0"  # noqa: S104 - a container's probes come from outside
    http_port: int | None = None
    """Default: the service's own port (wire.md). 0 takes a free one."""
    smtp_port: int = 8025
    """Intake's SMTP door; 0 takes a free one, -1 switches it off."""
    signing_key: SecretStr = SecretStr("")
    """Signs Message-IDs, reply addresses, links and the tokens of the HTTP doors."""
    log_level: str = "INFO"
    namespace: str = ""
    """Put before topics, groups and databases, so that several desks (or tests) share one broker."""
    session_seconds: float = Field(default=10.0, gt=0)
    """Kafka session: after this long without a heartbeat, a member's lanes go to others."""
    max_parked: int = Field(default=100, gt=0)
    """Defects parked in a row by one lane before it halts."""
    failpoints: str = ""
    """A plan of faults for tests (`caseway.runtime.failpoints`); refused where `environment` is `production`."""
    failpoints_journal: Path | None = None
    environment: str = "production"
    """`production`, `development` or `test`."""

    @model_validator(mode="before")
    @classmethod
    def _read_files(cls, values: dict[str, Any]) -> dict[str, Any]:
        for name in cls.model_fields:
            path = _ENVIRONMENT.get(f"CASEWAY_{name.upper()}_FILE")
            if path and name not in values:
                values[name] = Path(path).read_text(encoding="utf-8").strip()
        return values
