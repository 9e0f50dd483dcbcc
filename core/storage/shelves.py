"""What a picture's shelf is, in the words of each database, for the triggers that put it there.

A done picture has the shape that it has; one that is not, the shape that was asked for.
"""

COLUMNS = ("state", "model", "shape", "favourite", "place")


def shelf(row: str, request: str, is_sqlite: bool) -> str:
    """Values for the columns `COLUMNS`, of a row of `images` and its request."""
    return ", ".join(_values(row, request, is_sqlite))


def is_on_shelf(shelves: str, row: str, request: str, is_sqlite: bool) -> str:
    values = zip(COLUMNS, _values(row, request, is_sqlite), strict=True)
    return " AND ".join(f"{shelves}.{column} = {value}" for column, value in values)


def _values(row: str, request: str, is_sqlite: bool) -> tuple[str, ...]:
    bin_of = f"CASE WHEN {row}.deleted_by = {row}.user_id THEN 'bin' ELSE 'taken' END"
    gone = f"CASE WHEN {row}.purged_at IS NOT NULL THEN 'gone' ELSE {bin_of} END"
    place = f"CASE WHEN {row}.deleted_at IS NULL THEN '' ELSE {gone} END"
    return f"{row}.state", f"{request}.model", _shape(row, request, is_sqlite), f"{row}.favourite", place


def _shape(row: str, request: str, is_sqlite: bool) -> str:
    size = f"{request}.size"
    if is_sqlite:
        asked = (
            f"CAST(substr({size}, 1, instr({size}, 'x') - 1) AS INTEGER)",
            f"CAST(substr({size}, instr({size}, 'x') + 1) AS INTEGER)",
        )
    else:
        is_size = f"{size} ~ '^[0-9]{{1,5}}x[0-9]{{1,5}}$'"
        asked = (
            f"CASE WHEN {is_size} THEN split_part({size}, 'x', 1)::int END",
            f"CASE WHEN {is_size} THEN split_part({size}, 'x', 2)::int END",
        )
    width, height = f"coalesce({row}.width, {asked[0]}, 0)", f"coalesce({row}.height, {asked[1]}, 0)"
    return f"""CASE WHEN {width} * {height} = 0 THEN '' WHEN {width} = {height} THEN 'square'
    WHEN {width} * 5 >= {height} * 8 THEN 'wide' WHEN {height} * 5 >= {width} * 8 THEN 'tall'
    WHEN {width} > {height} THEN 'landscape' ELSE 'portrait' END"""
