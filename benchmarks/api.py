"""A call through Imagier beside the same call without it.

Both sides are `AsyncOpenAI(max_retries=0).images.generate`, until its answer is read and parsed: one is pointed at the
test server, which answers without delay in a process of its own, the other at Imagier, a process of its own too, which
checks the token and the limits, writes the order down, asks the test server, keeps the picture, and answers. Its
thumbnails are made when it is quiet; between two measurements of many callers they are waited for. Beside the time of
a call stands the processor time that it took Imagier's process, which other programs disturb least, and the time until
the first preview of a stream.
"""

import time

import psutil

from benchmarks.figures import median, report
from benchmarks.overhead import CALLERS, CALLS, CALLS_IN_A_ROUND, ROUNDS, SIZES, Bare, timed
from benchmarks.processes import end_tidily, free_port, images_server, imagier, provider, temporary_folder, wait_for
from benchmarks.studio import PASSWORD, build
from core.services import Services
from tests.images_server import KEY

LONGEST_WAIT = 120.0  # seconds
LOOK_EVERY = 0.05  # seconds between two looks for what has no thumbnails yet


def measure(services: Services, process: psutil.Process, bare: Bare, through: Bare, size: str) -> None:
    bare_seconds, through_seconds = [], []
    for turn in range(CALLS + 2):
        bare_taken = timed(lambda: bare.one(0))
        through_taken = timed(lambda: through.one(0))
        if turn > 1:  # the first ones load code and open connections
            bare_seconds.append(bare_taken)
            through_seconds.append(through_taken)
    report(f"one caller, {size}", median(through_seconds) * 1000, "ms", median(bare_seconds) * 1000)
    wait_until_quiet(services)
    bare_rates, through_rates, busy = [], [], []
    for _ in range(ROUNDS):
        bare_rates.append(CALLS_IN_A_ROUND / timed(lambda: bare.many(0)))
        before = processor_seconds(process)
        through_rates.append(CALLS_IN_A_ROUND / timed(lambda: through.many(0)))
        busy.append((processor_seconds(process) - before) / CALLS_IN_A_ROUND)
        wait_until_quiet(services)
    report(f"{CALLERS} callers, {size}", median(through_rates), "pictures/s", median(bare_rates))
    report(f"{CALLERS} callers, {size}, processor time of a call", median(busy) * 1000, "ms")


def measure_previews(services: Services, bare: Bare, through: Bare, size: str) -> None:
    """From the call of a stream until its first preview is there."""
    bare_seconds, through_seconds = [], []
    for turn in range(CALLS + 2):
        bare_taken, through_taken = bare.first_preview(), through.first_preview()
        if turn > 1:
            bare_seconds.append(bare_taken)
            through_seconds.append(through_taken)
    figure = f"one caller, {size}, until the first preview"
    report(figure, median(through_seconds) * 1000, "ms", median(bare_seconds) * 1000)
    wait_until_quiet(services)


def processor_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def wait_until_quiet(services: Services) -> None:
    """Until every picture has its thumbnails."""
    until = time.perf_counter() + LONGEST_WAIT
    while any(services.files.list("receipts")):
        if time.perf_counter() > until:
            raise TimeoutError("thumbnails are missing")
        time.sleep(LOOK_EVERY)


def main() -> None:
    end_tidily()
    for size, picture_bytes in SIZES.items():
        with temporary_folder() as folder, images_server(folder, picture_bytes=picture_bytes) as base_url:
            port = free_port()
            settings = {**provider(base_url), "IMAGIER_PAINTER": "false", "IMAGIER_API_CALLS_PER_MINUTE": "100000"}
            services = build(folder, settings)
            user_id = services.people.create_administrator("ada", "Ada", PASSWORD).id
            token = services.tokens.make(user_id, "benchmark")
            with imagier(folder, port, settings) as process:
                wait_for(port, "/readyz", process)
                bare, through = Bare(base_url, KEY), Bare(f"http://127.0.0.1:{port}/api/v1", token)
                measure(services, process, bare, through, size)
                measure_previews(services, bare, through, size)
                bare.close()
                through.close()
            services.database.close()


if __name__ == "__main__":
    main()
