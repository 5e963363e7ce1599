"""What tests plant in stored models to see whether any of it is run."""

from collections.abc import Callable
from pathlib import Path


class Writes:
    """Writes a file when it is made from a pickle, and when skops sets its state."""

    marker = Path("marker")

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return write, (str(self.marker),)

    def __setstate__(self, state: object) -> None:
        write(str(self.marker))


def write(path: str) -> None:
    """Leave the mark."""
    Path(path).write_text("was run")
