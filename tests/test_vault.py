"""Keys at rest: sealed with the installation's secret, and with nothing else to be read."""

import pytest

from core.settings import Settings
from core.storage.vault import UnreadableError, Vault

OLD, NEW = b"o" * 32, b"n" * 32
KEY = "sk-a-key-of-a-provider"


def test_what_is_sealed_shows_nothing_and_is_read_again() -> None:
    vault = Vault([OLD])
    sealed = vault.seal(KEY)
    assert KEY not in sealed
    assert sealed != vault.seal(KEY)
    assert vault.unseal(sealed) == KEY


def test_another_secret_reads_nothing_and_the_old_one_beside_it_everything() -> None:
    sealed = Vault([OLD]).seal(KEY)
    with pytest.raises(UnreadableError):
        Vault([NEW]).unseal(sealed)
    both = Vault([NEW, OLD])
    assert both.unseal(sealed) == KEY
    assert both.is_old(sealed)
    assert not both.is_old(both.seal(KEY))


def test_what_somebody_changed_on_the_disk_is_not_read() -> None:
    sealed = Vault([OLD]).seal(KEY)
    for tampered in (sealed[:40] + "AAAA" + sealed[44:], "", "nonsense", sealed[:10]):
        with pytest.raises(UnreadableError):
            Vault([OLD]).unseal(tampered)


def test_the_settings_name_the_newest_secret_first() -> None:
    settings = Settings.load(
        _env_file=None, IMAGIER_SECRET_KEY="n" * 32, IMAGIER_SECRET_KEY_OLD=f"{'o' * 32}, {'p' * 32},"
    )
    assert settings.secrets() == (b"n" * 32, b"o" * 32, b"p" * 32)
    assert "o" * 32 not in repr(settings)
