# SPDX-License-Identifier: Apache-2.0
"""Two more tables of the group `clients`: who assumes a role first and calls with an API key, and clients of STS itself."""
import json

from client_stage import API_KEY, ASSUMED, HELLO, REGION, ROLE, STS, USER, WITH_KEY, Endpoint, Table, as_rest, is_refused, keys_of, log_of
from wire import Request, alter, send

ROLE_ARN = "arn:aws:iam::123456789012:role/lambda-iam-c-ApiAccessRole"
ACCESS_ROLE = "arn:aws:sts::123456789012:assumed-role/lambda-iam-c-ApiAccessRole/"
SESSION = "session1"
ASSUME = {"role": ROLE_ARN, "session": SESSION}
KEY = {"x-api-key": API_KEY}


# ------------------------------------------------------------------------------------------- a role and an API key

# column: (method, behind, params, body, headers, what is asked of STS)
ROAD = {
    "GET": ("GET", "?client=road", {"client": "road"}, None, KEY, ASSUME),
    "POST": ("POST", "?client=road", {"client": "road"}, '{"client":"road"}', KEY, ASSUME),
    "no key": ("GET", "", None, None, {}, ASSUME),
    "wrong key": ("GET", "", None, None, {"x-api-key": API_KEY[:-1] + "2"}, ASSUME),
    "no role": ("GET", "", None, None, KEY, {}),
}
ROAD_REFUSED = {
    "no key": ("ForbiddenException", "there is no x-api-key"),
    "wrong key": ("ForbiddenException", "x-api-key is not the value of an enabled key"),
    "no role": ("AccessDeniedException", "execute-api:Invoke"),
}


def road(stage, client, column):
    method, behind, params, body, headers, assume = ROAD[column]
    said, sent, got = stage.call(client, stage.road, "PublicFunctionRole", method, "/dev/private" + behind, body, headers, **assume)
    assert got, said
    if column in ROAD_REFUSED:
        is_refused(stage.road, got, *ROAD_REFUSED[column])
        return "refused", sent.line
    assert got.status == 200, got.body[:500]
    want = {"message": HELLO, "userArn": ACCESS_ROLE + SESSION, "method": method, "params": params, "body": body}
    assert said["body"] == got.body.decode() and json.loads(got.body) == want, got.body
    return "passes", sent.line


def roads(report, stage, room):
    """Opens the gateway that STS is asked of, too."""
    endpoint = Endpoint(room, "template.yaml", "/dev/private", "execute-api", as_rest, None, *ASSUMED, *WITH_KEY)
    stage.road, stage.ahead = endpoint.gateway, endpoint.ahead
    table = Table("role and API key", {column: "refused" if column in ROAD_REFUSED else "passes" for column in ROAD})
    for client in ("smithy+fetch", "smithy+axios", "smithy+ky"):
        report.check(f"@aws-sdk/client-sts AssumeRole, then {client} with an API key", table.row, client,
                     lambda column: road(stage, client, column))
    table.print()


# ------------------------------------------------------------------------------------------------------------- STS


def ask(stage, client, action, keys, gateway=None, **more):
    gateway = gateway or stage.road
    stage.sts.target = gateway.ports["STS"]
    return stage.ask(client, action=action, keys=keys, region=more.pop("region", REGION), **ASSUME, **more)


def identity(stage, client, keys, arn, **more):
    said = ask(stage, client, "GetCallerIdentity", keys, **more)
    assert said == {"arn": arn}, said
    return "passes", ""


def assumes(stage, client):
    """The keys that it got are those of the role, by its own next question."""
    said = ask(stage, client, "AssumeRole", keys_of(stage.road, "PublicFunctionRole"))
    k = said.get("keys")
    assert k, said
    return identity(stage, client, {"id": k["AccessKeyId"], "secret": k["SecretAccessKey"], "token": k["SessionToken"]},
                    ACCESS_ROLE + SESSION)


def is_refused_by_sts(stage, said, gateway, code, cause):
    assert said.get("code") == code, f"expected {code}, got {said}"
    answer = stage.sts.seen[-1][1]
    line = log_of(gateway, answer)
    assert code in line and cause in line, f"the log's cause is not {cause!r}: {line}"
    return "refused", ""


def wrong(stage, client, code, cause, profile="bob", action="GetCallerIdentity", gateway=None, **changes):
    gateway = gateway or stage.road
    said = ask(stage, client, action, {**keys_of(gateway, profile), **changes}, gateway)
    return is_refused_by_sts(stage, said, gateway, code, cause)


def sts_tampered(stage, client):
    """What it sent, once more with one character of the form's body changed."""
    identity(stage, client, keys_of(stage.road, "bob"), USER)
    sent = stage.sts.seen[-1][0]
    port = stage.road.ports["STS"]
    assert send(port, sent.raw).status == 200, "the same bytes again"
    for pattern in (r"\r\n\r\n.*version=201(1)", r"signature=[0-9a-f]{63}([0-9a-f])", r"\r\nx-amz-date: *\d{8}T\d{5}(\d)Z"):
        changed = alter(sent.raw, pattern)
        assert changed, f"nothing to change: {pattern} in {Request(sent.raw).line}"
        answer = send(port, changed)
        assert answer.status == 403 and b"SignatureDoesNotMatch" in answer.body, answer.body
        line = log_of(stage.road, answer)
        assert "SignatureDoesNotMatch: the signature does not fit this request" in line, line
    return "refused", ""


QUESTIONS = {
    "user": lambda s, c: identity(s, c, keys_of(s.road, "bob"), USER),
    "session": lambda s, c: identity(s, c, keys_of(s.road, "PublicFunctionRole"), ROLE),
    "eu-west-1": lambda s, c: identity(s, c, keys_of(s.road, "bob"), USER, region="eu-west-1"),
    "AssumeRole": assumes,
    "not trusted": lambda s, c: wrong(s, c, "AccessDenied", "", action="AssumeRole"),
    "bad secret": lambda s, c: wrong(s, c, "SignatureDoesNotMatch", "the signature does not fit", secret="A" * 40),
    "unknown key": lambda s, c: wrong(s, c, "InvalidClientTokenId", "the access key is unknown", id="AKIAIOSFODNN7EXAMPLE"),
    "no token": lambda s, c: wrong(s, c, "InvalidClientTokenId", "session token is missing", profile="PublicFunctionRole", token=None),
    "tampered": sts_tampered,
    "expired": lambda s, c: wrong(s, c, "SignatureDoesNotMatch", "signed more than 15 minutes ago", gateway=s.ahead),
}
PASSES = ("user", "session", "eu-west-1", "AssumeRole")


def sts(report, stage):
    table = Table("STS", {column: "passes" if column in PASSES else "refused" for column in QUESTIONS})
    for client in STS:
        report.check(f"STS by {client}", table.row, client, lambda column: QUESTIONS[column](stage, client))
    table.print()
