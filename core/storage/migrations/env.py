"""Alembic's entry: it migrates on the connection that `core.storage.schema` hands over."""

from alembic import context

from core.storage.tables import Base
from core.storage.triggers import is_in_metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=True,  # SQLite changes a table by copying it
    transaction_per_migration=False,
    include_name=is_in_metadata,
)
with context.begin_transaction():
    context.run_migrations()
