"""Every problem that a person or a program can be told about, by its code; one module for each subject."""

from core.problems import (
    api,
    coming_in,
    connections,
    demo,
    improving,
    keeping,
    members,
    money,
    orders,
    painting,
    pictures,
    sharing,
    site,
)
from core.problems.words import CHOICES, Text

PROBLEMS: dict[str, Text] = {
    **api.PROBLEMS,
    **coming_in.PROBLEMS,
    **connections.PROBLEMS,
    **demo.PROBLEMS,
    **improving.PROBLEMS,
    **keeping.PROBLEMS,
    **members.PROBLEMS,
    **money.PROBLEMS,
    **orders.PROBLEMS,
    **painting.PROBLEMS,
    **pictures.PROBLEMS,
    **sharing.PROBLEMS,
    **site.PROBLEMS,
}

__all__ = ["CHOICES", "PROBLEMS", "Text"]
