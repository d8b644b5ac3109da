"""How a service reads its rules from YAML.

A configuration is a directory; the service's model says what it needs of it: each field is a file, `<field>.yaml`, or,
where the field is a mapping of text to text, a folder `<field>/` whose files are taken as they are (templates, by
their path in it). Files that no field names belong to other services and are not read. Everything that is wrong is
said at once, each fault with its file, its path and what was expected.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Any, Generic, TypeVar, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, PlainValidator, ValidationError
from pydantic_core import PydanticUndefined

from caseway.kernel.errors import Misconfigured
from caseway.kernel.rules import Condition, ConditionError, Fault, Fields, compile_condition

Model = TypeVar("Model", bound=BaseModel)

_LARGEST_FILE = 16 * 1024 * 1024
"""Bytes; a larger one is not written by a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded(Generic[Model]):
    """A valid configuration and its name."""

    value: Model
    version: str
    """The first 12 hex digits of the SHA-256 over everything that was read: goes into every fact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One fault of a configuration."""

    file: str
    path: str
    expected: str

    def __str__(self) -> str:
        return f"{self.file}: {self.path}: {self.expected}" if self.path else f"{self.file}: {self.expected}"


class Inconsistent(ValueError):
    """Files that do not fit together; for a model's own validators. Each fault's path begins with the field."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(map(str, faults)))
        self.faults = tuple(faults)


class BadConfiguration(Misconfigured):
    """A configuration that cannot be used; `problems` has every fault."""

    def __init__(self, directory: Path, problems: list[Problem]) -> None:
        lines = "\n".join(f"  {problem}" for problem in problems)
        super().__init__(f"{len(problems)} fault(s) in the configuration {directory}:\n{lines}")
        self.problems = tuple(problems)


def load(directory: Path, model: type[Model]) -> Loaded[Model]:
    """Read and check the whole directory.

    Raises:
        BadConfiguration: naming every fault at once.
    """
    if not directory.is_dir():
        raise BadConfiguration(directory, [Problem(file=".", path="", expected="a directory that can be read")])
    reading = _Reading(directory, model)
    raw = reading.everything()
    value = reading.validated(raw)
    if value is None or reading.problems:
        raise BadConfiguration(directory, reading.problems)
    return Loaded(value=value, version=reading.version())


class Reloader(Generic[Model]):
    """Keeps the configuration in force; a bad change leaves it as it was."""

    def __init__(self, directory: Path, model: type[Model]) -> None:
        """Load it for the first time; raises BadConfiguration, so that a service refuses to start."""
        self._directory = directory
        self._model = model
        self.current = load(directory, model)

    def reload(self) -> tuple[Problem, ...]:
        """Read it again: nothing returned means the new one (or an equal one) is in force, else what is wrong."""
        try:
            self.current = load(self._directory, self._model)
        except BadConfiguration as bad:
            return bad.problems
        return ()


def condition_over(fields: Fields) -> PlainValidator:
    """How a model's field becomes a condition.

    `when: Annotated[Condition, condition_over(FIELDS)] = ALWAYS`
    """

    def read(raw: Any) -> Condition:
        if isinstance(raw, Condition):
            return raw
        return compile_condition(raw, fields)

    return PlainValidator(read)


class _Strict(yaml.SafeLoader):
    """YAML without duplicate keys. Not the C loader: nested deeply enough, that one takes the process down."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                continue
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable):
                raise yaml.constructor.ConstructorError(None, None, "a plain key", key_node.start_mark)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} stands twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


class _Reading(Generic[Model]):
    """One pass over a directory: what was read, and every fault."""

    def __init__(self, directory: Path, model: type[Model]) -> None:
        self.problems: list[Problem] = []
        self._directory = directory
        self._model = model
        self._read: dict[str, Any] = {}

    def everything(self) -> dict[str, Any]:
        """The raw content of each field that is there."""
        found: dict[str, Any] = {}
        for name, declared in self._model.model_fields.items():
            content = self._folder(name) if self._is_folder(name) else self._file(name)
            if content is not PydanticUndefined:
                found[name] = content
            elif declared.is_required() and not any(name in _stem(problem.file) for problem in self.problems):
                self._fault(self._file_of(name), "", "missing")
        return found

    def validated(self, raw: dict[str, Any]) -> Model | None:
        """The model, or None with its faults noted; a field that could not be read is not complained of twice."""
        unreadable = {_stem(problem.file) for problem in self.problems}
        try:
            return self._model.model_validate(raw, extra="forbid")
        except ValidationError as wrong:
            for error in _worth_telling(wrong.errors()):
                field, *path = error["loc"] or ("",)
                if str(field) not in unreadable:
                    self._model_fault(str(field), path, error)
            return None

    def version(self) -> str:
        """First 12 hex of the SHA-256 over what was read, in one canonical form: comments and spaces do not count."""
        whole = json.dumps(_canonical(self._read), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(whole.encode()).hexdigest()[:12]

    def _model_fault(self, field: str, path: list[Any], error: Any) -> None:
        cause = error.get("ctx", {}).get("error")
        file = self._file_of(field) if field else "."
        if isinstance(cause, Inconsistent):
            for fault in cause.faults:
                self._fault(self._file_of(str(fault.path[0])), _dotted([*fault.path[1:]]), fault.expected)
            return
        if isinstance(cause, ConditionError):
            for fault in cause.faults:
                self._fault(file, _dotted([*path, *fault.path]), fault.expected)
            return
        message = error["msg"].removeprefix("Value error, ")
        given = error.get("input")
        shown = (
            f" (found {given!r})" if isinstance(given, str | int | float | None) and error["type"] != "missing" else ""
        )
        self._fault(file, _dotted(path), f"{message}{shown}")

    def _file_of(self, field: str) -> str:
        return f"{field}/" if self._is_folder(field) else f"{field}.yaml"

    def _is_folder(self, field: str) -> bool:
        """A mapping of text to text is a folder, unless somebody wrote it as one file."""
        declared = self._model.model_fields.get(field)
        is_text_by_name = declared is not None and _is_text_by_name(declared.annotation)
        return is_text_by_name and not (self._directory / f"{field}.yaml").exists()

    def _fault(self, file: str, path: str, expected: str) -> None:
        self.problems.append(Problem(file=file, path=path, expected=expected))

    def _file(self, name: str) -> Any:
        path = self._directory / f"{name}.yaml"
        if not path.exists():
            return PydanticUndefined
        text = self._text(path)
        if text is None:
            return PydanticUndefined
        try:
            content = yaml.load(text, Loader=_Strict)  # noqa: S506 - a subclass of the safe loader
            self._read[path.name] = content
        except yaml.YAMLError as wrong:
            self._fault(path.name, _where(wrong), f"YAML; {getattr(wrong, 'problem', None) or wrong}")
        except RecursionError:
            self._fault(path.name, "", "YAML that is not nested so deeply")
        else:
            return content
        return PydanticUndefined

    def _folder(self, name: str) -> Any:
        folder = self._directory / name
        if not folder.is_dir():
            return PydanticUndefined
        texts: dict[str, str] = {}
        for path in sorted(folder.rglob("*")):
            inner = path.relative_to(folder)
            if path.is_file() and not any(part.startswith(".") for part in inner.parts):
                text = self._text(path)
                if text is not None:
                    texts[inner.as_posix()] = text
        self._read[f"{name}/"] = texts
        return texts

    def _text(self, path: Path) -> str | None:
        file = path.relative_to(self._directory).as_posix()
        try:
            if path.stat().st_size > _LARGEST_FILE:
                self._fault(file, "", f"a file of at most {_LARGEST_FILE} bytes")
                return None
            content = path.read_bytes()
            text = content.decode("utf-8-sig").replace("\r\n", "\n")
        except UnicodeDecodeError as wrong:
            self._fault(file, f"byte {wrong.start}", "text in UTF-8")
        except OSError as wrong:
            self._fault(file, "", f"a file that can be read; {wrong.strerror}")
        else:
            return text
        return None


def _worth_telling(errors: Sequence[Any]) -> list[Any]:
    """All but "too few" of a list whose elements are themselves at fault: pydantic counts only the good ones."""
    places = [error["loc"] for error in errors]

    def is_echo(error: Any) -> bool:
        above = error["loc"]
        return error["type"] == "too_short" and any(
            len(loc) > len(above) and loc[: len(above)] == above for loc in places
        )

    return [error for error in errors if not is_echo(error)]


def _is_text_by_name(annotation: Any) -> bool:
    """Whether a field's type is a mapping of text to text."""
    if get_origin(annotation) in {Union, UnionType}:
        return any(_is_text_by_name(each) for each in get_args(annotation))
    origin = get_origin(annotation)
    return isinstance(origin, type) and issubclass(origin, Mapping) and get_args(annotation) == (str, str)


def _canonical(value: Any) -> Any:
    """The same for JSON: YAML also has dates, and keys that are no texts."""
    match value:
        case dict():
            return {str(key): _canonical(each) for key, each in value.items()}
        case list() | tuple():
            return [_canonical(each) for each in value]
        case str() | int() | float() | None:
            return value
        case _:
            return repr(value)


def _stem(file: str) -> str:
    """The field that a file belongs to."""
    return file.partition("/")[0].removesuffix(".yaml")


def _dotted(path: list[Any]) -> str:
    return ".".join(map(str, path))


def _where(wrong: yaml.YAMLError) -> str:
    mark = getattr(wrong, "problem_mark", None)
    return f"line {mark.line + 1}, column {mark.column + 1}" if mark else ""
