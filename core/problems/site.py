"""Problems of the site's settings."""

from core.i18n import mark
from core.problems.words import Text

PROBLEMS: dict[str, Text] = {
    "setting_impossible": Text(
        mark("“{value}” cannot be set for {choice}; nothing was changed."), mark("It takes: {allowed}.")
    ),
}
