# SPDX-License-Identifier: Apache-2.0
"""HTTP/1.1 as the runtime writes it, read byte by byte and judged strictly; answers are whatever bytes a case wants."""
import asyncio, base64, fcntl, json, re, socket, struct, termios

BASE = "/2018-06-01/runtime"
REQUEST_LINE = re.compile(r"(GET|POST) (/[!-~]*) HTTP/1\.1")
FIELD = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+): ?([^\x00-\x08\x0a-\x1f\x7f]*)")
ERROR_TYPE = re.compile(r"(Runtime|Function)\.[A-Z][A-Za-z]+")
TRAILERS = ["lambda-runtime-function-error-type", "lambda-runtime-function-error-body"]
MAX_CAUSE = 1024 * 1024
LIMIT = 1024 * 1024


class Gone(Exception):
    """The connection ended where more was due."""


class Connection:
    """One connection of the runtime. Requests are put into the trial's queue, one after the other."""

    def __init__(self, number, reader, writer):
        self.number, self.reader, self.writer, self.open = number, reader, writer, True
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    async def send(self, data):
        try:
            self.writer.write(data)
            await self.writer.drain()
        except OSError as problem:
            raise Gone(f"connection {self.number}: {problem}") from problem

    def close(self):
        self.open = False
        self.writer.close()

    def half_close(self):
        self.writer.write_eof()

    async def close_known(self):
        """Closed, and the other side's system has been told: it has acknowledged all that went out, the FIN too."""
        self.half_close()
        s = self.writer.get_extra_info("socket")
        while struct.unpack("i", fcntl.ioctl(s.fileno(), termios.TIOCOUTQ, bytes(4)))[0]:
            await asyncio.sleep(0.001)
        self.close()

    def reset(self):
        """RST instead of FIN."""
        s = self.writer.get_extra_info("socket")
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.open = False
        self.writer.transport.abort()


class Request:
    """A request whose header has been read. read() takes the body; answer() lets the connection go on to its next one."""

    def __init__(self, connection, head):
        self.connection, self.head, self.body, self.trailers, self.read_whole = connection, head, b"", [], False
        self.answered, self.size, self.chunks = asyncio.Event(), 0, 0
        lines = head.decode("latin-1").split("\r\n")[:-2]
        self.line, self.faults, self.fields = lines[0], [], []
        self.judge_syntax(lines)

    def judge_syntax(self, lines):
        matched = REQUEST_LINE.fullmatch(lines[0])
        self.method, self.path = matched.groups() if matched else ("", "")
        if not matched:
            self.faults.append(f"request line {lines[0]!r}")
        for line in lines[1:]:
            matched = FIELD.fullmatch(line)
            if matched:
                self.fields.append((matched[1], matched[2].strip()))
            else:
                self.faults.append(f"field line {line!r}")

    def all(self, name):
        return [v for n, v in self.fields if n.lower() == name.lower()]

    def field(self, name):
        found = self.all(name)
        return found[0] if found else None

    @property
    def chunked(self):
        return self.field("Transfer-Encoding") is not None

    @property
    def json(self):
        return json.loads(self.body)

    def trailer(self, name):
        found = [v for n, v in self.trailers if n.lower() == name.lower()]
        assert len(found) <= 1, f"trailer {name} {len(found)} times"
        return found[0] if found else None

    @property
    def error_body(self):
        """The JSON in the trailer Lambda-Runtime-Function-Error-Body."""
        return json.loads(base64.b64decode(self.trailer("Lambda-Runtime-Function-Error-Body"), validate=True))

    async def read(self, keep=True, patience_s=30):
        try:
            await asyncio.wait_for(self.read_body(keep), patience_s)
        except asyncio.TimeoutError:
            raise AssertionError(f"{self.line}: no end of the body, after {self.size} bytes") from None
        except (asyncio.IncompleteReadError, OSError) as problem:
            raise Gone(f"{self.line}: the body was cut: {problem}") from problem
        self.read_whole = True
        return self

    async def read_body(self, keep):
        if self.chunked:
            return await self.read_chunks(keep)
        self.body = await self.connection.reader.readexactly(int(self.field("Content-Length") or 0))
        self.size = len(self.body)

    async def read_chunk(self):
        """None: it was the last one."""
        reader = self.connection.reader
        line = await reader.readuntil(b"\r\n")
        if not re.fullmatch(rb"[0-9A-Fa-f]+\r\n", line):
            raise AssertionError(f"chunk size line {line!r}")
        size = int(line, 16)
        if not size:
            return None
        data = await reader.readexactly(size + 2)
        if not data.endswith(b"\r\n"):
            raise AssertionError(f"a chunk of {size} bytes does not end in CRLF")
        self.chunks, self.size = self.chunks + 1, self.size + size
        return data[:-2]

    async def read_chunks(self, keep):
        pieces = []
        while (piece := await self.read_chunk()) is not None:
            if keep:
                pieces.append(piece)
        self.body += b"".join(pieces)
        while (line := await self.connection.reader.readuntil(b"\r\n")) != b"\r\n":
            matched = FIELD.fullmatch(line[:-2].decode("latin-1"))
            if not matched:
                raise AssertionError(f"trailer line {line!r}")
            self.trailers.append((matched[1], matched[2]))

    async def answer(self, data, close=False):
        await self.connection.send(data)
        if close:
            self.connection.close()
        self.answered.set()

    async def status(self, status, body=b'{"status":"OK"}\n', fields=(), close=False):
        await self.answer(response(status, body, fields), close)

    async def accept(self):
        await self.status(202)

    async def refuse(self, status, error_type):
        await self.status(status, json.dumps({"errorMessage": "as the case wants it", "errorType": error_type}).encode())

    def cut(self):
        self.connection.close()
        self.answered.set()

    def reset(self):
        self.connection.reset()
        self.answered.set()


def latin(text):
    return text if isinstance(text, bytes) else text.encode("latin-1")


def response(status, body=b"", fields=()):
    """One answer with its length."""
    head = [b"HTTP/1.1 %d Because" % status, *(latin(n) + b": " + latin(v) for n, v in fields),
            b"Content-Length: %d" % len(body)]
    return b"\r\n".join(head) + b"\r\n\r\n" + body


def judge(rq, host, foreign=False, last=False):
    """What is wrong with the header, as sentences. last: a crash report, after which no request can come."""
    faults = list(rq.faults)

    def want(good, sentence):
        if not good:
            faults.append(f"{rq.line}: {sentence}")

    want(rq.all("Host") == [host], f"Host is {rq.all('Host')}")
    want(len(rq.all("User-Agent")) == 1 and re.fullmatch(r"[^\s/]+/\S+.*", rq.field("User-Agent")),
         f"User-Agent is {rq.all('User-Agent')}")
    for name in ("Expect", "Proxy-Connection", "Proxy-Authorization", "Upgrade", "TE", "Authorization", "Cookie"):
        want(not rq.all(name), f"{name} was sent")
    want(last or "close" not in [c.lower() for c in rq.all("Connection")], "Connection: close was sent")
    lengths, encodings = rq.all("Content-Length"), rq.all("Transfer-Encoding")
    modes = rq.all("Lambda-Runtime-Function-Response-Mode")
    if rq.method == "GET":
        want(lengths in ([], ["0"]) and not encodings, "a GET with a body")
        want(not rq.all("Lambda-Runtime-Invocation-Id"), "a GET with an invocation id")
        return faults
    want(len(lengths) + len(encodings) == 1, f"Content-Length {lengths}, Transfer-Encoding {encodings}")
    want(all(n.isdigit() for n in lengths), f"Content-Length {lengths}")
    want(len(rq.all("Content-Type")) == 1 or foreign, f"Content-Type is {rq.all('Content-Type')}")
    want(modes == (["streaming"] if encodings else []), f"response mode {modes} with Transfer-Encoding {encodings}")
    if encodings:
        declared = [t.strip().lower() for v in rq.all("Trailer") for t in v.split(",")]
        want(encodings == ["chunked"], f"Transfer-Encoding {encodings}")
        want(sorted(declared) == sorted(TRAILERS), f"Trailer declares {declared}")
    if rq.path.endswith("/error"):
        judge_error_fields(rq, want)
    return faults


def judge_error_fields(rq, want):
    types, causes = rq.all("Lambda-Runtime-Function-Error-Type"), rq.all("Lambda-Runtime-Function-XRay-Error-Cause")
    want(len(types) == 1 and ERROR_TYPE.fullmatch(types[0]), f"error type {types}")
    want(len(causes) <= 1, "more than one X-Ray cause")
    for cause in causes:
        want(len(cause) <= MAX_CAUSE, f"an X-Ray cause of {len(cause)} bytes")
        try:
            json.loads(cause)
        except ValueError:
            want(False, f"an X-Ray cause that is no JSON: {cause[:200]}")


def judge_error(rq):
    """The body that Lambda expects of /error, unless a case has given one of its own."""
    body = rq.json
    assert isinstance(body.get("errorMessage"), str), body
    assert isinstance(body.get("errorType"), str) and body["errorType"], body
    assert isinstance(body.get("stackTrace"), list), body
    return body
