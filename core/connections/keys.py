"""The keys of connections, where the secret of the installation has been changed."""

from sqlalchemy import select

from core.storage.database import Database
from core.storage.tables import Connection
from core.storage.vault import UnreadableError, Vault


def renew_keys(database: Database, vault: Vault) -> None:
    """Seal with the newest secret what was sealed with an older one."""
    with database.read() as session:
        rows = session.execute(select(Connection.name, Connection.key_sealed)).all()
    old = [name for name, sealed in rows if sealed and vault.is_old(sealed)]
    if not old:
        return
    with database.write() as session:
        for row in session.scalars(select(Connection).where(Connection.name.in_(old))):
            try:
                row.key_sealed = vault.seal(vault.unseal(row.key_sealed or ""))
            except UnreadableError:
                continue  # the page says so, and asks for the key
