"""Since when a picture is not spared"""

from alembic import op
import sqlalchemy as sa
import core.storage.tables


revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("images", schema=None) as batch_op:
        batch_op.add_column(sa.Column("spared_until", core.storage.tables.Moment(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("images", schema=None) as batch_op:
        batch_op.drop_column("spared_until")
