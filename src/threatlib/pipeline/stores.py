"""Object stores, and whatever else fsspec reaches by a URL, as folders of whole files: listed, fetched, put, made new.

Credentials and endpoints are the file system's own business: for S3 the usual ``AWS_*`` variables.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from threatlib.errors import DataError, OutputError, UsageError, UserError

_EXTRAS: Mapping[str, str] = {"s3": "threatlib[s3]", "s3a": "threatlib[s3]"}


def is_url(place: str) -> bool:
    """Whether a place is reached through fsspec; ``file://`` and plain paths are not."""
    return "://" in place and not place.startswith("file://")


def local(place: str) -> Path:
    """The path of a place on this machine, given as one or as ``file://``."""
    return Path(unquote(urlsplit(place).path)) if place.startswith("file://") else Path(place)


@dataclass(frozen=True)
class Store:
    """A folder at a URL.

    Every method raises `DataError` where it cannot be read and `OutputError` where it cannot be written.
    """

    url: str

    @cached_property
    def _place(self) -> tuple[Any, str]:
        import fsspec  # type: ignore[import-untyped]

        scheme = self.url.partition("://")[0]
        try:
            files, root = fsspec.core.url_to_fs(self.url)
        except ImportError as fault:
            wanted = _EXTRAS.get(scheme, f"the fsspec package for {scheme}")
            raise UsageError(f"{self.url}: cannot be reached ({fault}). pip install {wanted}") from fault
        except ValueError as fault:
            raise UsageError(f"{self.url}: {fault}. Use a folder, or a URL that fsspec knows.") from fault
        return files, root.rstrip("/")

    def _at(self, name: str) -> str:
        return f"{self._place[1]}/{name}" if name else self._place[1]

    def names(self, under: str = "") -> list[str]:
        """Files below a folder, by their names from it, in order; none if there is no such folder."""
        files, top = self._place[0], self._at(under)
        with self._reading():
            files.invalidate_cache()
            try:
                found = files.find(top)
            except FileNotFoundError:
                return []
        start = files._strip_protocol(top).rstrip("/") + "/"
        names = [files._strip_protocol(path).removeprefix(start) for path in found if not path.endswith("/")]
        odd = [name for name in names if ".." in PurePosixPath(name).parts or name.startswith("/")]
        if odd:
            raise DataError(f"{self.url}: found an object named '{odd[0]}', wanted names without '..'.")
        return sorted(names)

    def folders(self, under: str = "") -> list[str]:
        """Folders directly in a folder, in order."""
        files, top = self._place[0], self._at(under)
        with self._reading():
            files.invalidate_cache()
            try:
                found = files.ls(top, detail=True)
            except FileNotFoundError:
                return []
        return sorted(PurePosixPath(entry["name"]).name for entry in found if entry["type"] == "directory")

    def read(self, name: str) -> bytes | None:
        """The contents of a file; None if it is not there."""
        with self._reading():
            try:
                content: bytes = self._place[0].cat_file(self._at(name))
            except FileNotFoundError:
                return None
        return content

    def fetch(self, under: str, folder: Path) -> list[str]:
        """Copy a folder here; returns the names of its files."""
        names = self.names(under)
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
        if names:
            with self._reading():  # both as lists: a '*' in a name is then no wildcard
                self._place[0].get([self._at(f"{under}/{name}") for name in names], [str(folder / n) for n in names])
        return names

    def put(self, folder: Path, under: str, names: Iterable[str] | None = None) -> None:
        """Copy a folder, or the files of it that are named, there; each file is whole or not there."""
        chosen = names if names is not None else [p.relative_to(folder).as_posix() for p in _files(folder)]
        pairs = [(str(folder / name), self._at(f"{under}/{name}" if under else name)) for name in chosen]
        if pairs:
            with self._writing():
                self._place[0].put([here for here, _ in pairs], [there for _, there in pairs])

    def create(self, name: str, content: bytes) -> bool:
        """Write a file that is not there yet, in one step; False if somebody else was quicker."""
        files = self._place[0]
        with self._writing():
            try:
                files.pipe_file(self._at(name), content, mode="create")
            except OSError:  # each store has its own word for it
                files.invalidate_cache()
                if files.exists(self._at(name)):
                    return False
                raise
        return True

    def remove(self, names: Iterable[str]) -> None:
        """Delete files."""
        with self._writing():
            for name in names:
                self._place[0].rm_file(self._at(name))

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except UserError:
            raise
        except Exception as fault:  # every file system of fsspec raises errors of its own
            raise DataError(f"{self.url}: cannot be read ({_said(fault)}).") from fault

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except UserError:
            raise
        except Exception as fault:
            raise OutputError(f"{self.url}: cannot be written ({_said(fault)}).") from fault


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _said(fault: Exception) -> str:
    return " ".join(str(fault).split()) or type(fault).__name__
