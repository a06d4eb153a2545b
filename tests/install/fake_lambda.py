# SPDX-License-Identifier: Apache-2.0
"""A Runtime API on 127.0.0.1 that gives a list of events, keeps every request, and then says 500: the environment is lost."""
import http.server, os, subprocess, threading

DEADLINE_MS = "4102444800000"  # 2100-01-01


def event(body, number=1, **fields):
    """Header fields by their names with _ for -; None leaves one out."""
    headers = {"Lambda-Runtime-Aws-Request-Id": f"id-{number}", "Lambda-Runtime-Deadline-Ms": DEADLINE_MS,
               "Content-Type": "application/json"}
    headers.update({name.replace("_", "-"): value for name, value in fields.items()})
    return body.encode() if isinstance(body, str) else body, {k: v for k, v in headers.items() if v is not None}


class Request:
    def __init__(self, handler, body):
        self.line, self.body = f"{handler.command} {handler.path}", body
        self.path = handler.path.replace("/2018-06-01/runtime", "")
        self.fields = {k.lower(): v for k, v in handler.headers.items()}

    def __repr__(self):
        return f"{self.line} {self.fields} {self.body!r}"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def answer(self, status, body, fields):
        self.send_response_only(status)
        for name, value in fields.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def read_body(self):
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline() or b"0", 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline() not in (b"\r\n", b""):
            pass
        return body

    def do_GET(self):
        api = self.server.api
        api.requests.append(Request(self, b""))
        if api.events:
            body, fields = api.events.pop(0)
            self.answer(200, body, fields)
        else:
            self.answer(500, b"{}", {"Content-Type": "application/json"})

    def do_POST(self):
        api = self.server.api
        api.requests.append(Request(self, self.read_body()))
        self.answer(api.statuses.pop(0) if api.statuses else 202, b'{"status":"OK"}', {"Content-Type": "application/json"})


class Run:
    """One life of a program: its requests, exit code and output. statuses: of the answers to its first POSTs."""

    def __init__(self, command, events=(), statuses=(), **environment):
        self.events, self.statuses, self.requests = list(events), list(statuses), []
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.api = self
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        keep = {k: v for k, v in os.environ.items() if k == "PATH" or k.endswith("SAN_OPTIONS")}
        program = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={
            **keep, "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.server_port}", **environment})
        try:
            out, err = program.communicate(timeout=120)
        except subprocess.TimeoutExpired:
            program.kill()
            out, err = program.communicate()
        finally:
            server.shutdown()
            server.server_close()
        self.code, self.out, self.err = program.returncode, out.decode(errors="replace"), err.decode(errors="replace")

    @property
    def posts(self):
        return [r for r in self.requests if r.line.startswith("POST")]

    def __repr__(self):
        return f"exit code {self.code}\n{self.requests}\n{self.out}{self.err}"
