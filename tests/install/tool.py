# SPDX-License-Identifier: Apache-2.0
"""An installed apigw, wherever it lies and however it was linked: check_tool(path, check)."""
import hashlib, hmac, http.server, os, re, socket, subprocess, threading

KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret of the test", "AWS_REGION": "eu-west-1"}
COMMANDS = ("start", "invoke", "check", "call", "sign", "explain", "doctor")


class Server(http.server.ThreadingHTTPServer):
    """Answers /STATUS with that status; requests: (method, target, fields, body)."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests = []
        self.origin = f"http://localhost:{self.server_port}"
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.requests.append((self.command, self.path, self.headers, body))
        self.send_response(int(self.path.split("?")[0].lstrip("/")))
        self.send_header("Content-Length", "6")
        self.end_headers()
        self.wfile.write(b"answer")

    do_POST = do_GET

    def log_message(self, *_):
        pass


def is_signed(request):
    """The signature, worked out anew from what arrived."""
    method, target, fields, body = request
    found = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/(\d+)/eu-west-1/execute-api/aws4_request, SignedHeaders=(\S+), "
                         r"Signature=([0-9a-f]{64})", fields.get("Authorization", ""))
    if not found:
        return False
    day, names, signature = found.groups()
    path, _, query = target.partition("?")
    canonical = "\n".join([method, path, query, *(f"{n}:{fields[n].strip()}" for n in names.split(";")), "", names,
                           hashlib.sha256(body).hexdigest()])
    scope = f"{day}/eu-west-1/execute-api/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", fields["X-Amz-Date"], scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = b"AWS4" + KEYS["AWS_SECRET_ACCESS_KEY"].encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return "host" in names.split(";") and hmac.compare_digest(signature, hmac.new(key, text.encode(), "sha256").hexdigest())


def check_tool(apigw, check):
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", **KEYS}

    def run(*words):
        return subprocess.run([apigw, *words], stdin=subprocess.DEVNULL, capture_output=True, timeout=120, env=environment)

    listed = run("--help").stdout.decode()
    check("the installed apigw lists its commands", all(f"\n  {name} " in listed for name in COMMANDS), listed)
    for name in COMMANDS:
        done = run(name, "--help")
        check(f"the installed apigw has the command {name}", done.returncode == 0 and f"apigw {name}" in done.stdout.decode(), done)
    server = Server()
    done = run("call", f"{server.origin}/200?page=2", "-d", "a body")
    check("the installed apigw calls", (done.returncode, done.stdout, done.stderr) == (0, b"answer", b""), done)
    check("and signs its call", len(server.requests) == 1 and is_signed(server.requests[0]), server.requests)
    secret, unheard = KEYS["AWS_SECRET_ACCESS_KEY"].encode(), socket.socket()
    unheard.bind(("127.0.0.1", 0))  # and does not listen
    for code, words in [(0, [f"{server.origin}/500"]), (22, ["-f", f"{server.origin}/500"]), (2, ["--nonsense"]), (3, ["ftp//x"]),
                        (6, ["http://nobody.invalid/", "--service", "execute-api"]), (7, [f"http://127.0.0.1:{unheard.getsockname()[1]}/"])]:
        done = run("call", *words)
        check(f"apigw call {' '.join(words)} ends with {code}", done.returncode == code and secret not in done.stderr, done)
    unheard.close()
    server.shutdown()
    server.server_close()
