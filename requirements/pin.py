"""Writes the pins beside it: exact versions with hashes, and no host's name.

`uv.lock` would name the registry it was made with, so it stays out of the repository; what is exported from it
names only packages. Usage: python requirements/pin.py SERVICE…
"""

import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
PLAIN = ("--no-header", "--no-annotate")


def uv(*arguments: str) -> None:
    """Run the uv beside this Python."""
    subprocess.run([Path(sys.executable).with_name("uv"), "--quiet", *arguments], cwd=ROOT, check=True)


def export(name: str, *what: str) -> None:
    """Write one file from the lock."""
    uv("export", "--locked", "--no-emit-workspace", *PLAIN, *what, "-o", str(HERE / f"{name}.txt"))


def pin(name: str, wanted: str, *options: str) -> None:
    """Write one file from a package's name: what is installed before there is a lock to read."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / f"{name}.in"
        source.write_text(f"{wanted}\n", encoding="utf-8")
        target = str(HERE / f"{name}.txt")
        uv("pip", "compile", str(source), "--universal", "--generate-hashes", *PLAIN, *options, "-o", target)


def main(services: list[str]) -> None:
    """All files, from one resolution, so that services agree with each other and with the tests."""
    (ROOT / "uv.lock").unlink(missing_ok=True)
    uv("lock")
    pin("uv", "uv")  # the installer: the one thing that pip installs on a developer's machine
    export("dev", "--group", "dev")
    pin("build", "hatchling", "--constraint", str(HERE / "dev.txt"))  # what builds the wheels of an image
    export("tools", "--package", "caseway", "--extra", "runtime")
    for service in services:
        export(service, "--package", f"caseway-{service}", "--no-dev")


if __name__ == "__main__":
    main(sys.argv[1:])
