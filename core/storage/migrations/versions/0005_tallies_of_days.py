"""Tallies of days"""

from alembic import op
import sqlalchemy as sa
import core.storage.tables


revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    op.rename_table("tallies", "old_tallies")
    if not is_sqlite:
        op.execute("ALTER TABLE old_tallies RENAME CONSTRAINT pk_tallies TO pk_old_tallies")
    op.create_table(
        "tallies",
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("length", sa.String(length=8), nullable=False),
        sa.Column("since", core.storage.tables.Moment(timezone=True), nullable=False),
        sa.Column("pictures", sa.Integer(), nullable=False),
        sa.Column("cost_micros", sa.BigInteger(), nullable=False),
        sa.Column("reserved_micros", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "length", "since", name=op.f("pk_tallies")),
    )
    sums = "SUM(pictures), SUM(cost_micros), SUM(reserved_micros)"
    if is_sqlite:
        day = "strftime('%Y-%m-%d 00:00:00.000000', quarter)"
    else:
        day = "date_trunc('day', quarter AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'"
    for length, since in (("quarter", "quarter"), ("day", day)):
        rows = f"SELECT user_id, '{length}', {since}, {sums} FROM old_tallies GROUP BY user_id, {since}"
        op.execute(f"INSERT INTO tallies {rows}")
    op.drop_table("old_tallies")


def downgrade() -> None:
    op.execute("DELETE FROM tallies WHERE length = 'day'")
    with op.batch_alter_table("tallies", schema=None) as batch_op:
        batch_op.drop_constraint("pk_tallies", type_="primary")
        batch_op.drop_column("length")
        batch_op.alter_column("since", new_column_name="quarter")
        batch_op.create_primary_key("pk_tallies", ["user_id", "quarter"])
