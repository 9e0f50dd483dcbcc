"""The secret key beside a backup. The keys of connections are encrypted with it, and are lost without it."""

import hashlib
import os
from pathlib import Path

from core.settings import Settings


def fingerprint(secret: bytes) -> str:
    """By which one sees whether it is the same key, and nothing else."""
    return hashlib.sha256(b"imagier backup\0" + secret).hexdigest()[:16]


def keep_secret(settings: Settings, secret: bytes) -> bool:
    """Put the key of the backup in place of this installation's own; False if a setting has another one."""
    if settings.secret_key is not None:
        return settings.secret() == secret
    settings.make_data_dir()
    path: Path = settings.data_dir / "secret_key"
    draft = path.with_name(".secret_key.restored")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(secret)
    draft.replace(path)
    return True
