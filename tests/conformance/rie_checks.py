# SPDX-License-Identifier: Apache-2.0
"""Group `rie`: AWS's Runtime Interface Emulator, as SAM CLI ships it, runs bootstrap without a container."""
import concurrent.futures, http.client, json, os, platform, shutil, signal, socket, subprocess, tempfile, time

import samcli

from engine import ARCH
from room import EVENTS, Unavailable, end, equal, free_port, read, tail, wait_for_port
from sam_checks import caller_of, check_reply, echo_of

MAX_EVENT = 6 * 1024 * 1024


def emulator(room):
    shipped = os.path.join(os.path.dirname(samcli.__file__), "local", "rapid", f"aws-lambda-rie-{ARCH}")
    if not os.path.exists(shipped):
        raise Unavailable(f"this SAM CLI ships no emulator for {platform.machine()}")
    path = room.path("rie", "aws-lambda-rie")
    if not os.path.exists(path):
        shutil.copy(shipped, path)
        os.chmod(path, 0o755)
    return path


def bootstrap(room):
    """What sam build made, or else the one beside apigw."""
    path = (room.built or {}).get("PublicFunction") or os.path.join(room.build, "bootstrap")
    if not os.access(path, os.X_OK):
        raise Unavailable(f"{path} is not there: run make build first")
    return path


def subject(room):
    """The function of tests/runtime_api, which does as its event says."""
    path = os.path.join(room.build, "subject")
    if not os.access(path, os.X_OK):
        raise Unavailable(f"{path} is not there: run make tests first")
    return path


class Emulator:
    """`with Emulator(room, "private") as e`: e.send(event) is (HTTP status, body). It takes one event at a time."""

    def __init__(self, room, handler, timeout_s=10, program=None, **variables):
        self.port, self.log = free_port(), room.path("rie", f"{handler}.log")
        command = [*self.before(room), emulator(room), "--log-level", "error",
                   "--runtime-interface-emulator-address", f"127.0.0.1:{self.port}",
                   "--runtime-api-address", f"127.0.0.1:{free_port()}", program or bootstrap(room), handler]
        environment = {"PATH": os.defpath, "AWS_REGION": "us-east-1", "AWS_LAMBDA_FUNCTION_TIMEOUT": str(timeout_s),
                       **variables}
        open(self.log, "wb").close()
        self.process = room.start(command, self.log, env=environment, cwd=os.path.dirname(self.log), start_new_session=True)

    def before(self, _room):
        return []

    def __enter__(self):
        wait_for_port(self.port, self.process, self.log)
        return self

    def __exit__(self, *_):
        end(self.process)

    def exchange(self, event):
        """(HTTP status, fields, body)"""
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        data = event if isinstance(event, bytes) else json.dumps(event).encode()
        c.request("POST", "/2015-03-31/functions/function/invocations", data)
        answer = c.getresponse()
        body = answer.read()
        c.close()
        return answer.status, answer.headers, body.decode("utf-8", "replace")

    def send(self, event):
        status, _, body = self.exchange(event)
        return status, body

    def child(self):
        """The process of bootstrap."""
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                if read(f"/proc/{pid}/stat").rsplit(")", 1)[1].split()[1] == str(self.process.pid):
                    return int(pid)
            except OSError:
                continue
        raise AssertionError(f"no bootstrap runs: {tail(self.log)}")


def sample(name="rest-get-role.json"):
    return json.loads(read(os.path.join(EVENTS, name)))


def buffered(room):
    names = sorted(n for n in os.listdir(EVENTS) if n.endswith(".json"))
    with Emulator(room, "private") as e:
        for name in names:
            event = sample(name)
            status, body = e.send(event)
            equal(status, 200, name)
            check_reply(json.loads(body), echo_of(event, caller_of(event)))
    return f"{len(names)} events, one process"


def handler_error(room):
    with Emulator(room, "private") as e:
        first = None
        for event in ({"hello": "world"}, [], "text", 7, None):
            status, body = e.send(event)
            answer = json.loads(body)
            equal((status, answer["errorType"]), (200, "Function.BadEvent"), json.dumps(event))
            assert answer["errorMessage"], event
            first = first or e.child()
        equal(e.send(sample())[0], 200)
        equal(e.child(), first, "the process after the errors")


def init_error(room):
    for handler, variables, word in (("nonsense", {}, "nonsense"), ("public", {}, "PRIVATE_API_URL"),
                                     ("public", {"PRIVATE_API_URL": "http://example.com/dev/private"}, "https")):
        with Emulator(room, handler, **variables) as e:
            status, body = e.send(sample())
            answer = json.loads(body)
            equal((status, answer["errorType"]), (502, "Function.BadConfiguration"), body)
            assert word in answer["errorMessage"], body


def time_out(room):
    with Emulator(room, "private", timeout_s=2) as e:
        equal(e.send(sample())[0], 200)
        stuck = e.child()
        os.kill(stuck, signal.SIGSTOP)
        begin = time.monotonic()
        _, body = e.send(sample())
        assert "Task timed out after 2.00 seconds" in body, body
        assert time.monotonic() - begin < 10
        status, body = e.send(sample())
        check_reply(json.loads(body), echo_of(sample(), caller_of(sample())))
        assert e.child() != stuck


def own_time_out(room):
    """An upstream that never answers: the function says so itself, before its time is over."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://privateapi.execute-api.us-east-1.localhost:{silent.getsockname()[1]}/dev/private"
        with Emulator(room, "public", timeout_s=3, PRIVATE_API_URL=url, AWS_ACCESS_KEY_ID="AKIDEXAMPLE",
                      AWS_SECRET_ACCESS_KEY="not-a-secret") as e:
            _, body = e.send(sample("rest-get-public.json"))
            equal(json.loads(body).get("statusCode"), 504, body)


def crash(room):
    with Emulator(room, "private") as e:
        equal(e.send(sample())[0], 200)
        os.kill(e.child(), signal.SIGKILL)
        time.sleep(0.3)
        e.send(sample())  # what this one gets is the emulator's affair
        status, body = e.send(sample())
        check_reply(json.loads(body), echo_of(sample(), caller_of(sample())))


def large(room):
    event = sample("rest-post-role.json")
    event["body"] = ""
    event["body"] = "x" * (MAX_EVENT - len(json.dumps(event).encode()))
    data = json.dumps(event).encode()
    equal(len(data), MAX_EVENT)
    with Emulator(room, "private", timeout_s=30) as e:
        status, body = e.send(data)
        equal(status, 200, body[:300])
        equal(len(json.loads(json.loads(body)["body"])["body"]), len(event["body"]))
        equal(e.send(sample())[0], 200)
    return f"{MAX_EVENT} bytes"


def too_large_reply(room):
    """An echo that does not fit into a reply is a named error, and the process lives on."""
    event = sample("rest-post-role.json")
    event["body"] = '"' * (MAX_EVENT // 3)
    with Emulator(room, "private", timeout_s=30) as e:
        _, body = e.send(event)
        assert "errorType" in json.loads(body), body[:300]
        process = e.child()
        equal(e.send(sample())[0], 200)
        equal(e.child(), process)
    return json.loads(body)["errorType"]


def streamed(room):
    """The classic engine collects a stream, and ignores trailers."""
    with Emulator(room, "plain", program=subject(room), timeout_s=30) as e:
        for size, piece in ((0, 1), (10, 3), (1000000, 4096), (6000000, 1000000)):
            equal(e.send(f"!stream {size} {piece} text/plain".encode()), (200, "s" * size), f"a stream of {size} bytes")
        process = e.child()
        equal(e.send(b"!stream 10 5 text/plain\ntype=Function.Half")[0], 200)
        equal(e.send(b"after it"), (200, "after it"))
        equal(e.child(), process)


# --- the engine for Lambda Managed Instances --------------------------------------------------------------------------

WORKERS = 4
# It starts /var/task/bootstrap, whatever it is told: in a mount namespace of its own that is the subject.
NAMESPACE = """mount -t tmpfs tmpfs /var && mount -t tmpfs tmpfs /opt && mkdir -p /var/task && cp "$1" /var/task/bootstrap &&
chmod 755 /var /var/task /var/task/bootstrap && shift && exec "$@" """


class ConcurrentEmulator(Emulator):
    def __init__(self, room, name, timeout_s=10):
        if os.getuid() or not shutil.which("unshare") or subprocess.run(["unshare", "-m", "true"], check=False).returncode:
            raise Unavailable("the concurrent engine needs root and a mount namespace (unshare -m)")
        self.fifos = tempfile.mkdtemp(prefix="rie-")  # the engine gives the function another user
        os.chmod(self.fifos, 0o755)
        room.on_exit(lambda: shutil.rmtree(self.fifos, ignore_errors=True))
        super().__init__(room, f"concurrent-{name}", timeout_s, "unused", AWS_LAMBDA_MAX_CONCURRENCY=str(WORKERS))

    def before(self, room):
        return ["unshare", "-m", "sh", "-c", NAMESPACE, "sh", subject(room)]

    def __enter__(self):
        super().__enter__()
        limit = time.monotonic() + 10
        while self.send(b"awake")[0] != 200:  # 400 Runtime.Unavailable until the workers ask
            assert time.monotonic() < limit, tail(self.log)
            time.sleep(0.02)
        return self

    def fifo(self, name):
        path = os.path.join(self.fifos, name)
        os.mkfifo(path)
        os.chmod(path, 0o644)
        return path

    @staticmethod
    def meet(path):
        """The writing end, once a handler reads the other one."""
        limit = time.monotonic() + 10
        while True:
            try:
                return os.open(path, os.O_WRONLY | os.O_NONBLOCK)
            except OSError:
                assert time.monotonic() < limit, f"no handler waits for {path}"
                time.sleep(0.01)


def let_go(end_of_fifo, text):
    os.write(end_of_fifo, text.encode())
    os.close(end_of_fifo)


def parallel(room):
    with ConcurrentEmulator(room, "parallel") as e, concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        fifos = [e.fifo(str(i)) for i in range(WORKERS)]
        sent = [pool.submit(e.send, f"!wait {f}".encode()) for f in fifos]
        ends = [e.meet(f) for f in fifos]  # all of them are in their handlers now
        process = e.child()
        status, body = e.send(b"one too many")
        equal((status, json.loads(body)["errorType"]), (400, "Runtime.Unavailable"), body)
        for i in (2, 0, 3, 1):
            let_go(ends[i], "fail" if i == 3 else f"reply {i}")
            status, body = sent[i].result(20)
            assert status == 200 and ("told to fail" in body if i == 3 else body == f"reply {i}"), body
        equal([r[0] for r in pool.map(e.send, [b"again"] * WORKERS)], [200] * WORKERS)
        equal(e.child(), process)


def concurrent_time_out(room):
    with ConcurrentEmulator(room, "time-out", timeout_s=1) as e, concurrent.futures.ThreadPoolExecutor(1) as pool:
        path = e.fifo("late")
        sent = pool.submit(e.exchange, f"!wait {path}".encode())
        late, process = e.meet(path), e.child()
        status, fields, body = sent.result(20)
        equal((status, fields["Error-Type"]), (200, "Sandbox.Timedout"), body)
        let_go(late, "too late")
        limit = time.monotonic() + 10
        while not any("answered 410" in line for line in read(e.log, "rb").decode("utf-8", "replace").splitlines()):
            assert time.monotonic() < limit, f"no late reply was refused: {tail(e.log)}"
            time.sleep(0.02)
        equal(e.send(b"after it"), (200, "after it"))
        equal(e.child(), process)


def concurrent_stream(room):
    with ConcurrentEmulator(room, "stream", timeout_s=30) as e:
        for size, piece in ((10, 3), (1000000, 65536), (6000000, 1000000)):
            status, fields, body = e.exchange(f"!stream {size} {piece} text/event-stream".encode())
            equal((status, len(body), fields["Content-Type"]), (200, size, "text/event-stream"))
            equal(fields["Lambda-Runtime-Function-Response-Mode"], "streaming")
        status, fields, body = e.exchange(b"!stream 1000 100 text/plain\ntype=Function.HalfWay\nmessage=half\nstack=a.c:1")
        equal((status, fields["Error-Type"]), (200, "Function.HalfWay"))
        equal(json.loads(body), {"errorMessage": "half", "errorType": "Function.HalfWay", "stackTrace": ["a.c:1"]})


def concurrent_cut(room):
    with ConcurrentEmulator(room, "cut") as e:
        _, fields, body = e.exchange(b"!cut 1000")
        equal(fields["Error-Type"], "Runtime.TruncatedResponse", body)


def rie_group(report, room):
    emulator(room)
    used = "what sam build made" if room.built else os.path.relpath(bootstrap(room))
    report.check(f"every sample event gets its reply from private ({used})", buffered, room)
    report.check("an event that is none: Function.BadEvent, and the process lives on", handler_error, room)
    report.check("an unknown handler, no URL, plain http to a foreign host: init errors with a name", init_error, room)
    report.check("a stuck function is ended after its 2 s, the next event gets a new one", time_out, room)
    report.check("an upstream that stays silent: public answers 504 before its time is over", own_time_out, room)
    report.check("a killed function is started again", crash, room)
    report.check("an event of 6 MB", large, room)
    report.check("a reply beyond 6 MB: an error with a name, and the process lives on", too_large_reply, room)
    report.check("a stream arrives whole, and the process lives on behind a failed one", streamed, room)
    what = "concurrent engine"
    report.check(f"{what}: {WORKERS} at once, one more is refused, each has its own reply, one fails", parallel, room)
    report.check(f"{what}: a time-out is Sandbox.Timedout, the late reply gets 410", concurrent_time_out, room)
    report.check(f"{what}: streams have type and mode, a failed one is known by its trailers", concurrent_stream, room)
    report.check(f"{what}: a stream without its end is Runtime.TruncatedResponse", concurrent_cut, room)
