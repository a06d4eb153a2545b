# SPDX-License-Identifier: Apache-2.0
"""What the tables of the group `clients` share: three gateways, the relays before them, the processes that hold the clients, and
the table itself."""
import json, os, shutil, subprocess, sys, urllib.parse

from room import ROOT, Unavailable, equal, read, run
from wire import Relay

import apigw  # of tests/e2e

HERE = os.path.join(ROOT, "tests", "conformance")
CLIENTS = os.path.join(HERE, "clients")
REGION = "us-east-1"
HELLO = "Hi from AWS_IAM auth enabled API"
USER = "arn:aws:iam::123456789012:user/bob"
ROLE = "arn:aws:sts::123456789012:assumed-role/lambda-iam-c-PublicFunctionRole/lambda-iam-c-PublicFunction"
API_KEY = "conformance-api-key-0000000000000001"
ASSUMED = ("--parameter", "UseAccessRole=true")
WITH_KEY = ("--parameter", "ApiKeyMode=REQUIRED", "--parameter", "ApiKeyValue=" + API_KEY)
JSON = {"Content-Type": "application/json"}

PYTHON = ["aws-requests-auth", "requests-aws-sign", "requests-auth-aws-sigv4", "requests-aws4auth", "httpx-auth", "httpx-aws-auth",
          "botocore", "pycurl", "curl", "awscurl"]
NODE = ["smithy+fetch", "smithy+axios", "smithy+ky", "aws-sigv4-fetch", "aws4", "aws4fetch", "aws4-axios"]
STS = ["boto3", "aws-cli", "client-sts"]
IN_NODE = [*NODE, "client-sts"]


def install():
    """Into the build folder, as the lists pin them; the stamp is the list it was made from."""
    folder = os.path.join(ROOT, "build", "conformance-clients")
    venv, node = os.path.join(folder, "venv"), os.path.join(folder, "node")
    if not shutil.which("npm"):
        raise Unavailable("needs node (20 or newer) and npm")
    fresh(os.path.join(CLIENTS, "requirements.txt"), os.path.join(venv, "installed"),
          [[sys.executable, "-m", "venv", "--clear", venv],
           [os.path.join(venv, "bin", "pip"), "install", "--quiet", "--disable-pip-version-check", "-r",
            os.path.join(CLIENTS, "requirements.txt")]])
    os.makedirs(node, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(os.path.join(CLIENTS, name), node)
    fresh(os.path.join(CLIENTS, "package-lock.json"), os.path.join(node, "installed"),
          [["npm", "ci", "--prefix", node, "--silent", "--no-audit", "--no-fund", "--ignore-scripts"]])
    return os.path.join(venv, "bin", "python"), node


def fresh(wanted, stamp, commands):
    if os.path.exists(stamp) and read(stamp) == read(wanted):
        return
    for command in commands:
        try:
            run(command)
        except (AssertionError, OSError, subprocess.TimeoutExpired) as problem:
            raise Unavailable(f"{os.path.relpath(wanted, ROOT)} could not be installed: {problem}")
    shutil.copy(wanted, stamp)


class Callers:
    """A process that makes the calls of one language's clients; one line in, one line out."""

    def __init__(self, room, command, variables):
        self.log = room.path("clients", os.path.basename(command[0]) + ".log")
        out = open(self.log, "ab")
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=out, text=True,
                                        env=room.environment(NO_PROXY="*", **variables))
        out.close()
        room.on_exit(self.end)

    def ask(self, **request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, f"the clients' process ended: {read(self.log)[-1500:]}"
        return json.loads(line)

    def end(self):
        self.process.stdin.close()
        self.process.wait(20)


def keys_of(gateway, profile):
    k = gateway.keys(profile)
    return {"id": k.access_key, "secret": k.secret_key, "token": k.token}


def port_of(url):
    return urllib.parse.urlsplit(url).port


# What is told to a client, where a REST API says `error_type`; the log names the cause in all three.
def as_rest(error_type):
    return error_type


def as_http_api(_):
    return None


def as_url(error_type):
    return "InvalidSignatureException" if error_type == "UnrecognizedClientException" else error_type


class Endpoint:
    """One kind of private API: a gateway that serves it, and one whose clock is 20 minutes ahead."""

    def __init__(self, room, template, path, service, says, below=None, *options):
        self.path, self.service, self.says = path, service, says
        self.template = with_route_below(room, template, below)
        self.gateway, self.ahead = self.open(room, *options), self.open(room, *options, before=["env", "LD_PRELOAD=" + clock_ahead(room)])

    def open(self, room, *options, before=()):
        gateway = Gateway(room.build, *options, template=self.template, callers=os.path.join(CLIENTS, "callers.yaml"))
        gateway.arguments[:0] = before
        room.on_exit(lambda: gateway.__exit__())
        return gateway.__enter__()


class Gateway(apigw.Gateway):
    """Knows its ports by name."""

    def start(self):
        super().start()
        self.ports = {name: port_of(url) for name, url in self.listening.items()}
        self.port = self.ports.get("PrivateApi") or self.ports["PrivateFunctionUrl"]


def with_route_below(room, template, event):
    """The template, and a route for every path below /private."""
    text = read(os.path.join(ROOT, template))
    if event:
        post = next(line for line in text.splitlines() if "Path: /private, Method: POST" in line)
        text = text.replace(post, post + "\n" + post.replace("Post:", "Below:").replace("/private, Method: POST", event))
    path = room.path("templates", os.path.basename(template))
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    return path


class Stage:
    """The relays, one before a private API and one before STS, and the clients behind them."""

    def __init__(self, room):
        python, node = install()
        self.relay, self.sts = self.enter(room, Relay()), self.enter(room, Relay())
        variables = {"AWS_ENDPOINT_URL_STS": f"http://127.0.0.1:{self.sts.port}"}
        self.python = Callers(room, [python, "-B", os.path.join(CLIENTS, "callers.py")], variables)
        self.node = Callers(room, ["node", os.path.join(CLIENTS, "callers.mjs"), node], variables)

    @staticmethod
    def enter(room, relay):
        room.on_exit(lambda: relay.__exit__())
        return relay.__enter__()

    def ask(self, client, **request):
        return (self.node if client in IN_NODE else self.python).ask(client=client, **request)

    def call(self, client, gateway, profile, method, target, body=None, headers=None, region=REGION, service="execute-api", **more):
        """(what the client says, what it sent, what it got)"""
        self.relay.target, self.sts.target, before = gateway.port, gateway.ports["STS"], len(self.relay.seen)
        said = self.ask(client, method=method, url=f"http://127.0.0.1:{self.relay.port}{target}", body=body,
                        headers={**(headers or {}), **(JSON if body else {})}, keys=keys_of(gateway, profile), region=region,
                        service=service, **more)
        seen = self.relay.seen[before:]
        assert len(seen) <= 1, f"{client} sent {len(seen)} requests where one was asked for"
        return (said, *seen[0]) if seen else (said, None, None)


def clock_ahead(room):
    made = room.path("clock_ahead.so")
    run(["cc", "-shared", "-fPIC", "-O1", "-o", made, os.path.join(HERE, "clock_ahead.c")])
    return made


def log_of(gateway, answer):
    """The gateway's own words about this request: its line, which names the cause, and what it has to say behind it."""
    lines = gateway.log().splitlines()
    if not answer.id:  # an HTTP API tells another id than the log's; nothing else was asked in the meantime
        return next(line for line in reversed(lines) if f" {answer.status} " in line)
    found = [line for line in lines if answer.id in line]
    assert found, f"no line of the log has the request id {answer.id}"
    return "\n".join(found)


def is_refused(gateway, answer, error_type, cause):
    """error_type: None where the endpoint does not tell it."""
    equal((answer.status, answer.error_type), (403, error_type), answer.body[:300])
    assert error_type or answer.body == b'{"message":"Forbidden"}', answer.body
    line = log_of(gateway, answer)
    assert cause in line and (error_type or " 403 ") in line, f"the log's cause is not {cause!r}: {line}"


class Table:
    """What came out, column by column; a client that cannot do something gets a note with what it sent."""

    def __init__(self, title, columns):
        self.title, self.columns, self.rows, self.notes = title, columns, {}, []

    def note(self, cannot):
        signed = f", signed {cannot.signed}" if cannot.signed else ""
        text = f"{cannot.reason} Seen: {cannot.sent}{signed}"
        if text not in self.notes:
            self.notes.append(text)
        return f"cannot ({self.notes.index(text) + 1})"

    def row(self, name, make, cannot=(), may_pass=False):
        """make(column): (outcome, what was sent, ...); cannot: column -> Cannot; may_pass: nobody pinned this client's version."""
        wrong, row = [], self.rows.setdefault(name, {})
        for column, expected in self.columns.items():
            known = dict(cannot).get(column)
            try:
                outcome, sent, *fits = make(column)
            except Exception as problem:  # the other columns are still to be seen
                outcome, sent, fits = "FAILS", f"{type(problem).__name__}: {problem}", []
            row[column] = outcome
            if known and outcome == known.outcome and known.sent in sent and all(fit(known.signed) for fit in fits):
                row[column] = self.note(known)
            elif outcome != expected or (known and not may_pass):
                wrong.append(f"{column}: expected {known.outcome if known else expected}, got {outcome}: {sent}")
        assert not wrong, "\n        ".join(wrong)

    def print(self):
        lines = [[self.title, *self.columns], *([name, *(row.get(c, "") for c in self.columns)] for name, row in self.rows.items())]
        widths = [max(map(len, column)) for column in zip(*lines)]
        for line in lines:
            print("  ".join(text.ljust(width) for text, width in zip(line, widths)).rstrip())
        for i, text in enumerate(self.notes, 1):
            print(f"({i}) {text}")
