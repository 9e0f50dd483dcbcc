"""What is at risk"""

from alembic import op
import sqlalchemy as sa


revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

AT_RISK = sa.text(
    "settled_at IS NULL AND NOT (state != 'unknown'"
    " AND (state != 'done' OR cost_micros IS NOT NULL OR reserved_micros IS NULL))"
)


def upgrade() -> None:
    op.create_index("ix_images_at_risk", "images", ["created_at", "id"], sqlite_where=AT_RISK, postgresql_where=AT_RISK)


def downgrade() -> None:
    op.drop_index("ix_images_at_risk", "images")
