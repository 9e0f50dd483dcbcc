"""The one problem of the demonstration."""

from core.i18n import mark
from core.problems.words import Text

PROBLEMS: dict[str, Text] = {
    "demo_not_fresh": Text(
        mark("Something has been ordered here already, and invented orders do not belong among real ones."),
        mark("Name an empty database with DATABASE_URL, or another folder with IMAGIER_DATA_DIR."),
        409,
    ),
}
