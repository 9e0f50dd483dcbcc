"""Links that show a picture"""

from alembic import op
import sqlalchemy as sa
import core.storage.tables


revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "shares",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("image_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("token_sealed", sa.Text(), nullable=False),
        sa.Column("password", sa.Text(), nullable=True),
        sa.Column("with_description", sa.Boolean(), nullable=False),
        sa.Column("created_at", core.storage.tables.Moment(timezone=True), nullable=False),
        sa.Column("ends_at", core.storage.tables.Moment(timezone=True), nullable=True),
        sa.Column("revoked_at", core.storage.tables.Moment(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["image_id"], ["images.id"], name=op.f("fk_shares_image_id_images"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_shares_user_id_users"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shares")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_shares_token_hash")),
    )
    op.create_index("ix_shares_image_id", "shares", ["image_id"])
    op.create_index("ix_shares_user_id", "shares", ["user_id"])
    op.add_column("images", sa.Column("hidden_at", core.storage.tables.Moment(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("images", "hidden_at")
    op.drop_index("ix_shares_user_id", "shares")
    op.drop_index("ix_shares_image_id", "shares")
    op.drop_table("shares")
