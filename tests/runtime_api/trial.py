# SPDX-License-Identifier: Apache-2.0
"""One case: a Runtime API of its own on loopback, and the subject that talks to it. A case is a coroutine that takes the
subject's requests one by one, checks them and answers. What is wrong with any request fails the case in the end."""
import asyncio, json, os, re, shlex, signal, socket, tempfile, time

from wire import BASE, LIMIT, Connection, Gone, Request, judge, judge_error, response

ARN = "arn:aws:lambda:us-east-1:123456789012:function:subject:live"
NEXT, RESTORE_NEXT = f"{BASE}/invocation/next", f"{BASE}/restore/next"
EXTENSION = "/2020-01-01/extension"
WRAPPER = shlex.split(os.environ.get("SUBJECT_WRAPPER", ""))
PATIENCE_S = float(os.environ.get("SUBJECT_PATIENCE_S", "60"))  # no case measures time: what does not come at all takes so long
# What a checking tool says about the subject.
COMPLAINT = re.compile(r"^.*(?:Sanitizer: |runtime error: |^==\d+== ).*$", re.M)
# A crash is left to the subject's own handler.
NO_HANDLERS = ":".join(f"handle_{s}=0" for s in ("segv", "abort", "sigbus", "sigfpe", "sigill"))


class NeedsSubject(Exception):
    """The case gives orders, which only our subject understands."""


def order(text):
    return Order(text if isinstance(text, bytes) else text.encode("latin-1"))


class Order(bytes):
    pass


class Trial:
    def __init__(self, program, foreign):
        self.program, self.foreign, self.requests, self.connections = program, foreign, asyncio.Queue(), []
        self.given, self.faults, self.output, self.tasks = {}, [], b"", []
        self.process = self.server = self.host = self.pump = None
        self.folder, self.crashes, self.number = tempfile.TemporaryDirectory(prefix="runtime-api-"), False, 0
        self.socket = socket.socket()
        self.workers, self.aside = False, []  # requests that came before the one that the case wanted

    # --- the subject --------------------------------------------------------------------------------------------------

    async def start(self, handler="", listen=True, **variables):
        """listen=False: the port is known and nobody answers there."""
        self.socket.bind(("127.0.0.1", 0))
        self.host = "127.0.0.1:%d" % self.socket.getsockname()[1]
        if listen:
            self.server = await asyncio.start_server(self.greet, sock=self.socket, limit=LIMIT)
        if handler or set(variables) - {"AWS_LAMBDA_LOG_FORMAT", "AWS_LAMBDA_RUNTIME_API", "http_proxy", "ALL_PROXY"}:
            self.only_subject()
        self.workers = "AWS_LAMBDA_MAX_CONCURRENCY" in variables
        tools = {f"{name}SAN_OPTIONS": NO_HANDLERS for name in ("A", "UB", "T")}
        environment = {"PATH": os.defpath, "AWS_LAMBDA_RUNTIME_API": self.host, "_HANDLER": handler,
                       "AWS_REGION": "us-east-1", **tools, **variables}
        environment = {k: v for k, v in environment.items() if v is not None}
        self.process = await asyncio.create_subprocess_exec(
            *WRAPPER, self.program, env=environment, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT)
        self.pump = asyncio.create_task(self.read_output())

    def only_subject(self):
        if self.foreign:
            raise NeedsSubject

    async def read_output(self):
        while data := await self.process.stdout.read(65536):
            self.output += data

    def signal(self, number=signal.SIGTERM):
        self.process.send_signal(number)

    def memory_kb(self, name):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii", errors="replace") as f:
            return int(re.search(rf"{name}:\s+(\d+) kB", f.read())[1])

    # --- what it asks for ---------------------------------------------------------------------------------------------

    async def greet(self, reader, writer):
        connection = Connection(len(self.connections) + 1, reader, writer)
        self.connections.append(connection)
        self.tasks.append(asyncio.current_task())
        try:
            while connection.open:
                rq = Request(connection, await reader.readuntil(b"\r\n\r\n"))
                self.faults += judge(rq, self.host, self.foreign, self.crashes)
                await self.requests.put(rq)
                await rq.answered.wait()
        except asyncio.IncompleteReadError as end:
            if end.partial and connection.open:
                self.faults.append(f"half a request header: {end.partial[:200]!r}")
        except (OSError, asyncio.LimitOverrunError) as problem:
            if not isinstance(problem, OSError):
                self.faults.append(f"request header: {problem}")
        except asyncio.CancelledError:
            pass
        finally:
            connection.open = False
            writer.close()

    async def request(self, line=None, patience_s=None):
        """The next request of any connection; line is its method and path. With workers, what others ask meanwhile waits."""
        fits = lambda rq: not line or f"{rq.method} {rq.path}" == line
        for rq in filter(fits, self.aside):
            self.aside.remove(rq)
            return rq
        while True:
            try:
                rq = await asyncio.wait_for(self.requests.get(), patience_s or PATIENCE_S)
            except asyncio.TimeoutError:
                others = ", ".join(rq.line for rq in self.aside) or "nothing"
                raise AssertionError(f"expected {line or 'a request'}, {others} came") from None
            if fits(rq):
                return rq
            assert self.workers, f"expected {line}, got {rq.line}"
            self.aside.append(rq)

    async def any_post(self):
        """The next POST of any worker, read."""
        waiting = []
        while (rq := await self.request()).method != "POST":
            waiting.append(rq)
        self.aside = waiting + self.aside
        return await rq.read()

    async def next(self, patience_s=None):
        return await self.request(f"GET {NEXT}", patience_s)

    async def next_or_end(self):
        """The next GET /invocation/next, or None when the subject has ended instead."""
        asked, ended = asyncio.ensure_future(self.next()), asyncio.ensure_future(self.process.wait())
        await asyncio.wait({asked, ended}, return_when=asyncio.FIRST_COMPLETED)
        ended.cancel()
        if asked.done():
            return asked.result()
        asked.cancel()
        return None

    async def quiet(self, seconds=0.2):
        """Nothing more is asked for a moment. It cannot fail wrongly, only pass wrongly."""
        await asyncio.sleep(seconds)
        self.nothing_more()

    def nothing_more(self):
        while not self.requests.empty():
            self.aside.append(self.requests.get_nowait())
        assert not self.aside, f"unexpected: {', '.join(rq.line for rq in self.aside)}"

    async def post(self, tail, request_id=None, read=True, body_is_ours=False):
        """POST /invocation/{id}/{tail}; the last delivered id unless another one is named. Read whole and judged."""
        request_id = request_id or list(self.given)[-1]
        rq = await self.request(f"POST {BASE}/invocation/{request_id}/{tail}")
        self.judge_invocation_id(rq, self.given.get(request_id))
        if read:
            await rq.read(patience_s=PATIENCE_S)
            if tail == "error" and not self.foreign and not body_is_ours:
                judge_error(rq)
        return rq

    def judge_invocation_id(self, rq, invocation_id):
        sent = rq.all("Lambda-Runtime-Invocation-Id")
        if sent != ([invocation_id] if invocation_id is not None else []):
            self.faults.append(f"{rq.line}: invocation id {sent}, given was {invocation_id!r}")

    # --- what it is given ---------------------------------------------------------------------------------------------

    def event(self, body=b"{}", request_id=None, invocation_id=None, fields=None, more=(), deadline_ms=None):
        """The bytes of a delivery. fields replaces all that Lambda sends, more is added."""
        if isinstance(body, Order):
            self.only_subject()
        self.number += 1
        request_id = request_id or f"8476a536-e9f4-11e8-9739-{self.number:012d}"
        self.given[request_id] = invocation_id
        deadline = str(deadline_ms if deadline_ms is not None else int(time.time() * 1000) + 60000)
        if fields is None:
            fields = [("Content-Type", "application/json"), ("Lambda-Runtime-Aws-Request-Id", request_id),
                      ("Lambda-Runtime-Deadline-Ms", deadline), ("Lambda-Runtime-Invoked-Function-Arn", ARN)]
        if invocation_id is not None:
            more = [*more, ("Lambda-Runtime-Invocation-Id", invocation_id)]
        return response(200, body, [*fields, *more])

    async def deliver(self, body=b"{}", rq=None, **event):
        """Answers the next GET /invocation/next; returns the id."""
        rq = rq or await self.next()
        await rq.answer(self.event(body, **event))
        return list(self.given)[-1]

    async def turn(self, body=b"{}", tail="response", **event):
        """One whole invocation; the POST, accepted."""
        request_id = await self.deliver(body, **event)
        rq = await self.post(tail, request_id)
        await rq.accept()
        return rq

    async def show(self, **event):
        """What the invocation held, as the subject saw it."""
        rq = await self.turn(order("!show"), **event)
        return dict(line.split("=", 1) for line in rq.body.decode("latin-1").splitlines())

    def fifo(self, name):
        path = os.path.join(self.folder.name, name)
        os.mkfifo(path)
        return path

    async def write_fifo(self, path, text):
        """Waits until the subject has opened it."""
        limit = time.monotonic() + PATIENCE_S
        while time.monotonic() < limit:
            try:
                fd = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
            except OSError:
                await asyncio.sleep(0.005)
                continue
            os.write(fd, text.encode())
            os.close(fd)
            return
        raise AssertionError(f"nobody reads {path}")

    # --- how it ends --------------------------------------------------------------------------------------------------

    @property
    def text(self):
        return self.output.decode("utf-8", "replace")

    def last_line(self):
        lines = [l for l in self.text.splitlines() if l.strip()]
        return lines[-1] if lines else ""

    async def said(self, *words):
        """A line of the log holds all of the words."""
        limit = time.monotonic() + PATIENCE_S
        while time.monotonic() < limit:
            if any(all(w in line for w in words) for line in self.text.splitlines()):
                return
            await asyncio.sleep(0.005)
        raise AssertionError(f"no line with {' and '.join(words)}")

    async def ended(self, code=None, *last_words):
        """The subject ends by itself: with that code (None: a failure, no signal); its last line holds the words."""
        try:
            got = await asyncio.wait_for(self.process.wait(), PATIENCE_S)
        except asyncio.TimeoutError:
            raise AssertionError("the subject does not end") from None
        await asyncio.wait_for(self.pump, PATIENCE_S)
        good = got == code if code is not None else 0 < got < 64
        assert good, f"exit code {got}, expected {'one of a failure' if code is None else code}"
        for word in last_words:
            assert self.foreign or word in self.last_line(), f"the last line lacks {word!r}: {self.last_line()!r}"
        if not self.workers:
            self.nothing_more()

    async def lost(self, *last_words):
        """Exits with a failure, and asks for nothing before."""
        await self.ended(None, *last_words)

    async def fine(self, connections=1):
        """The subject asks for its next event; then the environment is taken away, and it ends as it should."""
        rq = await self.next()
        if not self.foreign:
            await rq.status(500)
            await self.lost("500")
        assert connections is None or len(self.connections) == connections, \
            f"{len(self.connections)} connections, expected {connections}"

    async def close(self):
        """Ends everything; then the faults are complete."""
        if self.process:
            if self.process.returncode is None:
                self.process.kill()
            await self.process.wait()
            if self.pump:
                await self.pump
        if self.server:
            self.server.close()
        self.socket.close()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        self.folder.cleanup()
        if not self.crashes:
            self.faults += [f"the tool says: {found[0]}" for found in COMPLAINT.finditer(self.text)][:5]


# --- the list of cases ------------------------------------------------------------------------------------------------

CASES = []


def case(group, sentence, slow=False):
    """@case("next", "a true sentence"): the coroutine is one case."""
    def add(function):
        assert sentence not in [c[1] for c in CASES], sentence
        CASES.append((group, sentence, function, slow))
        return function
    return add


def equal(actual, expected, what=""):
    assert actual == expected, f"{what}{': ' if what else ''}expected {expected!r}, got {actual!r}"


def log_records(trial):
    """The lines of a JSON log."""
    found = []
    for line in trial.text.splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return [r for r in found if isinstance(r, dict)]


__all__ = ["ARN", "BASE", "EXTENSION", "NEXT", "PATIENCE_S", "RESTORE_NEXT", "Gone", "case", "equal", "log_records", "order",
           "response", "asyncio", "json", "re", "signal", "time"]
