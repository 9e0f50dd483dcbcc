"""Where the test server keeps its pictures for those answers that name an address."""

import asyncio

from tests.images_api import picture
from tests.images_http import chunk, head, trickled, whole


async def serve_picture(path: str, writer: asyncio.StreamWriter, picture_bytes: int) -> None:
    """Answer a GET; which paths there are stands with the fault "url"."""
    data = picture("64x64", "png", 1, picture_bytes, False)
    kind, _, rest = path.removeprefix("/").partition("?" if "?" in path else "/")
    if kind == "redirect":
        target = f"/redirect/{int(rest) - 1}" if int(rest) > 1 else "/picture.png"
        writer.write(whole(302, b"", {"Location": target}))
    elif kind == "redirect-to":
        writer.write(whole(302, b"", {"Location": rest}))
    elif kind == "nowhere":
        writer.write(whole(302, b"", {}))
    elif kind == "words":
        writer.write(whole(200, b"these are words", {"Content-Type": "image/png"}))
    elif kind == "slow":
        writer.write(head(200, {"Content-Length": str(len(data))}))
        async for piece in trickled(data, 0.05):
            writer.write(piece)
            await writer.drain()
    elif kind == "slow-head":
        async for piece in trickled(whole(200, data, {}), 0.05):
            writer.write(piece)
            await writer.drain()
    elif kind == "huge":
        writer.write(head(200, {"Transfer-Encoding": "chunked"}) + chunk(data))
        for _ in range(4096):
            writer.write(chunk(bytes(1 << 20)))
            await writer.drain()
    elif kind == "picture.png":
        writer.write(whole(200, data, {"Content-Type": "image/png"}))
    else:
        writer.write(whole(404, b"no such picture", {}))
