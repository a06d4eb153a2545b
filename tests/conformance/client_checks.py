# SPDX-License-Identifier: Apache-2.0
"""Group `clients`: other people's clients against the private API of `apigw start`. Each request passes a relay that keeps it, so
that the table tells what a client really sent, and so that its bytes can be sent again with one of them changed."""
import functools, json

from client_expectations import CANNOT, SENDS_NOTHING, SIGNS_OTHER, UNPINNED
from client_roads import roads, sts
from client_stage import HELLO, NODE, PYTHON, REGION, ROLE, SERVICE, USER, Stage, Table, is_refused, keys_of, port_of
from room import equal, run
from wire import ALTERATIONS, MISMATCH, SCOPE, alter, botocore_agrees, send

EXPIRED = ("InvalidSignatureException", "signed more than 5 minutes ago")

# column: (method, what is behind /dev/private, params that the function got, body)
ACCEPTED = {
    "GET": ("GET", "?client=x", {"client": "x"}, None),
    "POST": ("POST", "", None, '{"n":1,"text":"grüße"}'),
    "order": ("GET", "?b=2&a=1&B=3", {"b": "2", "a": "1", "B": "3"}, None),
    "repeated": ("GET", "?a=2&b=x&a=1", {"a": ["2", "1"], "b": "x"}, None),
    "encoded": ("GET", "?q=%2F%3F%23%26%3D%2B%25&u=%C3%A9%20%E2%82%AC", {"q": "/?#&=+%", "u": "é €"}, None),
    "empty": ("GET", "?e=&k", {"e": "", "k": ""}, None),
    "odd": ("GET", "?s=*'()!~", {"s": "*'()!~"}, None),
    "token": ("GET", "?client=x", {"client": "x"}, None),
}
REFUSED = {"expired": EXPIRED, "region": SCOPE, "service": SCOPE}


def accepted(stage, client, column):
    """The outcome, what was sent, and for a wrong signature what tells whether it fits a query."""
    method, behind, params, body = ACCEPTED[column]
    profile, arn = ("PublicFunctionRole", ROLE) if column == "token" else ("bob", USER)
    said, sent, got = stage.call(client, stage.gateway, profile, method, behind, body)
    if not sent:
        assert said.get("error"), said
        return SENDS_NOTHING, said["error"]
    fits = functools.partial(botocore_agrees, sent, keys_of(stage.gateway, profile), REGION, SERVICE)
    agrees = fits()
    if got.status != 200:
        is_refused(stage.gateway, got, *MISMATCH)
        assert not agrees, f"botocore computes the client's signature for {sent.line}, and the gateway refuses it"
        return SIGNS_OTHER, sent.line, fits
    assert agrees, f"the gateway accepts what botocore would not sign so: {sent.line}"
    reply = json.loads(got.body)
    assert said.get("body") == got.body.decode(), f"the client shows another answer: {said}"
    equal((said.get("status") or 200, reply.pop("message"), reply.pop("userArn")), (200, HELLO, arn))
    equal(reply, {"method": method, "params": params, "body": body})
    return "passes", sent.line


def tampered(stage, client):
    """A signed POST with a session token, sent as it was, then with one byte changed, each byte in its turn."""
    g = stage.gateway
    _, sent, got = stage.call(client, g, "PublicFunctionRole", "POST", "?a=1", '{"n":1}')
    equal(got.status, 200, got.body[:300])
    port = port_of(g.private)
    equal(send(port, sent.raw).status, 200, "the same bytes again")
    for what, pattern, refusal in ALTERATIONS:
        changed = alter(sent.raw, pattern)
        assert changed and len(changed) == len(sent.raw), f"nothing to change: {what}"
        try:
            is_refused(g, send(port, changed), *refusal)
        except AssertionError as problem:
            raise AssertionError(f"{what} changed: {problem}")
    return "refused", ""


def refused(stage, client, column):
    more = {"region": {"region": "eu-west-1"}, "service": {"service": "lambda"}}.get(column, {})
    g = stage.ahead if column == "expired" else stage.gateway
    said, _, got = stage.call(client, g, "bob", "GET", "?client=x", **more)
    assert got, f"nothing was sent: {said}"
    is_refused(g, got, *REFUSED[column])
    return "refused", ""


def cell(stage, client, column):
    if column == "tampered":
        return tampered(stage, client)
    return refused(stage, client, column) if column in REFUSED else accepted(stage, client, column)


def row(table, stage, client):
    cannot = {column: c for (name, column), c in CANNOT.items() if name == client}
    version = UNPINNED.get(client) and run([client, "--version"]).stdout.split()[1]
    table.row(f"{client} {version}" if version else client, lambda column: cell(stage, client, column), cannot,
              may_pass=version != UNPINNED.get(client))
    return f"{len(cannot)} of {len(table.columns)} it cannot" if cannot else ""


def clients_group(report, room):
    stage, table = Stage(room), Table({**dict.fromkeys(ACCEPTED, "passes"), "tampered": "refused", **dict.fromkeys(REFUSED, "refused")})
    for client in PYTHON + NODE:
        report.check(client, row, table, stage, client)
    table.print()
    roads(report, stage)
    sts(report, stage)
