# SPDX-License-Identifier: Apache-2.0
"""Starts the real apigw with the real bootstrap, and signs requests with two signers that are not ours: botocore and curl.
Used by the whole-path tests beside it; needs /usr/bin/python3 with botocore, and curl."""
import base64, configparser, contextlib, datetime, http.client, json, os, re, shutil, signal, socket, subprocess, sys, tempfile, time
import urllib.parse

import botocore.auth
import botocore.awsrequest
import botocore.credentials

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
REGION = "us-east-1"
sys.path.insert(0, os.path.join(ROOT, "tests", "faults"))
from leaks import Leaks

leaks = Leaks()  # of the gateways below: their keys, logs, and public replies


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, {k.lower(): v for k, v in headers}, body

    def json(self):
        return json.loads(self.body)

    @property
    def error_type(self):
        return self.headers.get("x-amzn-errortype")

    def __repr__(self):
        return f"{self.status} {self.error_type} {self.body[:600]!r}"


class Gateway:
    """`with Gateway(build) as g`: g.public, g.private (URLs), g.listening[API], g.keys(profile), g.log(), g.lines."""

    def __init__(self, build, *options, template=None, callers="local/callers.yaml", port="0"):
        self.build, self.folder = build, tempfile.mkdtemp(prefix="apigw-")
        leaks.build = build
        self.arguments = [os.path.join(build, "apigw"), "start", "--template", template or os.path.join(ROOT, "template.yaml"),
                          "--port", port, *options]
        if callers:
            self.arguments += ["--callers", os.path.join(ROOT, callers)]
        self.lines, self.process = [], None

    def __enter__(self):
        self.start()
        return self

    def start(self):
        self.log_file = open(os.path.join(self.folder, "log"), "wb")
        environment = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
        environment["PLANTED_IN_THE_SHELL"] = "planted-value"
        self.process = subprocess.Popen(self.arguments, cwd=self.folder, stdout=subprocess.PIPE, stderr=self.log_file,
                                        env=environment, text=True)
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if line == "ready\n":
                break
        else:
            self.process.wait(120)
            raise RuntimeError(f"did not start: exit {self.process.returncode}: {self.log()}")
        self.listening = dict(line.split()[1:] for line in self.lines if line.startswith("listening "))
        if "PublicApi" in self.listening:
            self.public = self.listening["PublicApi"] + "/public"
        if "PrivateApi" in self.listening:
            self.private = self.listening["PrivateApi"] + "/private"
        self._know_keys()

    def _know_keys(self):
        with open(os.path.join(self.folder, ".apigw", "credentials"), encoding="utf-8") as f:
            for what, value in re.findall(r"^(aws_secret_access_key|aws_session_token|# x-api-key of \w+) *[=:] *(\S+)$", f.read(), re.M):
                leaks.know(f"an {what.lstrip('# ')} of a gateway", value)

    def log(self):
        with open(os.path.join(self.folder, "log"), encoding="utf-8") as f:
            return f.read()

    def keys(self, profile):
        file = configparser.RawConfigParser()
        file.read(os.path.join(self.folder, ".apigw", "credentials"))
        p = file[profile]
        return botocore.credentials.Credentials(p["aws_access_key_id"], p["aws_secret_access_key"],
                                                p.get("aws_session_token"))

    def profiles(self):
        file = configparser.RawConfigParser()
        file.read(os.path.join(self.folder, ".apigw", "credentials"))
        return file.sections()

    def children(self):
        out = subprocess.run(["ps", "-o", "pid=", "--ppid", str(self.process.pid)], capture_output=True, text=True).stdout
        return [int(p) for p in out.split()] if out.strip() else self._children_from_proc()

    def _children_from_proc(self):
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/stat") as f:
                    if f.read().rsplit(")", 1)[1].split()[1] == str(self.process.pid):
                        found.append(int(pid))
            except OSError:
                continue
        return found

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        code = self.process.wait(120)
        self.process.stdout.close()
        self.log_file.close()
        asked_for = ("export AWS_SECRET_ACCESS_KEY=", "export AWS_SESSION_TOKEN=")  # of --gdb, on standard output alone
        leaks.collect("a gateway's log", self.log() + "\n".join(line for line in self.lines if not line.startswith(asked_for)))
        return code

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


@contextlib.contextmanager
def three_ports():
    """The first of three free ports in a row, for two APIs and STS, below those that the system gives away. The port before them
    is held meanwhile: whoever else takes ports by this function, at the same time, does not come to these."""
    for first in range(20001 + 4 * (os.getpid() % 2500), 32000, 4):
        with contextlib.ExitStack() as held:
            try:
                held.enter_context(socket.socket()).bind(("127.0.0.1", first - 1))
                for port in range(first, first + 3):
                    with socket.socket() as s:
                        s.bind(("127.0.0.1", port))
            except OSError:
                continue
            yield first
            return
    raise AssertionError("no three free ports in a row")


def send(method, url, headers=(), body=None):
    """One request with exactly this target."""
    parts = urllib.parse.urlsplit(url)
    target = url[url.index(parts.netloc) + len(parts.netloc):]
    c = http.client.HTTPConnection(parts.hostname, parts.port, timeout=120)
    c.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
    given = list(headers.items() if isinstance(headers, dict) else headers)
    if not any(k.lower() == "host" for k, _ in given):
        c.putheader("Host", parts.netloc)
    for k, v in given:
        c.putheader(k, v)
    if body is not None:
        c.putheader("Content-Length", str(len(body)))
    c.endheaders(body)
    r = c.getresponse()
    answer = Answer(r.status, r.getheaders(), r.read())
    c.close()
    if parts.path.endswith("/public"):
        leaks.collect(f"a reply to {method} {parts.path}", repr(answer.headers) + answer.body.decode(errors="replace"))
    return answer


def botocore_headers(keys, method, url, headers=None, body=b"", service="execute-api", region=REGION, shift_s=0):
    """What botocore would send, signed shift_s seconds from now."""
    leaks.know("a secret that signs", keys.secret_key)
    leaks.know("a token that is sent", keys.token)
    moment = datetime.datetime.utcnow() + datetime.timedelta(seconds=shift_s)

    class Clock(datetime.datetime):
        @classmethod
        def utcnow(cls):
            return moment

    class Module:
        datetime = Clock

    request = botocore.awsrequest.AWSRequest(method=method, url=url, data=body, headers=headers or {})
    real, botocore.auth.datetime = botocore.auth.datetime, Module
    try:
        botocore.auth.SigV4Auth(keys, service, region).add_auth(request)
    finally:
        botocore.auth.datetime = real
    return dict(request.headers.items())


def call(keys, method, url, headers=None, body=b"", **more):
    """Signed by botocore, then sent."""
    signed = botocore_headers(keys, method, url, headers, body, **more)
    return send(method, url, signed, body if body or method in ("POST", "PUT") else None)


def curl(keys, url, *arguments, token=True):
    """Signed by curl itself."""
    command = ["curl", "-s", "-g", "--max-time", "30", "-w", "\n%{http_code}", "--aws-sigv4", f"aws:amz:{REGION}:execute-api", "--user",
               f"{keys.access_key}:{keys.secret_key}", *arguments, url]
    if keys.token and token:
        command += ["-H", f"x-amz-security-token: {keys.token}"]
    out = subprocess.run(command, capture_output=True).stdout
    body, status = out.rsplit(b"\n", 1)
    return Answer(int(status), [], body)


def run_cases(cases):
    """Each case is (sentence, function); prints one line each and the closing line; returns the exit code."""
    failed = 0
    for sentence, function in cases:
        try:
            function()
            print(f"ok      {sentence}", flush=True)
        except Exception as problem:  # a failed case must not hide the next ones
            failed += 1
            print(f"FAILED  {sentence}\n        {type(problem).__name__}: {problem}", flush=True)
    print(f"{len(cases) - failed} passed, {failed} failed")
    return 1 if failed else 0


def write_template(path, *changes):
    """template.yaml with each (old, new) made once; returns the path."""
    with open(os.path.join(ROOT, "template.yaml"), encoding="utf-8") as file:
        text = file.read()
    for old, new in changes:
        assert old in text, f"the template no longer holds {old!r}"
        text = text.replace(old, new, 1)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def equal(actual, expected):
    assert actual == expected, f"expected {expected!r}, got {actual!r}"


def refused(answer, error_type, text, status=403):
    assert (answer.status, answer.error_type) == (status, error_type) and text in answer.body.decode(), \
        f"expected {status} {error_type} with {text!r}, got {answer!r}"
