"""`python -m core` as its user meets it: real databases, a real terminal, and real processes where they matter."""

import contextvars
import io
import os
import pty
import re
import select
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy import text

from core.__main__ import main
from core.accounts import passwords
from core.accounts.people import People
from core.errors import explain
from core.i18n import Reader
from core.settings import Settings
from core.storage.database import Database
from tests.patience import SECONDS

ROOT = Path(__file__).parents[1]
PASSWORD = "the lake was green in June"
ADD = ("user", "add", "--password-stdin")
COMMANDS = [
    ["user", "add"],
    ["user", "password"],
    ["user", "disable"],
    ["user", "enable"],
    ["user", "role"],
    ["user", "invite"],
    ["user", "reset"],
    ["user", "list"],
    ["backup"],
    ["restore"],
    ["limit"],
    ["export"],
    ["reconcile"],
    ["status"],
]


@pytest.fixture
def fresh(tmp_path: Path) -> dict[str, str]:
    """A data folder that does not exist yet."""
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "error",
        "LANG": "en_US.UTF-8",
        "IMAGIER_DATA_DIR": str(tmp_path / "data"),
    }


@pytest.fixture
def environment(fresh: dict[str, str], database_url: str) -> dict[str, str]:
    return {**fresh, "DATABASE_URL": database_url}


@pytest.fixture
def here(fresh: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same in this process, for what needs no process of its own."""
    monkeypatch.chdir(tmp_path)
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    for name in ("LANG", "IMAGIER_DATA_DIR"):
        monkeypatch.setenv(name, fresh[name])


def run(
    environment: dict[str, str], *arguments: str, typed: bytes = PASSWORD.encode() + b"\n"
) -> subprocess.CompletedProcess[str]:
    """From a folder without `.env`; standard input is `typed`. In this process: to start one takes a second."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8") for _ in range(2))
    with pytest.MonkeyPatch.context() as instead:
        for name in list(os.environ):
            instead.delenv(name)
        for name, value in environment.items():
            instead.setenv(name, value)
        instead.chdir(Path(environment["IMAGIER_DATA_DIR"]).parent)
        instead.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(typed), "utf-8"))
        instead.setattr(sys, "stdout", out)
        instead.setattr(sys, "stderr", err)
        instead.setattr(passwords, "COST", 4)
        status = contextvars.copy_context().run(main, arguments)
    said = []
    for stream in (out, err):
        stream.flush()
        said.append(stream.buffer.getvalue().decode())
    return subprocess.CompletedProcess(arguments, status, *said)


def add(environment: dict[str, str], login: str, kind: str = "user") -> subprocess.CompletedProcess[str]:
    return run(environment, *ADD, login, "--name", login.title(), "--type", kind)


def refused(done: subprocess.CompletedProcess[str]) -> str:
    """The one line that a refused command says."""
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    return done.stderr.strip()


def test_an_account_is_made_on_a_fresh_folder_and_only_its_id_is_printed(fresh: dict[str, str]) -> None:
    folder = Path(fresh["IMAGIER_DATA_DIR"])
    done = subprocess.run(
        [sys.executable, "-m", "core", *ADD, "ada", "--name", "Ada", "--type", "admin"],
        env=fresh,
        input=PASSWORD.encode() + b"\n",
        capture_output=True,
        cwd=folder.parent,
        timeout=SECONDS,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"1\n", b"")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert add(fresh, "bob").stdout == "2\n"


def test_the_life_of_an_account(environment: dict[str, str], settings: Settings) -> None:
    database = Database(environment["DATABASE_URL"])
    people = People(database, settings)
    assert add(environment, "ada", "admin").returncode == 0
    assert add(environment, "bob").returncode == 0
    changed = run(
        environment, "user", "password", "BOB", "--password-stdin", typed="l'été était à Nîmes\r\nrest".encode()
    )
    assert (changed.returncode, changed.stdout, changed.stderr) == (0, "", "")
    assert passwords.matches("l'été était à Nîmes", people.existing("bob").password)
    assert run(environment, "user", "disable", "bob").returncode == 0
    assert people.existing("bob").disabled_at is not None
    listed = run(environment, "user", "list").stdout.splitlines()
    assert [line.split("\t") for line in listed] == [
        ["1", "ada", "admin", "active", "Ada"],
        ["2", "bob", "user", "disabled", "Bob"],
    ]
    assert run(environment, "user", "enable", "bob").returncode == 0
    assert people.existing("bob").disabled_at is None
    database.close()


def test_what_is_refused_is_one_sentence(environment: dict[str, str]) -> None:
    add(environment, "ada", "admin")
    assert "already taken" in refused(add(environment, "Ada"))
    assert "cannot be a sign-in name" in refused(add(environment, "ada lovelace"))
    assert "There is no account “eve”" in refused(run(environment, "user", "disable", "eve"))
    assert "last administrator" in refused(run(environment, "user", "disable", "ada"))
    weak = run(environment, "user", "password", "ada", "--password-stdin", typed=b"password1\n")
    assert "one of the first" in refused(weak)


@pytest.mark.parametrize(
    "typed", [b"", b"\n", b"\xff\xfe\xff\xfe\xff\xfe\xff\xfe\n", b"\0" * 20 + b"\n", b"x" * 1_000_000]
)
def test_what_is_no_password_is_refused(fresh: dict[str, str], typed: bytes) -> None:
    done = run(fresh, *ADD, "ada", "--name", "Ada", "--type", "admin", typed=typed)
    assert "password" in refused(done)


@pytest.mark.parametrize(
    ("variables", "language"),
    [
        ({"LANG": "fr_FR.UTF-8"}, "fr"),
        ({"LANG": "fr_FR.UTF-8", "LC_ALL": "en_GB.UTF-8"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "C"}, "en"),
        ({"LANG": ""}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "../../x"}, "en"),
    ],
)
def test_the_sentence_is_in_the_language_of_the_environment(
    here: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    variables: dict[str, str],
    language: str,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert main(["user", "disable", "eve"]) == 1
    assert capsys.readouterr().err.strip() == explain(Reader(language), "no_such_user", {"login": "eve"})


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["user"],
        ["nonsense"],
        ["user", "add"],
        ["user", "add", "ada", "--name", "Ada"],
        ["user", "add", "ada", "--name", "Ada", "--type", "root"],
        ["user", "add", "ada", "--name", "Ada", "--type", "admin", "--password", "secret"],
        ["user", "add", "ada", "--name", "Ada", "--type", "admin"],  # nobody is at a terminal
        ["user", "password", "ada"],
        ["status", "more"],
    ],
)
def test_a_wrong_usage_is_status_2(
    here: None, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "usage: python -m core" in said.err
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("arguments", [[], ["user"], *COMMANDS])
def test_help_is_everywhere_and_has_an_example(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([*arguments, "--help"])
    assert caught.value.code == 0
    said = capsys.readouterr().out
    assert "\n  python -m core " in said.split("Examples:")[1]


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"IMAGIER_PORT": "ninety"}, "IMAGIER_PORT"),
        ({"DATABASE_URL": "mysql://localhost/imagier"}, "DATABASE_URL"),
        ({"DATABASE_URL": "postgresql://imagier:tell-nobody@127.0.0.1:1/imagier"}, "DATABASE_URL"),
        ({"IMAGIER_DATA_DIR": "/dev/null/data"}, "IMAGIER_DATA_DIR"),
        ({"DATABASE_URL": "sqlite:////nowhere/imagier.db"}, "DATABASE_URL"),
    ],
)
def test_a_setting_that_cannot_work_is_one_sentence(
    here: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    variables: dict[str, str],
    words: str,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert main(["status"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert words in said.err
    assert "tell-nobody" not in said.err


def test_a_database_of_a_newer_program_is_refused(
    environment: dict[str, str],
    here: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("DATABASE_URL", environment["DATABASE_URL"])
    database = Database(environment["DATABASE_URL"])
    with database.write() as transaction:
        transaction.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()
    assert main(["user", "list"]) == 1
    assert "newer than this program" in capsys.readouterr().err


def test_the_status_says_what_is_there_and_no_secret(environment: dict[str, str]) -> None:
    add(environment, "ada", "admin")
    secrets = {
        "OPENAI_API_KEY": "sk-canary-0123456789",
        "IMAGIER_SECRET_KEY": "canary-secret-key-of-thirty-two-characters",
    }
    if environment["DATABASE_URL"].startswith("postgresql"):
        address = environment["DATABASE_URL"].replace("imagier@", "imagier:canary-password@")
        secrets["DATABASE_URL"] = address + "?application_name=canary-name"
    done = run({**environment, **secrets}, "status")
    assert (done.returncode, done.stderr) == (0, "")
    lines = dict(line.split(": ", 1) for line in done.stdout.splitlines())
    assert list(lines) == ["Version", "Database", "Revision", "Accounts", "Pictures", "Files"]
    assert lines["Database"].startswith(environment["DATABASE_URL"].split(":")[0].split("+")[0])
    assert lines["Accounts"].startswith("1,")
    assert lines["Files"] == "reachable"
    assert "canary" not in done.stdout


def test_the_status_says_that_the_files_are_out_of_reach(fresh: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    done = run({**fresh, "IMAGIER_FILES_URL": str(tmp_path / "file" / "pictures")}, "status")
    assert done.returncode == 1
    assert "Files: not reachable: " in done.stdout
    assert done.stderr == ""


def test_the_heavy_libraries_of_the_pages_are_not_needed() -> None:
    code = "import sys, core.__main__; print({'streamlit', 'openai', 'PIL', 'pandas'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=SECONDS)
    assert (done.stdout, done.stderr) == ("set()\n", "")


class Terminal:
    """A person at a real terminal."""

    def __init__(self, environment: dict[str, str], *arguments: str):
        self.said = ""
        self._answered = 0
        self.pid, self._line = pty.fork()
        if self.pid == 0:
            os.chdir(Path(environment["IMAGIER_DATA_DIR"]).parent)
            os.execve(sys.executable, [sys.executable, "-m", "core", *arguments], environment)

    def wait_for(self, words: str) -> None:
        while words not in self.said[self._answered :]:
            ready, _, _ = select.select([self._line], [], [], 30)
            assert ready, f"waited for {words!r}, got {self.said!r}"
            self.said += os.read(self._line, 1_024).decode()
        self._answered = self.said.index(words, self._answered) + len(words)

    def type(self, text: str) -> None:
        os.write(self._line, text.encode())

    def status(self) -> int:
        """Read to the end; a terminal ends with an error on Linux."""
        try:
            while data := os.read(self._line, 1_024):
                self.said += data.decode()
        except OSError:
            pass
        os.close(self._line)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def test_at_a_terminal_the_password_is_asked_twice_and_never_shown(fresh: dict[str, str], settings: Settings) -> None:
    terminal = Terminal(fresh, "user", "add", "ada", "--name", "Ada", "--type", "admin")
    terminal.wait_for("Password: ")
    terminal.type(PASSWORD + "\n")
    terminal.wait_for("again: ")
    terminal.type("something else\n")
    terminal.wait_for("Once more")
    for question in ("Password: ", "again: "):
        terminal.wait_for(question)
        terminal.type(PASSWORD + "\n")
    assert terminal.status() == 0
    assert terminal.said.strip().endswith("1")
    assert PASSWORD not in terminal.said
    database = Database(f"sqlite:///{Path(fresh['IMAGIER_DATA_DIR']) / 'imagier.db'}")
    assert passwords.matches(PASSWORD, People(database, settings).existing("ada").password)
    database.close()


def test_an_interruption_leaves_nothing_behind(fresh: dict[str, str]) -> None:
    terminal = Terminal(fresh, "user", "add", "ada", "--name", "Ada", "--type", "admin")
    terminal.wait_for("Password: ")
    terminal.type("\x03")
    assert terminal.status() == 130
    assert "Traceback" not in terminal.said
    assert run(fresh, "user", "list").stdout == ""


def test_links_are_printed_alone_and_begin_with_the_address_of_the_site(environment: dict[str, str]) -> None:
    add(environment, "ada", "admin")
    environment = {**environment, "IMAGIER_URL": "https://imagier.example.org/"}
    invited = run(environment, "user", "invite", "--uses", "3", "--limit", "pictures-per-day=5")
    assert re.fullmatch(r"https://imagier\.example\.org/\?invite=[\w-]{43}\n", invited.stdout)
    reset = run(environment, "user", "reset", "ada")
    assert re.fullmatch(r"https://imagier\.example\.org/\?reset=[\w-]{43}\n", reset.stdout)
    assert (invited.stderr, reset.stderr) == ("", "")
    assert "last administrator" in refused(run(environment, "user", "role", "ada", "user"))


def test_a_backup_is_a_private_file_that_is_restored_elsewhere(environment: dict[str, str], tmp_path: Path) -> None:
    add(environment, "ada", "admin")
    file = tmp_path / "backup"
    made = run(environment, "backup", str(file))
    assert (made.returncode, made.stdout) == (0, "")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "The secret key is not in it." in made.stderr
    elsewhere = {**environment, "IMAGIER_DATA_DIR": str(tmp_path / "elsewhere"), "DATABASE_URL": ""}
    assert run(elsewhere, "restore", str(file)).returncode == 0
    assert run(elsewhere, "user", "list").stdout == "1\tada\tadmin\tactive\tAda\n"
    assert "accounts here already" in refused(run(elsewhere, "restore", str(file)))
    assert "directory" in refused(run(elsewhere, "restore", str(tmp_path)))
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(file.read_bytes()))
    writer.start()
    assert run({**elsewhere, "IMAGIER_DATA_DIR": str(tmp_path / "third")}, "restore", str(pipe)).returncode == 0
    writer.join()
    assert "No space left on device" in refused(run(environment, "backup", "/dev/full"))
    assert Path("/dev/full").is_char_device()
