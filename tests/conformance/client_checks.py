# SPDX-License-Identifier: Apache-2.0
"""Group `clients`: other people's clients against the private API of `apigw start`. Each request passes a relay that keeps it, so
that the table tells what a client really sent, and so that its bytes can be sent again with one of them changed."""
import functools, json

from client_expectations import CANNOT, SENDS_NOTHING, SENDS_OTHER, SIGNS_OTHER, UNPINNED
from client_roads import roads, sts
from client_stage import HELLO, NODE, PYTHON, REGION, ROLE, USER, Endpoint, Stage, Table, as_http_api, as_rest, as_url, is_refused, keys_of
from room import equal, run
from wire import ALTERATIONS, MISMATCH, SCOPE, alter, botocore_agrees, send

EXPIRED = ("InvalidSignatureException", "signed more than 5 minutes ago")

# name, template, path, service, how it refuses, the route below /private (a function URL takes every path), clients
ENDPOINTS = [
    ("REST API", "template.yaml", "/dev/private", "execute-api", as_rest, '"/private/{proxy+}", Method: ANY', PYTHON + NODE),
    ("HTTP API", "templates/http-api.yaml", "/private", "execute-api", as_http_api, '"/private/{proxy+}", Method: ANY',
     ["botocore", "curl", "awscurl", "smithy+fetch", "aws4fetch"]),
    ("function URL", "templates/function-url.yaml", "", "lambda", as_url, None,
     ["botocore", "curl", "awscurl", "smithy+fetch", "aws4fetch"]),
]

# column: (method, what is behind the path, params that the function got, body)
ACCEPTED = {
    "GET": ("GET", "?client=x", {"client": "x"}, None),
    "POST": ("POST", "", None, '{"n":1,"text":"grüße"}'),
    "order": ("GET", "?b=2&a=1&B=3", {"b": "2", "a": "1", "B": "3"}, None),
    "repeated": ("GET", "?a=2&b=x&a=1", {"a": ["2", "1"], "b": "x"}, None),
    "encoded": ("GET", "?q=%2F%3F%23%26%3D%2B%25&u=%C3%A9%20%E2%82%AC", {"q": "/?#&=+%", "u": "é €"}, None),
    "empty": ("GET", "?e=&k", {"e": "", "k": ""}, None),
    "odd": ("GET", "?s=*'()!~", {"s": "*'()!~"}, None),
    "path": ("GET", "/a%20b/%C3%A9/~x+y", None, None),
    "token": ("GET", "?client=x", {"client": "x"}, None),
}
REFUSED = {"expired": EXPIRED, "region": SCOPE, "service": SCOPE}
COLUMNS = {**dict.fromkeys(ACCEPTED, "passes"), "tampered": "refused", **dict.fromkeys(REFUSED, "refused")}


def target_of(endpoint, behind):
    return (endpoint.path + behind) if (endpoint.path + behind).startswith("/") else "/" + behind


def signed_as(endpoint, sent, keys, column, text):
    """Whether the signature is that of `text` in the place of the path behind the endpoint's, or of the query."""
    other = {"path": endpoint.path + text} if column == "path" else {"query": text}
    return botocore_agrees(sent, keys, REGION, endpoint.service, **other)


def accepted(stage, endpoint, client, column):
    """The outcome, what was sent, and for a wrong signature what tells whether it fits another query."""
    method, behind, params, body = ACCEPTED[column]
    target, g = target_of(endpoint, behind), endpoint.gateway
    profile, arn = ("PublicFunctionRole", ROLE) if column == "token" else ("bob", USER)
    said, sent, got = stage.call(client, g, profile, method, target, body, service=endpoint.service)
    if not sent:
        assert said.get("error"), said
        return SENDS_NOTHING, said["error"]
    agrees = botocore_agrees(sent, keys_of(g, profile), REGION, endpoint.service)
    if got.status != 200:
        is_refused(g, got, endpoint.says(MISMATCH[0]), MISMATCH[1])
        assert not agrees, f"botocore computes the client's signature for {sent.line}, and the gateway refuses it"
        return SIGNS_OTHER, sent.line, functools.partial(signed_as, endpoint, sent, keys_of(g, profile), column)
    assert agrees, f"the gateway accepts what botocore would not sign so: {sent.line}"
    reply = json.loads(got.body)
    assert said.get("body") == got.body.decode(), f"the client shows another answer: {said}"
    equal((said.get("status") or 200, reply.pop("message"), reply.pop("userArn")), (200, HELLO, arn))
    equal(reply, {"method": method, "params": params, "body": body})
    return (SENDS_OTHER if column == "path" and sent.target != target else "passes"), sent.line


def tampered(stage, endpoint, client):
    """A signed POST with a session token, sent as it was, then with one byte changed, each byte in its turn."""
    g = endpoint.gateway
    _, sent, got = stage.call(client, g, "PublicFunctionRole", "POST", target_of(endpoint, "?a=1"), '{"n":1}', service=endpoint.service)
    equal(got.status, 200, got.body[:300])
    equal(send(g.port, sent.raw).status, 200, "the same bytes again")
    for what, pattern, (error_type, cause) in ALTERATIONS:
        changed = alter(sent.raw, pattern)
        assert changed and len(changed) == len(sent.raw), f"nothing to change: {what}"
        try:
            is_refused(g, send(g.port, changed), endpoint.says(error_type), cause)
        except AssertionError as problem:
            raise AssertionError(f"{what} changed: {problem}")
    return "refused", ""


def refused(stage, endpoint, client, column):
    wrong_service = "lambda" if endpoint.service == "execute-api" else "execute-api"
    more = {"region": {"region": "eu-west-1"}, "service": {"service": wrong_service}}.get(column, {})
    g, (error_type, cause) = endpoint.ahead if column == "expired" else endpoint.gateway, REFUSED[column]
    said, _, got = stage.call(client, g, "bob", "GET", target_of(endpoint, "?client=x"), **{"service": endpoint.service, **more})
    assert got, f"nothing was sent: {said}"
    is_refused(g, got, endpoint.says(error_type), cause)
    return "refused", ""


def cell(stage, endpoint, client, column):
    if column == "tampered":
        return tampered(stage, endpoint, client)
    return (refused if column in REFUSED else accepted)(stage, endpoint, client, column)


def row(table, stage, endpoint, client):
    cannot = {column: c for (name, column), c in CANNOT.items() if name == client}
    version = UNPINNED.get(client) and run([client, "--version"]).stdout.split()[1]
    table.row(f"{client} {version}" if version else client, lambda column: cell(stage, endpoint, client, column), cannot,
              may_pass=version != UNPINNED.get(client))
    return f"{len(cannot)} of {len(table.columns)} it cannot" if cannot else ""


def clients_group(report, room):
    stage = Stage(room)
    for name, template, path, service, says, below, clients in ENDPOINTS:
        endpoint, table = Endpoint(room, template, path, service, says, below), Table(name, COLUMNS)
        for client in clients:
            report.check(f"{name}: {client}", row, table, stage, endpoint, client)
        table.print()
    roads(report, stage, room)
    sts(report, stage)
