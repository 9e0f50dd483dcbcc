"""Who acts, from where and by which door: said where somebody comes in, read where an act is written down.

A service need not be handed the person for the sake of the record alone. Each run of a page, each call of the API and
each command says it anew, in a context of its own.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """`user_id` is None for nobody in particular: a visitor, the program itself, whoever sits at the terminal.

    `door` is "pages", "api", "terminal" or "worker"; `address` is that of the visitor, "" where there is none.
    """

    user_id: int | None = None
    login: str = ""
    address: str = ""
    door: str = "worker"


NOBODY = Actor()
_actor: ContextVar[Actor] = ContextVar("actor", default=NOBODY)


def actor() -> Actor:
    return _actor.get()


def revealed(user_id: int, login: str) -> Actor:
    """The visitor of this context, once it is known who that is."""
    return Actor(user_id, login, actor().address, actor().door)


def act_as(actor: Actor) -> None:
    """For the rest of this context: a run of a page, which ends with its thread's work."""
    _actor.set(actor)


@contextmanager
def acting(actor: Actor) -> Iterator[None]:
    """For as long as the block lasts."""
    token = _actor.set(actor)
    try:
        yield
    finally:
        _actor.reset(token)
