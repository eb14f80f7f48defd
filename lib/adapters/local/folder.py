"""Folders in the place of buckets: sources are files, renditions are written below a folder."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from lib.domain.errors import ErrorCode, PermanentError
from lib.domain.events import Current, Source


class FolderSources:
    """`Source.bucket` is a folder's path, `Source.key` a file's path below it.

    A file's version is the moment it was last written, in ns: a file that was written since is
    another version, and the old one is gone.
    """

    def current_version(self, bucket: str, key: str) -> Source | None:
        """Describe the file as it is now, or return None where there is none."""
        path = _below(Path(bucket), key)
        if not path.is_file():
            return None
        found = path.stat()
        version = str(found.st_mtime_ns)
        return Source(bucket, key, version, etag=f"{version}-{found.st_size}", size=found.st_size)

    def find_current(self, bucket: str, key: str, length: int) -> Current | None:
        """Return the file as it is now; it has no metadata that names a preset."""
        source = self.current_version(bucket, key)
        return Current(source, self.read_range(source, 0, length)) if source else None

    def read_range(self, source: Source, start: int, length: int) -> bytes:
        """Return at most `length` bytes from `start` on. Raises PermanentError(SOURCE_GONE)."""
        with self._find(source).open("rb") as file:
            file.seek(start)
            return file.read(max(length, 0))

    def read(self, source: Source) -> bytes:
        """Return the whole source. Raises PermanentError(SOURCE_GONE)."""
        return self._find(source).read_bytes()

    def locate(self, source: Source, seconds: int) -> str:  # noqa: ARG002 - a path does not expire
        """Return the file's absolute path."""
        return str(_below(Path(source.bucket), source.key).absolute())

    def _find(self, source: Source) -> Path:
        """Return the path of a version. Raises PermanentError(SOURCE_GONE)."""
        current = self.current_version(source.bucket, source.key)
        if current is None or source.version_id not in ("", "null", current.version_id):
            gone = f"{source.bucket}/{source.key} is gone, or was written since"
            raise PermanentError(ErrorCode.SOURCE_GONE, gone)
        return _below(Path(source.bucket), source.key)


class FolderRenditions:
    """Renditions are files below a folder, as their keys say."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read_config(self, key: str) -> bytes:
        """Return a file below the renditions' folder. Raises PermanentError(CONFIG_MISSING)."""
        path = _below(self._folder, key)
        try:
            return path.read_bytes()
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as exc:
            raise PermanentError(ErrorCode.CONFIG_MISSING, f"{path} is not there") from exc

    def put(self, key: str, content: bytes | Path, mime: str) -> None:  # noqa: ARG002 - has no place
        """Write a rendition, replacing what is there."""
        path = _below(self._folder, key)
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            shutil.copyfile(content, path)

    def fetch(self, key: str) -> bytes | None:
        """Return a rendition, or None where there is none."""
        path = _below(self._folder, key)
        return path.read_bytes() if path.is_file() else None

    def keys_below(self, prefix: str) -> list[str]:
        """Return the keys of what lies below a prefix, sorted."""
        files = (each for each in _below(self._folder, prefix).rglob("*") if each.is_file())
        return sorted(each.relative_to(self._folder).as_posix() for each in files)

    def delete(self, keys: Iterable[str]) -> None:
        """Delete renditions; those that are not there are deleted already."""
        for key in keys:
            _below(self._folder, key).unlink(missing_ok=True)

    def delete_below(self, prefix: str) -> int:
        """Delete every rendition below a version prefix, which ends in `/`; return the number."""
        if not prefix.endswith("/"):
            raise ValueError(f"expected a prefix that ends in / but received {prefix!r}")
        folder = _below(self._folder, prefix)
        if not folder.is_dir():
            return 0
        number = sum(path.is_file() for path in folder.rglob("*"))
        shutil.rmtree(folder)
        return number


def _below(folder: Path, key: str) -> Path:
    """Return the path of a key. Raises ValueError where it would lie outside the folder."""
    parts = PurePosixPath(key)
    if parts.is_absolute() or ".." in parts.parts:
        raise ValueError(f"expected a path below {folder} but received {key!r}")
    return folder / parts
