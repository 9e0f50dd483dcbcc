"""How the process starts, and how it ends: what cannot work says so in one sentence."""

import asyncio
import os
import re
import runpy
import signal
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from core import start
from core.services import build
from core.settings import Settings
from tests import nursery
from tests.browser.application import PYTHON_APP, ROOT, Application, free_port, until
from tests.browser.cast import Cast
from tests.patience import SECONDS

STREAMLIT = (sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py"))


def refused(application: Application) -> str:
    """What a start that fails says: one sentence, and nothing else."""
    application.make_folder()
    process = nursery.start(begin, application.folder, application.environment)
    process.join(SECONDS)
    assert process.exitcode == 1
    said = application.log.strip()
    assert "Traceback" not in said
    assert said.count("\n") == 0, said
    assert application.output == ""
    assert said.startswith("Imagier cannot start. ")
    assert said.endswith(".")
    return said.removeprefix("Imagier cannot start. ")


def begin(folder: Path, environment: dict[str, str]) -> None:
    """As `python app.py` in a process of its own."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for number, name in ((1, "output"), (2, "log")):
        os.dup2(os.open(folder / name, os.O_WRONLY | os.O_CREAT), number)
    runpy.run_path(PYTHON_APP[-1], run_name="__main__")


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("IMAGIER_PORT", "ninety", r"IMAGIER_PORT: .*integer.*"),
        ("IMAGIER_PORT", "70000", r"IMAGIER_PORT: .*65535.*"),
        ("IMAGIER_ADDRESS", "no.such.address.invalid", r"IMAGIER_ADDRESS: no\.such\.address\.invalid .*"),
        ("DATABASE_URL", "mysql://localhost/x", r"DATABASE_URL: must begin with sqlite:///FILE or postgresql://\."),
        ("DATABASE_URL", "nonsense", r"DATABASE_URL: must be an address such as .*"),
        ("DATABASE_URL", "sqlite:////proc/nowhere/imagier.db", r"DATABASE_URL: .* cannot be used .*"),
        ("IMAGIER_FILES_URL", "ftp://somewhere", r"IMAGIER_FILES_URL: must be a folder.*"),
        ("IMAGIER_FILES_URL", "/proc/nowhere", r"IMAGIER_FILES_URL: .*"),
        ("IMAGIER_SECRET_KEY", "short", r"IMAGIER_SECRET_KEY: needs at least 32 characters.*"),
        ("OPENAI_BASE_URL", "localhost:8080", r"OPENAI_BASE_URL: must be an address such as .*"),
        ("IMAGIER_LOG_LEVEL", "LOUD", r"IMAGIER_LOG_LEVEL: .*"),
        ("OPENAI_API_KEY_FILE", "/nowhere/key", r"OPENAI_API_KEY_FILE: the file /nowhere/key cannot be read\."),
    ],
)
def test_a_setting_that_cannot_be_used_ends_the_start(tmp_path: Path, name: str, value: str, sentence: str) -> None:
    application = Application(tmp_path)
    application.environment[name] = value
    said = refused(application)
    assert re.fullmatch(sentence, said), said


def test_a_port_that_is_taken_ends_the_start(tmp_path: Path) -> None:
    application = Application(tmp_path)
    with socket.create_server(("127.0.0.1", application.port)):
        said = refused(application)
    assert said == (
        f"IMAGIER_PORT: 127.0.0.1:{application.port} cannot be used (Address already in use); "
        "stop the program that has it, or set another port."
    )


def test_a_data_folder_that_cannot_be_written_ends_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    said = refused(Application(tmp_path, IMAGIER_DATA_DIR=str(tmp_path / "file" / "data")))
    assert said == (
        f"IMAGIER_DATA_DIR: {tmp_path}/file/data cannot be written (Not a directory); "
        "give this user the right to, or set another folder."
    )


def test_a_database_of_a_newer_program_ends_the_start(tmp_path: Path, sqlite_template: Path) -> None:
    application = Application(tmp_path)
    Cast(application.data, sqlite_template).close()
    with sqlite3.connect(application.data / "imagier.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    said = refused(application)
    assert "The database is newer than this program" in said
    assert "9999" in said


def test_a_file_that_is_no_database_ends_the_start(tmp_path: Path) -> None:
    application = Application(tmp_path)
    application.data.mkdir()
    (application.data / "imagier.db").write_text("not a database, but long enough to be looked at" * 100)
    assert "file is not a database" in refused(application)


def test_a_postgresql_that_does_not_answer_ends_the_start_and_its_password_is_not_told(tmp_path: Path) -> None:
    address = f"postgresql://imagier:very-secret@127.0.0.1:{free_port()}/imagier"
    said = refused(Application(tmp_path, DATABASE_URL=address))
    assert said.startswith("DATABASE_URL: postgresql")
    assert "very-secret" not in said


def test_it_starts_again_on_what_it_left_and_on_postgresql_as_well(tmp_path: Path, postgresql_server: str) -> None:
    from tests import postgresql

    address = postgresql.create_database(postgresql_server, f"start_{os.getpid()}")
    for _ in range(2):
        with Application(tmp_path, DATABASE_URL=address) as application:
            assert application.status("/readyz") == 200


def test_ctrl_c_ends_it_without_a_traceback(tmp_path: Path) -> None:
    with Application(tmp_path) as application:
        assert application.process is not None
        application.process.send_signal(signal.SIGINT)
        application.process.wait(SECONDS)
    assert "Traceback" not in application.log
    assert application.lines[-1]["message"] == "stopped"


def listening(application: Application) -> set[str]:
    """The addresses on which the process listens."""
    import psutil

    assert application.process is not None
    connections = psutil.Process(application.process.pid).net_connections("tcp")
    return {one.laddr.ip for one in connections if one.status == "LISTEN" and one.laddr.port == application.port}


def test_it_listens_to_this_machine_alone_and_ends_at_once_with_a_log_of_json_lines(tmp_path: Path) -> None:
    with Application(tmp_path, IMAGIER_PREVEIWS="3") as application:
        assert listening(application) == {"127.0.0.1"}
        assert b"<title>" in application.get("/")[2]
        assert application.status("/healthz") == 200
        assert application.process is not None
        application.process.send_signal(signal.SIGTERM)
        assert application.process.wait(SECONDS) == 0
    said = [line["message"] for line in application.lines]
    assert said[-1] == "stopped"
    assert "IMAGIER_PREVEIWS is no setting; is IMAGIER_PREVIEWS meant?" in said
    assert "set-up code" not in application.log
    assert application.output == ""


def test_started_by_streamlit_it_listens_to_this_machine_alone_too(tmp_path: Path) -> None:
    application = Application(tmp_path)
    application.command = (*STREAMLIT, f"--server.port={application.port}")
    with application:
        assert listening(application) == {"127.0.0.1"}
        assert b"<title>" in application.get("/")[2]
    assert "set-up code" not in application.log
    assert all(isinstance(line["message"], str) for line in application.lines)


def test_the_set_up_code_is_written_once_where_others_can_reach_the_server(tmp_path: Path) -> None:
    with Application(tmp_path, IMAGIER_ADDRESS="0.0.0.0") as application:
        assert listening(application) == {"0.0.0.0"}
    assert application.log.count("set-up code: ") == 1
    cast = Cast(application.data)
    cast.join("Ada", "admin")
    cast.close()
    application.start()
    application.stop()
    assert application.log.count("set-up code: ") == 1


def test_streamlit_listening_everywhere_asks_for_the_code_too(tmp_path: Path) -> None:
    application = Application(tmp_path)
    application.command = (*STREAMLIT, f"--server.port={application.port}", "--server.address=0.0.0.0")
    with application:
        assert application.log.count("set-up code: ") == 1


def test_streamlit_run_ends_with_the_same_sentence(tmp_path: Path) -> None:
    application = Application(tmp_path, IMAGIER_LOG_LEVEL="LOUD")
    application.command = (*STREAMLIT, f"--server.port={application.port}")
    application.spawn()
    assert application.end() != 0
    assert "Imagier cannot start. IMAGIER_LOG_LEVEL: " in application.log
    assert "Traceback" not in application.log


def test_two_processes_that_start_together_on_one_folder_both_work(tmp_path: Path) -> None:
    first, second = Application(tmp_path / "one"), Application(tmp_path / "two")
    second.environment["IMAGIER_DATA_DIR"] = str(first.data)
    first.spawn()
    second.spawn()
    try:
        until(lambda: first.status("/readyz") == second.status("/readyz") == 200, "both")
    finally:
        assert [first.stop(), second.stop()] == [0, 0]


def test_a_python_that_is_too_old_is_told_so_before_anything_else() -> None:
    source = (ROOT / "app.py").read_text("utf-8")
    pretended = source.replace("sys.version_info < (3, 11)", "True", 1)
    assert pretended != source
    ended = subprocess.run([sys.executable, "-c", pretended], capture_output=True, text=True, cwd=ROOT, timeout=SECONDS)
    assert ended.returncode == 1
    assert re.fullmatch(r"Imagier needs Python 3\.11 or newer; this is \d\.\d+\.\n", ended.stderr)


def test_no_piece_of_an_answer_waits_until_the_one_before_is_acknowledged(tmp_path: Path) -> None:
    """Over a socket that was made as Streamlit makes it, for which asyncio does not see to that."""
    services = build(Settings.load(_env_file=None, IMAGIER_DATA_DIR=tmp_path), [])

    async def accepted(listening: socket.socket) -> int:
        async with start.lifespan(services)(None):
            with socket.create_connection(listening.getsockname()):
                came, _ = listening.accept()
                with came:
                    return came.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)

    with socket.socket(socket.AF_INET) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        assert asyncio.run(accepted(listening)) != 0
