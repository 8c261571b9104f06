"""Row sets and pages by name, each made when it is asked for: those of 100,000 leads together would fill the memory."""

from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

Made = TypeVar("Made")


class OnDemand(Mapping[str, Made]):
    """A mapping of what `makers` make, made anew at every access."""

    def __init__(self, makers: Mapping[str, Callable[[], Made]]) -> None:
        self._makers = makers

    def __getitem__(self, name: str) -> Made:
        return self._makers[name]()

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)
