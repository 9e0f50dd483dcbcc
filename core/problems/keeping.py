"""Problems of backups."""

from core.i18n import mark
from core.problems.words import Text

PROBLEMS: dict[str, Text] = {
    "backup_damaged": Text(
        mark("This file is no whole backup of Imagier: it is damaged, cut off or something else."),
        mark("Nothing was restored. Use another copy of it."),
    ),
    "backup_too_new": Text(
        mark("This backup was made by a newer version (its revision {revision} is unknown here)."),
        mark("Nothing was restored. Install that version or a later one, and restore with it."),
    ),
    "restore_not_empty": Text(
        mark("There are accounts here already, and a backup replaces everything."),
        mark("Restore into an empty database and an empty folder: set DATABASE_URL or IMAGIER_DATA_DIR."),
        409,
    ),
    "restore_failed": Text(
        mark("The backup could not be restored: {reason}."), mark("Nothing was restored. Put that right and try again.")
    ),
    "backup_failed": Text(
        mark("The backup could not be made: {reason}."), mark("Put that right and try again; there is no file.")
    ),
    "backup_to_terminal": Text(
        mark("A backup is no text for a screen."), mark("Name a file, or lead it elsewhere with > or |.")
    ),
}
