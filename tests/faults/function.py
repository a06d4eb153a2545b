# SPDX-License-Identifier: Apache-2.0
"""The real `bootstrap` with a Runtime API of our own: events go in, replies and log lines come out."""
import http.server, json, os, queue, subprocess, tempfile, threading, time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
REQUEST_ID = "5f1b2c3d-0000-4000-8000-00000000%04d"


class RuntimeApi(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _answer(self, status, headers=(), body=b""):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        item = self.server.events.get()
        if item is None:  # the function is being stopped
            self.close_connection = True
            return
        request_id, timeout_ms, event = item
        self._answer(200, [("Content-Type", "application/json"), ("Lambda-Runtime-Aws-Request-Id", request_id),
                           ("Lambda-Runtime-Deadline-Ms", str(int(time.time() * 1000) + timeout_ms)),
                           ("Lambda-Runtime-Trace-Id", "Root=1-5f1b2c3d-000000000000000000000001;Sampled=0"),
                           ("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-central-1:123456789012:function:public")],
                     json.dumps(event).encode())

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.replies.put((*self.path.rsplit("/", 2)[1:], body))
        self._answer(202)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass  # the function was stopped in the middle of a call


class Outcome:
    """What came of one invocation: reply (of API Gateway's shape), body (parsed), log (lines, parsed)."""

    def __init__(self, kind, reply, log_text):
        self.kind, self.reply_text, self.log_text = kind, reply, log_text
        self.reply = json.loads(reply)
        self.status = self.reply.get("statusCode")
        self.body = json.loads(self.reply["body"]) if self.reply.get("body") else None
        self.log = [json.loads(line) for line in log_text.splitlines()]

    def answered(self):
        """The line of the call."""
        lines = [line for line in self.log if line["message"].startswith("answered ")]
        assert len(lines) == 1, f"{len(lines)} lines of the call: {self.log_text}"
        return lines[0]


class Function:
    """`with Function(build, environment) as f`: f.invoke(event) -> Outcome."""

    def __init__(self, build, environment):
        self.server = Server(("127.0.0.1", 0), RuntimeApi)
        self.server.events, self.server.replies = queue.Queue(), queue.Queue()
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        self.log_file, self.read_to, self.invocations = tempfile.TemporaryFile(), 0, 0
        keep = {k: v for k, v in os.environ.items() if k in ("PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS")}
        self.process = subprocess.Popen(
            [os.path.join(build, "bootstrap")], stdout=self.log_file, stderr=self.log_file,
            env={**keep, "_HANDLER": "public", "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self.server.server_port}",
                 "AWS_LAMBDA_FUNCTION_NAME": "public", "AWS_REGION": "eu-central-1", "AWS_LAMBDA_LOG_FORMAT": "JSON",
                 "AWS_LAMBDA_LOG_LEVEL": "DEBUG", **environment})

    def _new_log(self):
        size = os.fstat(self.log_file.fileno()).st_size
        text = os.pread(self.log_file.fileno(), size - self.read_to, self.read_to).decode()
        self.read_to = size
        return text

    def _deliver(self, e, timeout_ms):
        self.invocations += 1
        self.server.events.put((REQUEST_ID % self.invocations, timeout_ms, e))

    def _reply(self, timeout_ms):
        try:
            return self.server.replies.get(timeout=timeout_ms / 1000 + 120)
        except queue.Empty:
            raise AssertionError(f"no reply (exit code {self.process.poll()}): {self._new_log()}") from None

    def invoke(self, e, timeout_ms=10000):
        self._deliver(e, timeout_ms)
        _, kind, reply = self._reply(timeout_ms)
        return Outcome(kind, reply.decode(), self._new_log())

    def invoke_all(self, events, timeout_ms=10000):
        """All at once, for a function with AWS_LAMBDA_MAX_CONCURRENCY; each outcome has the log lines of its own."""
        for e in events:
            self._deliver(e, timeout_ms)
        replies = [self._reply(timeout_ms) for _ in events]
        lines = self._new_log().splitlines(keepends=True)
        return [Outcome(kind, reply.decode(), "".join(line for line in lines if request_id in line)) for request_id, kind, reply in replies]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait(120)
        self.server.events.put(None)
        self.server.shutdown()
        self.server.server_close()
        self.log_file.close()


def event(method="GET", query=None, body=None, headers=None):
    """What API Gateway hands to the public function."""
    with open(os.path.join(ROOT, "events", "rest-get-public.json"), encoding="utf-8") as f:
        e = json.load(f)
    e.update(httpMethod=method, body=body, headers=headers or {}, multiValueHeaders={k: [v] for k, v in (headers or {}).items()},
             queryStringParameters=query, multiValueQueryStringParameters={k: [v] for k, v in (query or {}).items()} or None)
    return e
