"""What was ordered, and what came of it."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.storage.tables.accounts import User
from core.storage.tables.base import Base, Key
from core.storage.words import kept_words

WAITING = ("queued", "paused")  # nothing was sent yet
UNDER_WAY = (*WAITING, "running")
KEPT = text("image_url IS NOT NULL AND purged_at IS NULL")
REMAINS = text("image_url IS NOT NULL AND purged_at IS NOT NULL")
IN_BIN = text("deleted_at IS NOT NULL AND purged_at IS NULL")
AT_RISK = text(
    "settled_at IS NULL AND NOT (state != 'unknown'"
    " AND (state != 'done' OR cost_micros IS NOT NULL OR reserved_micros IS NULL))"
)


class Connection(Base):
    """The line to one provider: what an administrator has set up, and how it stands.

    `kind` is NULL where the environment says what the connection is; `stopped_code` says why nothing is tried any
    more, if so; `paused_at`, that an administrator wants it so. `revision` is new after every change of what an
    engine is made of.
    """

    __tablename__ = "connections"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    stopped_code: Mapped[str | None] = mapped_column(String(64))
    stopped_detail: Mapped[str] = mapped_column(server_default="")
    stopped_request_id: Mapped[str | None]  # the provider's
    stopped_at: Mapped[datetime | None]
    not_before: Mapped[datetime | None]  # the provider asked for patience
    slowed_at: Mapped[datetime | None]  # when it last said that it was too much, and what has held since
    slowed_at_once: Mapped[int | None]
    slowed_accepted: Mapped[int | None]
    paused_at: Mapped[datetime | None]
    position: Mapped[int | None]  # of several that offer a model, the one with the smallest draws it
    revision: Mapped[str] = mapped_column(String(32), server_default="")
    kind: Mapped[str | None] = mapped_column(String(16))
    base_url: Mapped[str | None]
    key_sealed: Mapped[str | None]
    organisation: Mapped[str | None]
    project: Mapped[str | None]
    images_per_minute: Mapped[int | None]
    at_once: Mapped[int | None]
    deadline: Mapped[float | None]  # seconds
    models: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))  # none: those of the catalogue


def _words(context: DefaultExecutionContext) -> str | None:
    values: dict[str, str] = context.get_current_parameters()  # type: ignore[no-untyped-call]
    return kept_words(values["description"])


class Request(Base):
    """What a person asked for, once; it has one image row for each picture."""

    __tablename__ = "requests"
    __table_args__ = (
        Index("ix_requests_user_id_id", "user_id", "id"),
        Index("ix_requests_user_id_fingerprint", "user_id", "fingerprint"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    description: Mapped[str]
    words: Mapped[str | None] = mapped_column(default=_words)  # of the description, as they are looked for
    created_at: Mapped[datetime] = mapped_column(index=True)
    door: Mapped[str] = mapped_column(String(16))  # "pages" or "api"
    connection: Mapped[str] = mapped_column(String(64))
    model: Mapped[str] = mapped_column(String(128))
    size: Mapped[str | None] = mapped_column(String(16))
    quality: Mapped[str | None] = mapped_column(String(16))
    number: Mapped[int]
    background: Mapped[str | None] = mapped_column(String(16))
    output_format: Mapped[str | None] = mapped_column(String(16))
    output_compression: Mapped[int | None]
    previews: Mapped[int]
    fingerprint: Mapped[str | None] = mapped_column(String(64))  # the same for orders that ask for the same picture
    parent_id: Mapped[int | None] = mapped_column(Key, index=True)  # the picture that this one was made after
    relation: Mapped[str | None] = mapped_column(String(16))  # "final", "variation" or "change" of it
    moderation: Mapped[str | None] = mapped_column(String(16))
    complexity: Mapped[str | None] = mapped_column(String(16))
    input_fidelity: Mapped[str | None] = mapped_column(String(16))
    mask_key: Mapped[str | None] = mapped_column(index=True)  # the file that says which part to paint anew
    token_id: Mapped[int | None] = mapped_column(Key, index=True)  # what it was ordered with; it outlives a token
    batch_id: Mapped[int | None] = mapped_column(Key, index=True)

    user: Mapped[User] = relationship()
    images: Mapped[list["Image"]] = relationship(back_populates="request", order_by="Image.id")
    references: Mapped[list["Reference"]] = relationship(order_by="Reference.position")


class Reference(Base):
    """A picture that a request starts from; its bytes are in the files under `file_key`."""

    __tablename__ = "request_references"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("requests.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]
    name: Mapped[str]
    file_key: Mapped[str] = mapped_column(index=True)
    media_type: Mapped[str] = mapped_column(String(32))
    width: Mapped[int]
    height: Mapped[int]
    image_id: Mapped[int | None] = mapped_column(Key)  # the picture of the gallery that it was taken from


class Image(Base):
    """One picture: the unit of work, of money and of failure, and at most one call that may be billed.

    `image_url` is where the file lies, relative to IMAGIER_FILES_URL. A retry is a new row (`retry_of`).
    """

    __tablename__ = "images"
    __table_args__ = (
        CheckConstraint(
            "state IN ('queued', 'paused', 'running', 'done', 'failed', 'blocked', 'unknown', 'cancelled')",
            name="state",
        ),
        # The line and the leases are looked at many times a second. Not a partial index: SQLite uses one only where
        # the condition is written out, and ours are bound.
        Index("ix_images_connection_state_id_user_id", "connection", "state", "id", "user_id"),
        Index("ix_images_state_lease_until", "state", "lease_until"),
        # The usage of a day that is not over.
        Index("ix_images_created_at", "created_at"),
        # The gallery's page: one person's pictures, newest first.
        Index("ix_images_user_id_state_id", "user_id", "state", "id"),
        # What is kept, by its age; what is in the bin; and what was purged while its files are still there, which is
        # soon nothing.
        Index("ix_images_kept", "user_id", "finished_at", sqlite_where=KEPT, postgresql_where=KEPT),
        Index("ix_images_bin", "user_id", "deleted_at", "id", sqlite_where=IN_BIN, postgresql_where=IN_BIN),
        Index("ix_images_remains", "id", sqlite_where=REMAINS, postgresql_where=REMAINS),
        # The administrator's list, in any order and narrowed down to any kinds.
        Index("ix_images_created_at_id", "created_at", "id", "shelf_id", "request_id"),
        Index("ix_images_cost_micros_id", "cost_micros", "id", "shelf_id", "created_at", "request_id"),
        Index("ix_images_milliseconds_id", "milliseconds", "id"),
        Index("ix_images_kind_id_created_at_id", "kind_id", "created_at", "id"),
        Index("ix_images_kind_id_cost_micros_id", "kind_id", "cost_micros", "id"),
        Index("ix_images_kind_id_milliseconds_id", "kind_id", "milliseconds", "id"),
        # A view of the gallery: along its order, with all that it may be narrowed down by; and shelf by shelf.
        Index("ix_images_user_id_created_at", "user_id", "created_at", "id", "shelf_id", "request_id"),
        Index("ix_images_user_id_cost", "user_id", "cost_micros", "id", "shelf_id", "created_at", "request_id"),
        Index("ix_images_user_id_shelf_id", "user_id", "shelf_id", "created_at", "id"),
        Index("ix_images_shelf_id", "shelf_id", "created_at", "id"),
        # What an administrator has to settle, a handful of a million; core.ledger.risk writes the condition out.
        Index("ix_images_at_risk", "created_at", "id", sqlite_where=AT_RISK, postgresql_where=AT_RISK),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("requests.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    image_url: Mapped[str | None]
    created_at: Mapped[datetime]
    position: Mapped[int]
    retry_of: Mapped[int | None] = mapped_column(ForeignKey("images.id", ondelete="SET NULL"), unique=True)
    token_id: Mapped[int | None] = mapped_column(Key, index=True)  # who pays
    connection: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16))
    seed: Mapped[int] = mapped_column(BigInteger())
    worker: Mapped[str | None] = mapped_column(String(64))
    lease_until: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    previews_seen: Mapped[int] = mapped_column(server_default="0")
    media_type: Mapped[str | None] = mapped_column(String(32))
    width: Mapped[int | None]
    height: Mapped[int | None]
    size_in_bytes: Mapped[int | None]
    placeholder: Mapped[str | None]  # a data URI of a few dozen bytes
    has_thumbnails: Mapped[bool] = mapped_column(server_default=text("false"))
    favourite: Mapped[bool] = mapped_column(server_default=text("false"))  # kept whatever its age
    spared_until: Mapped[datetime | None]  # when it stopped being a favourite, came back from the bin, or to its person
    revised_description: Mapped[str | None]
    provider_request_id: Mapped[str | None]
    usage: Mapped[dict[str, Any] | None]
    cost_micros: Mapped[int | None] = mapped_column(BigInteger())  # NULL: cannot be computed
    reserved_micros: Mapped[int | None] = mapped_column(BigInteger())  # held until the cost is known; NULL: unpriced
    counted: Mapped[bool] = mapped_column(server_default=text("false"))  # among its person's pictures
    price_id: Mapped[int | None] = mapped_column(ForeignKey("prices.id"))
    settled_at: Mapped[datetime | None]  # an administrator said whether an unknown one was billed
    settled_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    problem: Mapped[str | None] = mapped_column(String(64))  # a code of core.errors
    problem_params: Mapped[dict[str, Any] | None]
    problem_detail: Mapped[str | None]  # what the provider said
    note: Mapped[str | None]  # its person's own
    deleted_at: Mapped[datetime | None]  # in the bin: nobody sees it, and it can be brought back
    deleted_by: Mapped[int | None] = mapped_column(Key)  # who put it there
    purged_at: Mapped[datetime | None]  # deleted for good: its files go, and the row stays for the ledger
    hidden_at: Mapped[datetime | None]  # an administrator took it out of its owner's links

    # Kept by the database itself (core.storage.triggers), whoever writes the row:
    kind_id: Mapped[int | None]
    shelf_id: Mapped[int | None]
    milliseconds: Mapped[int | None] = mapped_column(BigInteger())  # from the order to the end

    request: Mapped[Request] = relationship(back_populates="images")


class Kind(Base):
    """What pictures have in common: there are a few hundred kinds, so what a list is narrowed down to is found at once.

    "" where a picture has none of it.
    """

    __tablename__ = "kinds"
    __table_args__ = (UniqueConstraint("state", "model", "door", "quality", "connection", "problem"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(String(16))
    model: Mapped[str] = mapped_column(String(128))
    door: Mapped[str] = mapped_column(String(16))
    quality: Mapped[str] = mapped_column(String(16))
    connection: Mapped[str] = mapped_column(String(64))
    problem: Mapped[str] = mapped_column(String(64))


class Shelf(Base):
    """Where a picture stands in a gallery: pictures of one shelf have all in common that a view is narrowed down by.

    `shape` is "" where there are no measures; `place` is "bin" for what its person deleted, "taken" for what
    somebody else did, and "gone" for what nothing brings back.
    """

    __tablename__ = "shelves"
    __table_args__ = (UniqueConstraint("state", "model", "shape", "favourite", "place"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(String(16))
    model: Mapped[str] = mapped_column(String(128))
    shape: Mapped[str] = mapped_column(String(16))
    favourite: Mapped[bool]
    place: Mapped[str] = mapped_column(String(8))


class Attempt(Base):
    """One call to an engine. Rate limits are counted here, so a call that was refused counts too."""

    __tablename__ = "attempts"
    __table_args__ = (
        Index("ix_attempts_connection_started_at", "connection", "started_at"),
        Index("ix_attempts_started_at", "started_at"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    image_id: Mapped[int] = mapped_column(ForeignKey("images.id", ondelete="CASCADE"), index=True)
    connection: Mapped[str] = mapped_column(String(64))
    worker: Mapped[str] = mapped_column(String(64))
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(16))  # the image's state after it, or "refused"
    problem: Mapped[str | None] = mapped_column(String(64))
    provider_request_id: Mapped[str | None]
