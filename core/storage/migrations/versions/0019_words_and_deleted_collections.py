"""Words that are looked for, and collections that can be brought back"""

from alembic import op
import sqlalchemy as sa
import core.storage.tables

from core.storage.words import folded


revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

BATCH = 5_000


def upgrade() -> None:
    with op.batch_alter_table("requests", schema=None) as batch_op:
        batch_op.add_column(sa.Column("words", sa.Text(), nullable=True))
    with op.batch_alter_table("collections", schema=None) as batch_op:
        batch_op.add_column(sa.Column("deleted_at", core.storage.tables.Moment(timezone=True), nullable=True))
    _fill()


def _fill() -> None:
    """Of the descriptions that the databases cannot take apart themselves."""
    connection, last = op.get_bind(), 0
    page = sa.text("SELECT id, description FROM requests WHERE id > :last ORDER BY id LIMIT :batch")
    while rows := connection.execute(page, {"last": last, "batch": BATCH}).all():
        last = rows[-1].id
        values = [{"row": it.id, "words": folded(it.description)} for it in rows if not it.description.isascii()]
        if values:
            connection.execute(sa.text("UPDATE requests SET words = :words WHERE id = :row"), values)


def downgrade() -> None:
    with op.batch_alter_table("collections", schema=None) as batch_op:
        batch_op.drop_column("deleted_at")
    with op.batch_alter_table("requests", schema=None) as batch_op:
        batch_op.drop_column("words")
