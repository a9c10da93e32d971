"""A server that answers in bytes nobody should send, for tests: raw sockets on loopback, by host and path."""

import asyncio
import gzip
import threading
import zlib
from contextlib import contextmanager, suppress

import brotli
from backports import zstd

OK = b"HTTP/1.1 200 OK\r\n"
HTML = b"Content-Type: text/html; charset=utf-8\r\n"
CHUNKED = OK + HTML + b"Transfer-Encoding: chunked\r\n\r\n"
BLOCK = 64 * 1024


def answer(body=b"", *headers, status=b"200 OK", length=None):
    """A whole response; `length`: what it says of itself, if that is not true."""
    said = b"" if length == b"" else b"Content-Length: %s\r\n" % (str(len(body)).encode() if length is None else length)
    kind = b"" if any(header.lower().startswith(b"content-type") for header in headers) else HTML
    more = b"".join(header + b"\r\n" for header in headers)
    return b"HTTP/1.1 %s\r\n" % status + kind + said + more + b"Connection: close\r\n\r\n" + body


def endless(head, piece, seconds=0.0):
    """Sends `head`, then `piece` until the other side goes."""

    async def send(writer):
        writer.write(head)
        while True:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(seconds)

    return send


def gzip_bomb(blocks):
    """A gzip of 16 MB of nothing, `blocks` times, in 16 kB each: 640 are 10 MB that hold 10 GB."""
    packer = zlib.compressobj(9, wbits=31)
    head = packer.compress(b"") + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(b"\0" * 16 * 1024 * 1024) + packer.flush(zlib.Z_FULL_FLUSH)
    return head + block * blocks


def nested_gzip(depth, inner=b"\0" * 1024 * 1024):
    for _ in range(depth):
        inner = gzip.compress(inner, 1)
    return inner


def encoded(body, *codings):
    return answer(body, *(b"Content-Encoding: " + coding for coding in codings))


def redirects(count):
    """/to/1 leads to /to/2 and so on; the last to itself."""
    return {
        f"/to/{number}": answer(b"", b"Location: /to/%d" % min(number + 1, count), status=b"302 Found")
        for number in range(1, count + 1)
    }


#: What a server may send → the answer: bytes, or what writes them. Every one of them fails or is refused.
ANSWERS = {
    "endless-body": endless(answer(length=b""), b"x" * BLOCK),
    "slow-body": endless(answer(length=b"1000000"), b"x", 0.05),
    "large-header": endless(OK + b"X-Large: ", b"x" * BLOCK),
    "many-headers": OK + b"".join(b"X-Many-%d: x\r\n" % number for number in range(100_000)) + b"\r\n",
    "large-status": b"HTTP/1.1 200 " + b"O" * 1024 * 1024 + b"\r\n\r\n",
    "endless-status": endless(b"HTTP/1.1 200 ", b"O" * BLOCK),
    "slow-headers": endless(OK, b"X", 0.05),
    "continue-for-ever": endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000),
    "hints-for-ever": endless(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", 0.01),
    "gzip-bomb": encoded(gzip_bomb(32), b"gzip"),
    "deflate-bomb": encoded(zlib.compress(b"\0" * 64 * 1024 * 1024, 9), b"deflate"),
    "raw-deflate-bomb": encoded(zlib.compress(b"\0" * 64 * 1024 * 1024, 9)[2:-4], b"deflate"),
    "br-bomb": encoded(brotli.compress(b"\0" * 64 * 1024 * 1024, quality=1), b"br"),
    "zstd-bomb": encoded(zstd.compress(b"\0" * 256 * 1024 * 1024), b"zstd"),
    "nested-bomb": encoded(nested_gzip(2, gzip_bomb(64)), b"gzip, gzip, gzip"),
    "nested-gzip": encoded(nested_gzip(42), b"gzip" + b", gzip" * 41),
    "two-headers": encoded(nested_gzip(2, gzip_bomb(64)), b"gzip", b"gzip, gzip"),
    "thousand-codings": encoded(nested_gzip(3), *[b", ".join([b"gzip"] * 100)] * 10),
    "no-gzip": encoded(b"this is no gzip" * 1000, b"gzip"),
    "length-too-large": answer(b"x" * 1000, length=b"5000"),
    "length-negative": answer(b"x" * 1000, length=b"-5"),
    "length-of-words": answer(b"x" * 1000, length=b"many"),
    "two-lengths": answer(b"x" * 1000, b"Content-Length: 5"),
    "length-huge": answer(b"x" * 1000, length=b"9" * 30),
    "chunk-of-2-64": CHUNKED + b"10000000000000000\r\nx",
    "chunk-of-2-63": CHUNKED + b"7fffffffffffffff\r\n" + b"x" * 1000,
    "endless-extension": endless(CHUNKED + b"5;", b"x" * BLOCK),
    "endless-chunks": endless(CHUNKED, b"1\r\nx\r\n" * 1000),
    "endless-trailers": endless(CHUNKED + b"5\r\nhello\r\n0\r\n", b"X-Trailer: x\r\n" * 1000),
    "endless-redirects": answer(b"", b"Location: /to/1", status=b"302 Found"),
    "redirect-to-itself": answer(b"", b"Location: /a/redirect-to-itself", status=b"302 Found"),
    "redirect-with-endless-body": endless(
        answer(b"", b"Location: /to/1", status=b"302 Found", length=b""), b"x" * BLOCK
    ),
    "nothing": b"",
    "no-http": b"SSH-2.0-OpenSSH_9.2\r\n",
}


class Hostile:
    """Answers by "host/path" or by the path alone; what it does not know is 404, as every robots.txt is."""

    def __init__(self):
        self.routes = {f"/a/{name}": given for name, given in ANSWERS.items()} | redirects(100)
        self.hits = []
        self.connections = 0
        self.url = ""

    async def serve(self, reader, writer):
        self.connections += 1
        with suppress(OSError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            path = head.split(" ", 2)[1]
            host = next(line[5:].strip() for line in head.split("\r\n") if line.lower().startswith("host:"))
            self.hits.append(f"{host}{path}")
            given = self.routes.get(f"{host}{path}", self.routes.get(path))
            if callable(given):
                await given(writer)
            else:
                writer.write(answer(status=b"404 Not Found") if given is None else given)
                await writer.drain()
        writer.close()


@contextmanager
def hostile_server():
    """A Hostile on a free port, in a thread with a loop of its own."""
    server, ready, stop = Hostile(), threading.Event(), None

    async def main():
        nonlocal stop
        listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
        server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        loop, done = asyncio.get_running_loop(), asyncio.Event()
        stop = lambda: loop.call_soon_threadsafe(done.set)  # noqa: E731
        ready.set()
        await done.wait()
        listening.close()
        under_way = asyncio.all_tasks() - {asyncio.current_task()}
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)

    thread = threading.Thread(target=lambda: asyncio.run(main()))
    thread.start()
    ready.wait()
    try:
        yield server
    finally:
        stop()
        thread.join()
