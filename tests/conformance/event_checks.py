# SPDX-License-Identifier: Apache-2.0
"""Group `events`: what the gateway hands to a function, as Powertools' parser and SAM's samples know it. The function is a
script of ours that answers with its event."""
import http.client, json, os, re, subprocess, sys, typing, urllib.parse

import pydantic
from aws_lambda_powertools.utilities.parser import models
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from room import Unavailable, end, equal, read, run

REGION = "us-east-1"
CALLER = "PublicFunctionRole"  # may call the private side of each template
ECHO = """#!{python}
import http.client, json, os
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
while True:
    api.request("GET", "/2018-06-01/runtime/invocation/next")
    answer = api.getresponse()
    request_id, event = answer.headers["Lambda-Runtime-Aws-Request-Id"], answer.read().decode()
    api.request("POST", "/2018-06-01/runtime/invocation/%s/response" % request_id, json.dumps({{"statusCode": 200, "body": event}}))
    api.getresponse().read()
"""


class Kind(typing.NamedTuple):
    name: str
    template: str
    service: str
    model: type
    sample: str  # of `sam local generate-event apigateway`
    public: tuple  # what "listening" calls it, and its path
    private: tuple


KINDS = [
    Kind("REST API", "template.yaml", "execute-api", models.APIGatewayProxyEventModel, "aws-proxy",
         ("PublicApi", "/public"), ("PrivateApi", "/private")),
    Kind("HTTP API", "templates/http-api.yaml", "execute-api", models.APIGatewayProxyEventV2Model, "http-api-proxy",
         ("PublicApi", "/public"), ("PrivateApi", "/private")),
    Kind("function URL", "templates/function-url.yaml", "lambda", models.LambdaFunctionUrlModel, "http-api-proxy",
         ("PublicFunctionUrl", "/a%20b"), ("PrivateFunctionUrl", "/")),
]
FIELDS = {"User-Agent": "checks/1", "Cookie": "a=1; b=2", "X-Two": "1, 2", "Accept": "*/*"}
# method, query, body, type
REQUESTS = [
    ("GET", "", None, None),
    ("GET", "client=x&tag=a&tag=b%20c&empty=", None, None),
    ("POST", "a=1", b'{"a": "\xc3\xa9"}', "application/json"),
    ("POST", "", b"\x00\xff\x01", "application/octet-stream"),
]
# In AWS's sample but not in an event of ours: what is another authorizer's, another proxy's, or not known here.
NOT_OURS = {"requestContext.authentication", "requestContext.authorizer.jwt", "pathParameters", "stageVariables", "body"}
# In our events, as AWS sends them, but in no model of this version.
NOT_THEIRS = {"requestContext.deploymentId"}


class Gateway:
    def __init__(self, room, kind, bootstrap):
        self.folder = room.path("events-" + kind.service + "-" + kind.model.__name__, "x")[:-2]
        self.log = os.path.join(self.folder, "log")
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [os.path.join(room.build, "apigw"), "start", "--template", os.path.join(room.copy, kind.template),
                 "--bootstrap", bootstrap, "--port", "0"],
                cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True, env=room.environment())
        room.on_exit(lambda: end(self.process))
        lines = []
        for line in self.process.stdout:
            lines.append(line)
            if line == "ready\n":
                break
        else:
            raise AssertionError(f"apigw did not start: {read(self.log)[-1500:]}")
        self.urls = dict(l.split()[1:3] for l in lines if l.startswith("listening "))

    def keys(self):
        text = read(os.path.join(self.folder, ".apigw", "credentials"))
        section = text.partition(f"[{CALLER}]\n")[2].partition("\n[")[0]
        value = dict(re.findall(r"^(\w+) = (\S+)$", section, re.M))
        return Credentials(value["aws_access_key_id"], value["aws_secret_access_key"], value.get("aws_session_token"))

    def event_of(self, kind, side, request, signed):
        method, query, body, media_type = request
        url = self.urls[side[0]].removesuffix("/$default") + side[1] + ("?" + query if query else "")
        parts = urllib.parse.urlsplit(url)
        headers = {**FIELDS, "Host": parts.netloc, **({"Content-Type": media_type} if media_type else {})}
        if signed:
            signable = AWSRequest(method, url, {k: v for k, v in headers.items() if k != "Host"}, body or b"")
            SigV4Auth(self.keys(), kind.service, REGION).add_auth(signable)
            headers.update(signable.headers.items())
        wire = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
        try:
            wire.request(method, url[url.index(parts.netloc) + len(parts.netloc):], body, headers)
            answer = wire.getresponse()
            text = answer.read()
        finally:
            wire.close()
        equal(answer.status, 200, f"{method} {url}: {text[:300]!r}; {read(self.log)[-800:]}")
        return json.loads(text)


def model_of(annotation):
    """The model in `X | None` and the like, or None."""
    for part in (annotation, *typing.get_args(annotation)):
        if isinstance(part, type) and issubclass(part, pydantic.BaseModel) and part is not pydantic.BaseModel:
            return part
    return None


def unknown_members(event, model, path=""):
    """Members that the model has no field for."""
    fields = {(f.alias or name): f for name, f in model.model_fields.items()}
    for name, value in event.items():
        if name not in fields:
            yield path + name
        elif isinstance(value, dict) and model_of(fields[name].annotation):
            yield from unknown_members(value, model_of(fields[name].annotation), f"{path}{name}.")


def missing_members(sample, event, path=""):
    """Members of the sample that the event lacks; maps of names that a client chooses are one member."""
    for name, value in sample.items():
        here = path + name
        if name not in event:
            yield here
        elif isinstance(value, dict) and isinstance(event[name], dict) and "eaders" not in name and "Parameters" not in name:
            yield from missing_members(value, event[name], here + ".")


def check_event(kind, event, request, signed):
    kind.model.model_validate(event)
    equal(set(unknown_members(event, kind.model)) - NOT_THEIRS, set(), "members that the parser does not know")
    method, query, body, _ = request
    context = event["requestContext"]
    v2 = kind.name != "REST API"
    equal(context["http"]["method"] if v2 else event["httpMethod"], method)
    iam = context.get("authorizer", {}).get("iam", {}) if v2 else context["identity"]
    equal((iam.get("userArn") or "").count(":assumed-role/"), 1 if signed else 0, "the caller")
    equal(event["isBase64Encoded"], body is not None and b"\xff" in body and v2, "isBase64Encoded")
    values = urllib.parse.parse_qs(query, keep_blank_values=True)
    if v2:
        equal(event["rawQueryString"], query)
        equal(event.get("queryStringParameters"), {k: ",".join(v) for k, v in values.items()} or None)
        equal(event["cookies"], ["a=1", "b=2"])
        equal("cookie" in event["headers"], kind.name == "function URL", "cookies among the headers")
        equal([h for h in event["headers"] if h != h.lower()], [], "names in upper case")
    else:
        equal(event["multiValueQueryStringParameters"], values or None)
        equal(event["queryStringParameters"], {k: v[-1] for k, v in values.items()} or None)


def check_sample(room, kind, event):
    sample = json.loads(run(["sam", "local", "generate-event", "apigateway", kind.sample], env=room.environment()).stdout)
    allowed = {m for m in missing_members(sample, event) if m.startswith(tuple(NOT_OURS))}
    equal(sorted(set(missing_members(sample, event)) - allowed), [], "members of AWS's sample that are not in ours")


def check_kind(report, room, kind, bootstrap):
    gateway = Gateway(room, kind, bootstrap)
    for side, signed in ((kind.public, False), (kind.private, True)):
        for request in REQUESTS:
            if kind.name == "REST API" and request[2] and b"\xff" in request[2]:
                continue  # its API has no BinaryMediaTypes, so such bytes are refused
            report.check(f"{kind.name}, {'signed' if signed else 'open'}: {request[0]} ?{request[1]} {request[3] or ''}".rstrip(),
                         lambda: check_event(kind, gateway.event_of(kind, side, request, signed), request, signed))
    report.check(f"{kind.name}: every member of AWS's sample is there",
                 lambda: check_sample(room, kind, gateway.event_of(kind, kind.private, REQUESTS[2], True)))
    end(gateway.process)


def events_group(report, room):
    if not os.path.exists(os.path.join(room.build, "apigw")):
        raise Unavailable(f"{room.build}/apigw is not built")
    bootstrap = room.path("echo", "bootstrap")
    with open(bootstrap, "w", encoding="utf-8") as f:
        f.write(ECHO.format(python=sys.executable))
    os.chmod(bootstrap, 0o755)
    for kind in KINDS:
        try:
            check_kind(report, room, kind, bootstrap)
        except AssertionError as problem:
            report.check(f"{kind.name}: the gateway serves it", lambda: equal(str(problem), ""))
