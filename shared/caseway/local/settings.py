"""What the local stack reads from its environment."""

from pathlib import Path
from typing import Literal

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class LocalSettings(BaseSettings):
    """Backends that are given, and where started ones keep their files."""

    model_config = SettingsConfigDict(env_prefix="CASEWAY_", frozen=True, extra="ignore")

    kafka_url: str | None = None
    """A broker that runs already; then none is started."""
    mongo_url: SecretStr | None = None
    """A replica set that runs already; then none is started."""
    local_engine: Literal["auto", "docker", "native"] = "auto"
    """`auto`: Docker if its engine answers, else native processes."""
    local_folder: Path = Path(".caseway")
    """Data, logs and the record of `caseway local up`: one folder a checkout."""
    local_cache: Path = Path("~/.cache/caseway")
    """What is downloaded or prepared once for all checkouts."""
    local_kafka_version: str = "4.3.0"
    """The Apache Kafka that Maven Central is asked for (4.1.1 is known to run too)."""
    local_start_seconds: float = 90.0
    """How long one backend may take to answer; on a loaded two-core machine it takes up to 15."""

    @property
    def folder(self) -> Path:
        """The stack's folder, absolute: processes change directory."""
        return self.local_folder.expanduser().absolute()

    @property
    def cache(self) -> Path:
        """The cache, absolute."""
        return self.local_cache.expanduser().absolute()
