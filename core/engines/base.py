"""Who paints: one small protocol, and the few ways in which painting can end.

An engine is asked for exactly one picture. It yields previews as they come, then one painting; or it raises one of
the failures below. Which one it raises decides about money, so the rule is strict:

- `Refused`: nothing was done and nothing can be billed; the picture may go back in the line.
- `Blocked`: the provider's moderation said no. Billed as far as `usage` says.
- `Failed`: the provider answered, and the answer is not a picture. Billed as far as `usage` says.
- `Unknown`: the call was sent and no whole answer came back. It may have been billed: nobody repeats it unasked.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Reference:
    """A picture to start from; `data` holds the bytes as they were uploaded."""

    name: str
    data: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Job:
    """One picture to paint. `size` is "auto" or "WIDTHxHEIGHT"; None means: leave it to the server."""

    model: str
    description: str
    size: str | None = None
    quality: str | None = None
    background: str | None = None
    output_format: str | None = None
    output_compression: int | None = None
    previews: int = 0
    seed: int = 0
    moderation: str | None = None
    complexity: str | None = None
    input_fidelity: str | None = None
    references: tuple[Reference, ...] = ()
    mask: bytes | None = None  # a PNG: where it is transparent, the first reference is painted anew
    end_user: str = ""  # a hash that stands for the person, so that one person cannot burn the whole key


@dataclass(frozen=True, slots=True)
class Preview:
    """An unfinished state of the picture; `index` counts from 0."""

    index: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Painting:
    """The finished picture: the provider's bytes, untouched. `usage` is the provider's own, None if it sent none.

    `encoded` is the same picture as base64, where it came so: whoever passes it on need not make it again.
    """

    data: bytes
    usage: Mapping[str, Any] | None = None
    provider_request_id: str | None = None
    revised_description: str | None = None
    encoded: memoryview | None = field(default=None, repr=False, compare=False)


@dataclass(eq=False)
class EngineFailure(Exception):
    """How a call ended without a picture.

    `code` names an entry of `core.errors.PROBLEMS`, `params` fill its text; `detail` is what the provider said, with
    secrets masked; `usage` is what it reports as used.
    """

    code: str
    params: dict[str, Any] = field(default_factory=dict)
    detail: str = ""
    provider_request_id: str | None = None
    usage: Mapping[str, Any] | None = None

    def __str__(self) -> str:
        return f"{self.code}: {self.detail}" if self.detail else self.code


@dataclass(eq=False)
class Refused(EngineFailure):
    """Refused before any work.

    With `retry_after` (seconds) the picture goes back in the line and is not tried before. With `stops_line` nothing
    of this connection is tried until the administrator has put right what `code` says; the picture waits too.
    With neither, the request itself is at fault and the picture has failed, at no cost.
    """

    retry_after: float | None = None
    stops_line: bool = False


@dataclass(eq=False)
class Blocked(EngineFailure):
    """Refused by moderation; `stage` is "input", "output" or "" where the provider does not tell."""

    stage: str = ""
    categories: tuple[str, ...] = ()


@dataclass(eq=False)
class Failed(EngineFailure):
    """The provider said that it failed, or its answer is not a picture."""


@dataclass(eq=False)
class Unknown(EngineFailure):
    """Sent, and no whole answer: it may have been billed."""


class Engine(Protocol):
    """Paints one picture per call; many calls may run at once on one event loop."""

    def paint(self, job: Job) -> AsyncIterator[Preview | Painting]:
        """Yield previews, then exactly one painting; raise an EngineFailure instead of anything else."""
        ...

    async def close(self) -> None:
        """Release connections; called once, on the loop that painted."""
        ...
