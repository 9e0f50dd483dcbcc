"""What the database itself keeps and watches over, whoever writes to it.

The statements are repeated after every migration: SQLite changes a table by copying and dropping it, and its triggers
go with it. Names that begin with `search_` are not in our tables' metadata: each database has a way of its own.
"""

from sqlalchemy import Connection

SEARCH = "search_"

_COLUMNS = "state, model, door, quality, connection, problem"
_OF_PICTURE = """SELECT NEW.state, model, door, coalesce(quality, ''), NEW.connection, coalesce(NEW.problem, '')
    FROM requests WHERE requests.id = NEW.request_id"""
_MATCHES = """k.state = NEW.state AND k.model = r.model AND k.door = r.door AND k.quality = coalesce(r.quality, '')
    AND k.connection = NEW.connection AND k.problem = coalesce(NEW.problem, '')"""
_FROM = "FROM requests r JOIN kinds k ON " + _MATCHES + " WHERE r.id = NEW.request_id"
_MOMENTS = ("INSERT", "UPDATE OF state, problem, connection, finished_at")

_SQLITE = (
    # The record of acts is added to and never changed.
    *(
        f"""CREATE TRIGGER IF NOT EXISTS audit_no_{act.lower()} BEFORE {act} ON audit
        BEGIN SELECT RAISE(ABORT, 'the record of acts is never changed'); END"""
        for act in ("UPDATE", "DELETE")
    ),
    # A picture knows its kind, and how long it took.
    *(
        f"""CREATE TRIGGER IF NOT EXISTS images_kind_{moment[:6].lower()} AFTER {moment} ON images BEGIN
        INSERT INTO kinds ({_COLUMNS}) {_OF_PICTURE} AND NOT EXISTS (SELECT 1 {_FROM});
        UPDATE images SET kind_id = (SELECT k.id {_FROM}),
        milliseconds = CAST(round((julianday(NEW.finished_at) - julianday(NEW.created_at)) * 86400000) AS INTEGER)
        WHERE id = NEW.id; END"""  # noqa: S608 - all of it stands here
        for moment in _MOMENTS
    ),
    # Descriptions are found by their words.
    """CREATE VIRTUAL TABLE IF NOT EXISTS search_requests USING fts5(
    description, content = 'requests', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2')""",
    """CREATE TRIGGER IF NOT EXISTS search_requests_insert AFTER INSERT ON requests BEGIN
    INSERT INTO search_requests (rowid, description) VALUES (NEW.id, NEW.description); END""",
    """CREATE TRIGGER IF NOT EXISTS search_requests_delete AFTER DELETE ON requests BEGIN
    INSERT INTO search_requests (search_requests, rowid, description)
    VALUES ('delete', OLD.id, OLD.description); END""",
    """CREATE TRIGGER IF NOT EXISTS search_requests_update AFTER UPDATE OF description ON requests BEGIN
    INSERT INTO search_requests (search_requests, rowid, description) VALUES ('delete', OLD.id, OLD.description);
    INSERT INTO search_requests (rowid, description) VALUES (NEW.id, NEW.description); END""",
)
_FILLED = "INSERT INTO search_requests (search_requests) VALUES ('rebuild')"
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
    NEW.milliseconds := round(extract(epoch FROM NEW.finished_at - NEW.created_at) * 1000);
    RETURN NEW; END $$""",  # noqa: S608 - all of it stands here
    "DROP TRIGGER IF EXISTS images_kind ON images",
    f"""CREATE TRIGGER images_kind BEFORE {" OR ".join(_MOMENTS)} ON images
    FOR EACH ROW EXECUTE FUNCTION images_kind()""",
    # Without accents, in small letters, and without the signs that the parser would take for parts of an address.
    r"""CREATE OR REPLACE FUNCTION search_words(description text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT to_tsvector('simple'::regconfig, translate(
    regexp_replace(lower(normalize(description, NFKD)), '[\u0300-\u036f]', '', 'g'),
    '-_./:@#&=+?%~*<>', '                ')) $$""",
    "CREATE INDEX IF NOT EXISTS search_requests ON requests USING gin (search_words(description))",
)


def install(connection: Connection) -> None:
    """On today's tables; what is there already stays."""
    if connection.dialect.name == "postgresql":
        for statement in _POSTGRESQL:
            connection.exec_driver_sql(statement.replace("%", "%%"))
        return
    known = connection.exec_driver_sql("SELECT 1 FROM sqlite_master WHERE name = 'search_requests'").first()
    for statement in _SQLITE:
        connection.exec_driver_sql(statement)
    if known is None:
        connection.exec_driver_sql(_FILLED)


def is_in_metadata(name: str | None, _type: str, _parents: object) -> bool:
    """What Alembic compares with our tables."""
    return name is None or not name.startswith(SEARCH)
