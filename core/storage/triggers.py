"""What the database itself keeps and watches over, whoever writes to it.

The statements are repeated after every migration: SQLite changes a table by copying and dropping it, and its triggers
go with it. Names that begin with `search_` are not in our tables' metadata: each database has a way of its own.
"""

from sqlalchemy import Connection

from core.storage.shelves import COLUMNS, is_on_shelf, shelf

SEARCH = "search_"
WORDS = "search_words"  # PostgreSQL's index

_COLUMNS = "state, model, door, quality, connection, problem"
_OF_PICTURE = """SELECT NEW.state, model, door, coalesce(quality, ''), NEW.connection, coalesce(NEW.problem, '')
    FROM requests WHERE requests.id = NEW.request_id"""
_MATCHES = """k.state = NEW.state AND k.model = r.model AND k.door = r.door AND k.quality = coalesce(r.quality, '')
    AND k.connection = NEW.connection AND k.problem = coalesce(NEW.problem, '')"""
_FROM = "FROM requests r JOIN kinds k ON " + _MATCHES + " WHERE r.id = NEW.request_id"
_MOMENTS = (
    "INSERT",
    "UPDATE OF state, problem, connection, finished_at, user_id, favourite, deleted_at, deleted_by, purged_at, width,"
    " height",
)
_PLACES = ", ".join(COLUMNS)
# With a number, the word by which the descriptions of one person are told from the others: nobody can look for it,
# because no word that `core.storage.words` finds has this sign.
_PERSON = "\ue000"


def _on_shelf(is_sqlite: bool) -> str:
    return f"FROM requests r JOIN shelves s ON {is_on_shelf('s', 'NEW', 'r', is_sqlite)} WHERE r.id = NEW.request_id"


def _shelf(is_sqlite: bool) -> str:
    return f"SELECT {shelf('NEW', 'r', is_sqlite)} FROM requests r WHERE r.id = NEW.request_id"  # noqa: S608 - our own


def _words(row: str) -> str:
    return f"coalesce({row}.words, {row}.description) || ' {_PERSON}' || {row}.user_id"


_SQLITE = (
    # The record of acts is added to and never changed.
    *(
        f"""CREATE TRIGGER IF NOT EXISTS audit_no_{act.lower()} BEFORE {act} ON audit
        BEGIN SELECT RAISE(ABORT, 'the record of acts is never changed'); END"""
        for act in ("UPDATE", "DELETE")
    ),
    # A picture knows its kind, its shelf, and how long it took.
    "DROP TRIGGER IF EXISTS images_kind_insert",
    "DROP TRIGGER IF EXISTS images_kind_update",
    *(
        f"""CREATE TRIGGER images_kind_{moment[:6].lower()} AFTER {moment} ON images BEGIN
        INSERT INTO kinds ({_COLUMNS}) {_OF_PICTURE} AND NOT EXISTS (SELECT 1 {_FROM});
        INSERT INTO shelves ({_PLACES}) {_shelf(True)} AND NOT EXISTS (SELECT 1 {_on_shelf(True)});
        UPDATE images SET kind_id = (SELECT k.id {_FROM}), shelf_id = (SELECT s.id {_on_shelf(True)}),
        milliseconds = CAST(round((julianday(NEW.finished_at) - julianday(NEW.created_at)) * 86400000) AS INTEGER)
        WHERE id = NEW.id; END"""  # noqa: S608 - all of it stands here
        for moment in _MOMENTS
    ),
    # Descriptions are found by their words, and by the beginnings of words, of everybody or of one person.
    # What is kept as words is small letters and spaces, and what is not, plain ASCII (`core.storage.words`).
    *(
        f"DROP TRIGGER IF EXISTS {name}_{event}"
        for name in ("search_requests", "search_descriptions")
        for event in ("insert", "delete", "update")
    ),
    "DROP TABLE IF EXISTS search_requests",
    "DROP TABLE IF EXISTS search_descriptions",
    """CREATE VIRTUAL TABLE IF NOT EXISTS search_words USING fts5(words, content = '', detail = none,
    prefix = '1 2 3 4 5 6 7 8', tokenize = 'ascii')""",
    f"""CREATE TRIGGER IF NOT EXISTS search_words_insert AFTER INSERT ON requests BEGIN
    INSERT INTO search_words (rowid, words) VALUES (NEW.id, {_words("NEW")}); END""",  # noqa: S608 - our own
    f"""CREATE TRIGGER IF NOT EXISTS search_words_delete AFTER DELETE ON requests BEGIN
    INSERT INTO search_words (search_words, rowid, words)
    VALUES ('delete', OLD.id, {_words("OLD")}); END""",  # noqa: S608 - our own
    f"""CREATE TRIGGER IF NOT EXISTS search_words_update AFTER UPDATE OF description, words, user_id ON requests BEGIN
    INSERT INTO search_words (search_words, rowid, words) VALUES ('delete', OLD.id, {_words("OLD")});
    INSERT INTO search_words (rowid, words) VALUES (NEW.id, {_words("NEW")}); END""",  # noqa: S608 - our own
)
_FILLED = f"""INSERT INTO search_words (rowid, words)
SELECT id, {_words("requests")} FROM requests"""  # noqa: S608 - our own
_POSTGRESQL = (
    """CREATE OR REPLACE FUNCTION audit_is_never_changed() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'the record of acts is never changed'; END $$""",
    "DROP TRIGGER IF EXISTS audit_no_change ON audit",
    """CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_never_changed()""",
    f"""CREATE OR REPLACE FUNCTION images_kind() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    SELECT k.id INTO NEW.kind_id {_FROM};
    IF NOT FOUND THEN
        INSERT INTO kinds ({_COLUMNS}) {_OF_PICTURE} RETURNING id INTO NEW.kind_id;
    END IF;
    SELECT s.id INTO NEW.shelf_id {_on_shelf(False)};
    IF NOT FOUND THEN
        INSERT INTO shelves ({_PLACES}) {_shelf(False)} RETURNING id INTO NEW.shelf_id;
    END IF;
    NEW.milliseconds := round(extract(epoch FROM NEW.finished_at - NEW.created_at) * 1000);
    RETURN NEW; END $$""",  # noqa: S608 - all of it stands here
    "DROP TRIGGER IF EXISTS images_kind ON images",
    f"""CREATE TRIGGER images_kind BEFORE {" OR ".join(_MOMENTS)} ON images
    FOR EACH ROW EXECUTE FUNCTION images_kind()""",
    # The same words as SQLite's, and of those that are too long for an index, the beginning.
    "DROP INDEX IF EXISTS search_requests",
    "DROP INDEX IF EXISTS search_descriptions",
    "DROP FUNCTION IF EXISTS search_words(text)",
    "DROP FUNCTION IF EXISTS search_words(text, bigint)",
    f"""CREATE OR REPLACE FUNCTION search_folded(words text, user_id bigint) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 1000 AS $$ SELECT array_to_tsvector(array_append(ARRAY(
    SELECT DISTINCT left(word, 200) FROM regexp_split_to_table(
    lower(words COLLATE "C"), '[\\u0001-\\u002f\\u003a-\\u0060\\u007b-\\u007f]+') word WHERE word <> ''),
    '{_PERSON}' || user_id)) $$""",  # noqa: S608 - our own
    # At once, for a list of what is pending would be read by every search.
    """CREATE INDEX IF NOT EXISTS search_words ON requests USING gin (search_folded(coalesce(words, description),
    user_id)) WITH (fastupdate = off)""",
)


def person_word(user_id: int) -> str:
    """What the description of a person's request has among its words."""
    return f"{_PERSON}{user_id}"


def install(connection: Connection) -> None:
    """On today's tables; what is there already stays."""
    if connection.dialect.name == "postgresql":
        for statement in _POSTGRESQL:
            connection.exec_driver_sql(statement.replace("%", "%%"))
        return
    known = connection.exec_driver_sql("SELECT 1 FROM sqlite_master WHERE name = 'search_words'").first()
    for statement in _SQLITE:
        connection.exec_driver_sql(statement)
    if known is None:
        connection.exec_driver_sql(_FILLED)


def is_in_metadata(name: str | None, _type: str, _parents: object) -> bool:
    """What Alembic compares with our tables."""
    return name is None or not name.startswith(SEARCH)
