"""Our modules, parsed once."""

import ast
import functools
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
SERVICES = ("analytics", "escalation", "intake", "notifier", "router")


@dataclass(frozen=True, kw_only=True)
class Module:
    path: Path
    name: str
    text: str
    tree: ast.Module

    def __str__(self) -> str:
        return self.name

    def is_in(self, *packages: str) -> bool:
        return any(self.name == package or self.name.startswith(package + ".") for package in packages)

    @property
    def imports(self) -> set[str]:
        """Every module that is imported, wherever in the file; `from a import b` counts as `a.b` and `a`."""
        found: set[str] = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{self.name}:{node.lineno}: relative imports are banned"
                found |= {node.module or ""} | {f"{node.module}.{alias.name}" for alias in node.names}
        return found

    @property
    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        return (node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))

    @property
    def classes(self) -> Iterator[ast.ClassDef]:
        return (node for node in ast.walk(self.tree) if isinstance(node, ast.ClassDef))


@functools.cache
def modules() -> tuple[Module, ...]:
    """Of the shared package and the five services; tests are not among them."""
    folders = [ROOT / "shared", *(ROOT / "services" / service for service in SERVICES)]
    return tuple(_parse(folder, path) for folder in folders for path in sorted(folder.glob("caseway*/**/*.py")))


@functools.cache
def tracked_files() -> tuple[Path, ...]:
    """What git holds, or would hold: new files count before they are committed."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, capture_output=True, check=True).stdout.decode()
    return tuple(path for name in listed.split("\0") if name and (path := ROOT / name).is_file())


def _parse(folder: Path, path: Path) -> Module:
    parts = path.relative_to(folder).with_suffix("").parts
    text = path.read_text(encoding="utf-8")
    name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    return Module(path=path, name=name, text=text, tree=ast.parse(text))


def faults_named(faults: list[str]) -> str:
    """All of them at once, one a line."""
    return "\n" + "\n".join(faults)
