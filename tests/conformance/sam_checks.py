# SPDX-License-Identifier: Apache-2.0
"""Groups `build`, `invoke` and `start-api`: SAM CLI builds the functions and runs them in containers. The private API that
`public` calls there is the one of `apigw`, which checks signatures; SAM CLI's own does not."""
import glob, hashlib, http.client, json, os, signal, stat, subprocess, urllib.parse

from engine import ARCH, BASE_IMAGE, Engine, elf
from room import EVENTS, Unavailable, end, equal, free_port, read, run, tail, wait_for_port
from tls_relay import Authority, Relay

import apigw  # of tests/e2e

FUNCTIONS = ["PublicFunction", "PrivateFunction"]
# A name that tells a signer service and region, and that no public name server knows: its suffix is that of an isolated partition.
PRIVATE_HOST = "privateapi.execute-api.us-east-1.c2s.ic.gov"
ROLE_ARN = "arn:aws:sts::123456789012:assumed-role/lambda-iam-c-PublicFunctionRole/lambda-iam-c-PublicFunction"


# --------------------------------------------------------------------------------------------------------------- build


class Build:
    def __init__(self, room):
        self.room, self.said = room, ""

    def file(self, function):
        return os.path.join(self.room.copy, ".aws-sam", "build", function, "bootstrap")

    def build(self):
        done = run(["sam", "build", "--parameter-overrides", f"Architecture={ARCH}"], cwd=self.room.copy, timeout_s=600,
                   env=self.room.environment())
        self.said = done.stdout + done.stderr
        assert "Build Succeeded" in self.said, self.said[-2000:]
        for function in FUNCTIONS:
            assert os.path.isfile(self.file(function)), f"{function} has no bootstrap"
        self.room.built = {f: self.file(f) for f in FUNCTIONS}

    def once(self):
        made = self.said.count("Running CustomMakeBuilder:MakeBuild")
        equal(made, 1, "runs of make")

    def alone(self):
        for function in FUNCTIONS:
            equal(os.listdir(os.path.dirname(self.file(function))), ["bootstrap"], function)
            equal(oct(stat.S_IMODE(os.stat(self.file(function)).st_mode)), "0o755", function)

    def same(self):
        digests = {hashlib.sha256(read(self.file(f), "rb")).hexdigest() for f in FUNCTIONS}
        equal(len(digests), 1, "different files")
        return digests.pop()[:16]

    def static(self):
        for function in FUNCTIONS:
            equal(elf(self.file(function)), (ARCH, False), f"{function}: (machine, needs a loader)")
        return f"{os.path.getsize(self.file('PublicFunction'))} bytes"

    def clean_source(self):
        left = [n for n in os.listdir(self.room.copy) if n.startswith("build")]
        assert not left, f"sam build left {left} beside the sources"


def build_group(report, room):
    b = Build(room)
    if not report.check("sam build, on this machine, in a fresh copy of the sources", b.build):
        for sentence in ("one compilation for both functions", "static", "the same file for both"):
            report.not_run(sentence, "sam build failed")
        return
    report.check("make ran once for both functions", b.once)
    report.check("each package holds bootstrap and nothing else, mode 0755", b.alone)
    report.check("both functions get the same file, SHA-256", b.same)
    report.check(f"bootstrap is for {ARCH} and needs no loader", b.static)
    report.check("nothing was written into the source folder but .aws-sam", b.clean_source)


# -------------------------------------------------------------------------------------------------------------- upstream


class Stage:
    """Engine, image, gateway and relay: what both groups with containers need. Made once."""

    @staticmethod
    def of(report, room):
        if not room.built:
            raise Unavailable("there is no result of sam build; the group build makes it")
        if not hasattr(room, "stage"):
            try:
                room.stage = Stage(report, room)
            except Unavailable as reason:
                room.stage = reason
        if isinstance(room.stage, Unavailable):
            raise room.stage
        return room.stage

    def __init__(self, report, room):
        self.room = room
        if not os.access(os.path.join(room.build, "apigw"), os.X_OK):
            raise Unavailable(f"{room.build} holds no apigw: run make build first")
        room.docker = Engine(room)
        room.on_exit(self.remove_containers)
        authority = Authority()
        if not report.check(f"the base image of busybox, as {BASE_IMAGE}", room.docker.make_base_image, authority.bundle):
            raise Unavailable("there is no base image")
        self.gateway = apigw.Gateway(room.build)
        self.gateway.start()
        room.on_exit(lambda: self.gateway.__exit__())
        authority.write(PRIVATE_HOST, room.path("relay.pem"))
        self.address = room.docker.bridge_address()
        self.relay = Relay(self.address, urllib.parse.urlsplit(self.gateway.private).port, room.path("relay.pem"))
        room.on_exit(self.relay.close)
        url = f"https://{PRIVATE_HOST}:{self.relay.port}{urllib.parse.urlsplit(self.gateway.private).path}"
        with open(room.path("variables.json"), "w", encoding="utf-8") as f:
            json.dump({"PublicFunction": {"PRIVATE_API_URL": url}}, f)
        keys = self.gateway.keys("PublicFunctionRole")
        self.environment = room.environment(AWS_ACCESS_KEY_ID=keys.access_key, AWS_SECRET_ACCESS_KEY=keys.secret_key,
                                            AWS_SESSION_TOKEN=keys.token, AWS_REGION="us-east-1")
        self.options = ["--env-vars", room.path("variables.json"), "--skip-pull-image",
                        "--add-host", f"{PRIVATE_HOST}:{self.address}", "--parameter-overrides", f"Architecture={ARCH}"]

    def remove_containers(self):
        for container in self.room.docker.containers():
            container.remove(force=True)

    def invoke(self, function, event):
        done = run(["sam", "local", "invoke", function, "-e", event, *self.options], cwd=self.room.copy, env=self.environment)
        try:
            return json.loads(done.stdout), done.stderr
        except ValueError:
            raise AssertionError(f"no JSON: {done.stdout!r}; {done.stderr[-1500:]}")


def pairs_of(event):
    if event.get("version") == "2.0":
        return urllib.parse.parse_qsl(event.get("rawQueryString") or "", keep_blank_values=True)
    several = event.get("multiValueQueryStringParameters") or {}
    return [(k, v) for k, values in several.items() for v in values]


def echo_of(event, user_arn):
    """What `private` answers to this event."""
    v2 = event.get("version") == "2.0"
    params = {}
    for key, value in pairs_of(event):
        params.setdefault(key, []).append(value)
    answer = {"message": "Hi from AWS_IAM auth enabled API", "userArn": user_arn,
              "method": event["requestContext"]["http"]["method"] if v2 else event["httpMethod"],
              "params": {k: v if len(v) > 1 else v[0] for k, v in params.items()} or None, "body": event.get("body")}
    if event.get("isBase64Encoded"):
        answer["isBase64Encoded"] = True
    return answer


def caller_of(event):
    context = event["requestContext"]
    if event.get("version") == "2.0":
        return context.get("authorizer", {}).get("iam", {}).get("userArn")
    return context["identity"]["userArn"]


def check_reply(reply, expected):
    equal(reply.get("statusCode"), 200, json.dumps(reply)[:500])
    equal(json.loads(reply["body"]), expected)
    assert "FakeSessionToken" not in json.dumps(reply), "the reply repeats a header"


def invoke_private(stage, path):
    event = json.loads(read(path))
    reply, _ = stage.invoke("PrivateFunction", path)
    check_reply(reply, echo_of(event, caller_of(event)))


def invoke_public(stage, path):
    event = json.loads(read(path))
    before = stage.relay.connections
    reply, log = stage.invoke("PublicFunction", path)
    check_reply(reply, echo_of(event, ROLE_ARN))
    assert stage.relay.connections > before, "the private API was not called by TLS"
    for secret in (stage.environment["AWS_SECRET_ACCESS_KEY"], stage.environment["AWS_SESSION_TOKEN"]):
        assert secret not in log, "the log holds a secret"


def refused_keys(stage):
    event = os.path.join(EVENTS, "rest-get-public.json")
    kept, stage.environment = stage.environment, {**stage.environment, "AWS_SECRET_ACCESS_KEY": "wrong" * 8}
    try:
        reply, _ = stage.invoke("PublicFunction", event)
    finally:
        stage.environment = kept
    equal((reply["statusCode"], json.loads(reply["body"])["errorType"]), (502, "InvalidSignatureException"))


def left_containers(room):
    left = room.docker.containers()
    assert not left, [c.name for c in left]


def invoke_group(report, room):
    stage = Stage.of(report, room)
    files = sorted(glob.glob(EVENTS + "/*.json"))
    assert files, "events/ is empty"
    for function, invoke in (("PrivateFunction", invoke_private), ("PublicFunction", invoke_public)):
        for path in files:
            who = "the event's caller" if function == "PrivateFunction" else "PublicFunctionRole, by the gateway"
            command = f"sam local invoke {function} -e events/{os.path.basename(path)}"
            report.check(f"{command}: 200, userArn of {who}", invoke, stage, path)
    report.check("sam local invoke PublicFunction with a wrong secret: 502, InvalidSignatureException", refused_keys, stage)
    report.check("no container is left", left_containers, room)


# ------------------------------------------------------------------------------------------------------------- start-api


class StartApi:
    def __init__(self, stage):
        self.stage, self.port, self.log = stage, free_port(), stage.room.path("start-api.log")
        self.process = stage.room.start(["sam", "local", "start-api", "--port", str(self.port), *stage.options], self.log,
                                        cwd=stage.room.copy, env=stage.environment)

    def listens(self):
        wait_for_port(self.port, self.process, self.log, timeout_s=120)

    def ask(self, method, path, body=None, headers={}):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        c.request(method, path, body, headers)
        answer = c.getresponse()
        text = answer.read().decode()
        c.close()
        return answer.status, text

    def public_get(self):
        status, text = self.ask("GET", "/public?client=conformance&tag=a&tag=b")
        equal(status, 200, text)
        equal(json.loads(text), {"message": "Hi from AWS_IAM auth enabled API", "userArn": ROLE_ARN, "method": "GET",
                                 "params": {"client": "conformance", "tag": ["a", "b"]}, "body": None})

    def public_post(self):
        status, text = self.ask("POST", "/public?q=1", '{"grüße":[1,2]}'.encode(), {"Content-Type": "application/json"})
        equal(status, 200, text)
        answer = json.loads(text)
        equal((answer["userArn"], answer["method"]), (ROLE_ARN, "POST"))
        equal((answer["params"], answer["body"]), ({"q": "1"}, '{"grüße":[1,2]}'))

    def judged_by_the_gateway(self):
        status, text = self.ask("GET", "/public?x=%27%20%2F%25")
        equal((status, json.loads(text).get("params")), (200, {"x": "' /%"}))
        unsigned = apigw.send("GET", self.stage.gateway.private)
        apigw.refused(unsigned, "MissingAuthenticationTokenException", "Missing Authentication Token")

    def private_unsigned(self):
        status, text = self.ask("GET", "/private?client=nobody")
        equal(status, 200, text)
        equal((json.loads(text)["userArn"], json.loads(text)["params"]), (None, {"client": "nobody"}))
        said = tail(self.log, 100000)
        assert "not supported for local emulation" in said, "SAM CLI no longer says that it does not authorize"

    def unknown(self):
        status, text = self.ask("GET", "/nowhere")
        equal((status, json.loads(text)), (403, {"message": "Missing Authentication Token"}))

    def ends(self):
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            end(self.process)
            raise AssertionError("it did not end within a minute")
        left_containers(self.stage.room)


def start_api_group(report, room):
    s = StartApi(Stage.of(report, room))
    if not report.check("sam local start-api listens, one warm container per function", s.listens):
        report.not_run("the calls", "start-api does not listen")
        return
    report.check("GET public → private: 200 with the userArn of PublicFunctionRole, by TLS to the gateway", s.public_get)
    report.check("POST public → private: 200, query and body arrive", s.public_post)
    report.check("the same gateway refuses an unsigned GET: 403", s.judged_by_the_gateway)
    report.check("SAM CLI itself answers an unsigned GET /private with 200, userArn null, and says that it does not authorize",
                 s.private_unsigned)
    report.check("an unknown path: 403 Missing Authentication Token", s.unknown)
    report.check("Ctrl-C ends it and its containers", s.ends)
