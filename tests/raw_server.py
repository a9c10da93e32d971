"""A server on loopback that answers in bytes, as no HTTP library would: for bodies that break half-way."""

import asyncio
import socket
import struct
import threading
from contextlib import contextmanager, suppress

RESET = object()  # at the end of an answer: the connection is reset, not closed
FOR_EVER = object()  # the piece before it again and again

_SLOW = 0.05  # seconds between two pieces


@contextmanager
def serving(one, tls=None):
    """The port on which `one`, of reader and writer, is called for each connection, in a thread with its own loop."""
    ready, facts = threading.Event(), {}

    async def main():
        server = await asyncio.start_server(one, "127.0.0.1", 0, ssl=tls)
        facts.update(port=server.sockets[0].getsockname()[1], loop=asyncio.get_running_loop(), stop=asyncio.Event())
        ready.set()
        await facts["stop"].wait()
        server.close()

    thread = threading.Thread(target=lambda: asyncio.run(main()))
    thread.start()
    ready.wait()
    try:
        yield facts["port"]
    finally:
        facts["loop"].call_soon_threadsafe(facts["stop"].set)
        thread.join()


@contextmanager
def raw_server(answer_of, tls=None):
    """Its address. `answer_of`: (host, path) → pieces of bytes, the last perhaps RESET or FOR_EVER."""

    async def one(reader, writer):
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            host = next(line[6:] for line in head if line.lower().startswith("host: "))
            await _write(writer, answer_of(host, head[0].split(" ")[1]))
        writer.close()

    with serving(one, tls) as port:
        yield f"http://127.0.0.1:{port}"


async def _write(writer, pieces):
    last = b""
    for piece in pieces:
        if piece is RESET:
            # Linger for no time: what is closed is reset.
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
            return
        while piece is FOR_EVER:
            writer.write(last)
            await writer.drain()
            await asyncio.sleep(_SLOW)
        writer.write(piece)
        await writer.drain()
        last = piece


def whole(body, *headers, status="200 OK"):
    """An answer as it should be."""
    body = body.encode() if isinstance(body, str) else body
    lines = (f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers)
    return ["\r\n".join(lines).encode() + b"\r\n\r\n" + body]
