"""Collections, notes and the bin"""

from alembic import op
import sqlalchemy as sa
import core.storage.tables


revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

KEPT = sa.text("image_url IS NOT NULL AND purged_at IS NULL")
REMAINS = sa.text("image_url IS NOT NULL AND purged_at IS NOT NULL")
IN_BIN = sa.text("deleted_at IS NOT NULL AND purged_at IS NULL")
OLD_KEPT = sa.text("image_url IS NOT NULL AND deleted_at IS NULL")
OLD_REMAINS = sa.text("image_url IS NOT NULL AND deleted_at IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "changes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("act", sa.String(length=16), nullable=False),
        sa.Column("created_at", core.storage.tables.Moment(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_changes_user_id_users"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_changes")),
    )
    with op.batch_alter_table("changes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_changes_created_at"), ["created_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_changes_user_id"), ["user_id"], unique=False)

    op.create_table(
        "collections",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("created_at", core.storage.tables.Moment(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_collections_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_collections")),
        sa.UniqueConstraint("user_id", "folded", name=op.f("uq_collections_user_id_folded")),
    )
    op.create_table(
        "change_effects",
        sa.Column("change_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("effect", sa.String(length=16), nullable=False),
        sa.Column("image_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("collection_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("moment", core.storage.tables.Moment(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["change_id"], ["changes.id"], name=op.f("fk_change_effects_change_id_changes"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["image_id"], ["images.id"], name=op.f("fk_change_effects_image_id_images"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("change_id", "effect", "image_id", name=op.f("pk_change_effects")),
    )
    op.create_table(
        "collection_pictures",
        sa.Column("collection_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("image_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("added_at", core.storage.tables.Moment(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["collection_id"],
            ["collections.id"],
            name=op.f("fk_collection_pictures_collection_id_collections"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["image_id"], ["images.id"], name=op.f("fk_collection_pictures_image_id_images"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("collection_id", "image_id", name=op.f("pk_collection_pictures")),
    )
    with op.batch_alter_table("collection_pictures", schema=None) as batch_op:
        batch_op.create_index("ix_collection_pictures_image_id", ["image_id"], unique=False)

    with op.batch_alter_table("images", schema=None) as batch_op:
        batch_op.add_column(sa.Column("note", sa.Text(), nullable=True))
        batch_op.add_column(
            sa.Column("deleted_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.add_column(sa.Column("purged_at", core.storage.tables.Moment(timezone=True), nullable=True))
        batch_op.create_index(
            "ix_images_bin", ["user_id", "deleted_at", "id"], sqlite_where=IN_BIN, postgresql_where=IN_BIN
        )
        batch_op.drop_index("ix_images_kept")
        batch_op.drop_index("ix_images_remains")
        batch_op.create_index("ix_images_kept", ["user_id", "finished_at"], sqlite_where=KEPT, postgresql_where=KEPT)
        batch_op.create_index("ix_images_remains", ["id"], sqlite_where=REMAINS, postgresql_where=REMAINS)

    # What was deleted before there was a bin was deleted for good.
    op.execute("UPDATE images SET purged_at = deleted_at WHERE deleted_at IS NOT NULL")


def downgrade() -> None:
    with op.batch_alter_table("images", schema=None) as batch_op:
        batch_op.drop_index("ix_images_bin")
        batch_op.drop_index("ix_images_kept")
        batch_op.drop_index("ix_images_remains")
        batch_op.create_index(
            "ix_images_kept", ["user_id", "finished_at"], sqlite_where=OLD_KEPT, postgresql_where=OLD_KEPT
        )
        batch_op.create_index("ix_images_remains", ["id"], sqlite_where=OLD_REMAINS, postgresql_where=OLD_REMAINS)
        batch_op.drop_column("purged_at")
        batch_op.drop_column("deleted_by")
        batch_op.drop_column("note")

    with op.batch_alter_table("collection_pictures", schema=None) as batch_op:
        batch_op.drop_index("ix_collection_pictures_image_id")

    op.drop_table("collection_pictures")
    op.drop_table("change_effects")
    op.drop_table("collections")
    with op.batch_alter_table("changes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_changes_user_id"))
        batch_op.drop_index(batch_op.f("ix_changes_created_at"))

    op.drop_table("changes")
