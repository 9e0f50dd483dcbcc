"""Suggestions for a description"""

from alembic import op
import sqlalchemy as sa
import core.storage.tables


revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

AT_RISK = sa.text(
    "settled_at IS NULL AND (state = 'unknown'"
    " OR (state = 'done' AND cost_micros IS NULL AND reserved_micros IS NOT NULL))"
)


def upgrade() -> None:
    op.create_table(
        "improvements",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", core.storage.tables.Moment(timezone=True), nullable=False),
        sa.Column("finished_at", core.storage.tables.Moment(timezone=True), nullable=True),
        sa.Column("connection", sa.String(length=64), nullable=False),
        sa.Column("model", sa.String(length=128), nullable=False),
        sa.Column("original", sa.Text(), nullable=False),
        sa.Column("suggestion", sa.Text(), nullable=True),
        sa.Column("replaced", sa.Text(), nullable=True),
        sa.Column("closed_at", core.storage.tables.Moment(timezone=True), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("problem", sa.String(length=64), nullable=True),
        sa.Column("problem_params", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("provider_request_id", sa.Text(), nullable=True),
        sa.Column("usage", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("cost_micros", sa.BigInteger(), nullable=True),
        sa.Column("reserved_micros", sa.BigInteger(), nullable=True),
        sa.Column("price_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("settled_at", core.storage.tables.Moment(timezone=True), nullable=True),
        sa.Column("settled_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["price_id"], ["prices.id"], name=op.f("fk_improvements_price_id_prices")),
        sa.ForeignKeyConstraint(["settled_by"], ["users.id"], name=op.f("fk_improvements_settled_by_users")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_improvements_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_improvements")),
    )
    with op.batch_alter_table("improvements", schema=None) as batch_op:
        batch_op.create_index(
            "ix_improvements_at_risk",
            ["created_at"],
            unique=False,
            sqlite_where=AT_RISK,
            postgresql_where=AT_RISK,
        )
        batch_op.create_index(batch_op.f("ix_improvements_created_at"), ["created_at"], unique=False)
        batch_op.create_index("ix_improvements_user_id_id", ["user_id", "id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("improvements", schema=None) as batch_op:
        batch_op.drop_index("ix_improvements_user_id_id")
        batch_op.drop_index(batch_op.f("ix_improvements_created_at"))
        batch_op.drop_index(
            "ix_improvements_at_risk",
            sqlite_where=AT_RISK,
            postgresql_where=AT_RISK,
        )

    op.drop_table("improvements")
