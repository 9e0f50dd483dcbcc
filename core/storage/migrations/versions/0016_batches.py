"""Batches"""

from alembic import op
import sqlalchemy as sa
import core.storage.tables


revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

BEFORE = "state IN ('queued', 'running',"
AFTER = "state IN ('queued', 'paused', 'running',"
REST = " 'done', 'failed', 'blocked', 'unknown', 'cancelled')"


def upgrade() -> None:
    op.create_table(
        "batches",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", core.storage.tables.Moment(timezone=True), nullable=False),
        sa.Column("paused_at", core.storage.tables.Moment(timezone=True), nullable=True),
        sa.Column("closed_at", core.storage.tables.Moment(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_batches_user_id_users"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batches")),
    )
    with op.batch_alter_table("batches", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_batches_user_id"), ["user_id"], unique=False)

    with op.batch_alter_table("requests", schema=None) as batch_op:
        batch_op.add_column(sa.Column("batch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True))
        batch_op.create_index(batch_op.f("ix_requests_batch_id"), ["batch_id"], unique=False)
    _change_states(BEFORE, AFTER)


def downgrade() -> None:
    op.execute("UPDATE images SET state = 'queued' WHERE state = 'paused'")
    _change_states(AFTER, BEFORE)
    with op.batch_alter_table("requests", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_requests_batch_id"))
        batch_op.drop_column("batch_id")

    with op.batch_alter_table("batches", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_batches_user_id"))

    op.drop_table("batches")


def _change_states(before: str, after: str) -> None:
    """SQLite would copy a million pictures to change a condition; its text is all that there is of one.

    https://sqlite.org/lang_altertable.html#otheralter tells how.
    """
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        op.drop_constraint(op.f("ck_images_state"), "images", type_="check")
        op.create_check_constraint(op.f("ck_images_state"), "images", after + REST)
        return
    version = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    connection.exec_driver_sql("PRAGMA writable_schema=ON")
    changed = connection.exec_driver_sql(
        "UPDATE sqlite_master SET sql = replace(sql, ?, ?) WHERE type = 'table' AND name = 'images' AND instr(sql, ?)",
        (before, after, before),
    )
    if changed.rowcount != 1:
        raise RuntimeError("the states of pictures are not those that were expected")
    connection.exec_driver_sql(f"PRAGMA schema_version={version + 1}")
    connection.exec_driver_sql("PRAGMA writable_schema=RESET")
