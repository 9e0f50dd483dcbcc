"""A browser tab as the server sees it: Streamlit's websocket and its own messages."""

import asyncio
import time
from typing import Self

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from benchmarks.processes import HOST
from core.api.auth import COOKIE

LONGEST_RUN = 30.0  # seconds
ENDED = (ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY)


class Tab:
    """`fragment_id` is the fragment that the page wants refreshed, if there is one."""

    def __init__(self, connection: ClientConnection):
        self._connection = connection
        self._page = ""
        self.fragment_id = ""

    @classmethod
    async def open(cls, port: int, token: str | None = None) -> Self:
        address = f"{HOST}:{port}"
        connection = await connect(
            f"ws://{address}/_stcore/stream",
            origin=Origin(f"http://{address}"),
            subprotocols=[Subprotocol("streamlit")],
            additional_headers={"Cookie": f"{COOKIE}={token}"} if token else None,
            max_size=None,
            compression=None,
            ping_interval=None,
            proxy=None,
        )
        return cls(connection)

    async def run(self) -> float:
        """Run the whole page; the seconds until it has ended."""
        return await self._ask(self._wish())

    async def refresh(self) -> float:
        """Run the fragment, as the browser does by itself every so often."""
        wish = self._wish()
        wish.rerun_script.fragment_id = self.fragment_id
        wish.rerun_script.is_auto_rerun = True
        return await self._ask(wish)

    async def close(self) -> None:
        await self._connection.close()

    def _wish(self) -> BackMsg:
        wish = BackMsg()
        wish.rerun_script.page_script_hash = self._page
        wish.rerun_script.context_info.locale = "en-GB"
        wish.rerun_script.context_info.timezone = "Europe/Paris"
        return wish

    async def _ask(self, wish: BackMsg) -> float:
        begun = time.perf_counter()
        async with asyncio.timeout(LONGEST_RUN):
            await self._connection.send(wish.SerializeToString())
            while not self._has_ended(await self._connection.recv(decode=False)):
                pass
        return time.perf_counter() - begun

    def _has_ended(self, data: bytes) -> bool:
        message = ForwardMsg.FromString(data)
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self._page = message.new_session.page_script_hash
        elif kind == "auto_rerun":
            self.fragment_id = message.auto_rerun.fragment_id
        elif kind == "session_event" and message.session_event.HasField("script_compilation_exception"):
            raise RuntimeError("the page cannot be run")
        elif kind == "delta" and message.delta.new_element.HasField("exception"):
            raise RuntimeError(f"the page broke off: {message.delta.new_element.exception.message}")
        return kind == "script_finished" and message.script_finished in ENDED
