# SPDX-License-Identifier: Apache-2.0
"""The requests of the load. Each has an id of its own, is made before the load begins, and knows what its answer must be."""
import collections, json, os, random, sys, urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "e2e"))
from apigw import botocore_headers

HELLO = "Hi from AWS_IAM auth enabled API"
ACCOUNT = "arn:aws:iam::123456789012:"
ROLE = "arn:aws:sts::123456789012:assumed-role/lambda-iam-c-FunctionRole/lambda-iam-c-PrivateFunction"
INTERNAL = {"message": "Internal server error"}

# reply: what a 200 says, or the error's body; None: the status and the error type say it all
Planned = collections.namedtuple("Planned", "id kind api raw status error_type reply")

# kind: its share in ten thousand. What ends or stops a process costs the requests behind it a start, so it is rare.
SHARES = {
    "answer": 5470, "slow": 200, "large": 100, "role": 500, "open": 500, "error": 300, "text": 100, "list": 50, "status": 50,
    "abort": 20, "exit": 20, "stuck": 5, "tampered": 1000, "unsigned": 800, "wrong token": 300, "no policy": 300,
    "unknown route": 200, "torn": 85,
}
FAILS = ("error", "text", "list", "status", "abort", "exit", "stuck")
REFUSED = {"tampered": "InvalidSignatureException", "unsigned": "MissingAuthenticationTokenException",
           "wrong token": "UnrecognizedClientException", "no policy": "AccessDeniedException",
           "unknown route": "MissingAuthenticationTokenException"}


def raw_request(target, host, headers, body):
    lines = [f"POST {target} HTTP/1.1", f"Host: {host}", *(f"{k}: {v}" for k, v in headers.items()), f"Content-Length: {len(body)}"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


class Planner:
    """`torn` requests are well signed, and their sender hangs up without waiting for the answer."""

    def __init__(self, gateway, seed):
        self.gateway, self.dice = gateway, random.Random(seed)
        self.keys = {name: gateway.keys(name) for name in ("bob", "mallory", "FunctionRole")}

    def body(self, kind, name):
        longest = 200000 if kind == "large" else 2000
        return json.dumps({"id": name, "filling": "x" * self.dice.randrange(longest)}).encode()

    def caller(self, kind):
        """(key, the ARN that the function is to see)"""
        if kind == "no policy":
            return self.keys["mallory"], None
        return (self.keys["FunctionRole"], ROLE) if kind in ("role", "wrong token") else (self.keys["bob"], ACCOUNT + "user/bob")

    def one(self, name, kind):
        url = self.gateway.public if kind == "open" else self.gateway.private
        does = kind if kind in FAILS else "slow" if kind in ("slow", "open") else "answer"
        query = f"?id={name}&do={does}"
        parts = urllib.parse.urlsplit(url + ("/none" if kind == "unknown route" else ""))
        body, headers, arn = self.body(kind, name), {"Content-Type": "application/json"}, None
        if kind not in ("unsigned", "open"):
            keys, arn = self.caller(kind)
            signed = botocore_headers(keys, "POST", parts.geturl() + query, headers, body)
            headers = {k: v for k, v in signed.items() if k.lower() not in ("host", "content-length")}
        if kind == "tampered":
            body = body[:8] + b"z" + body[9:]  # another id, as long as it was
        if kind == "wrong token":
            token = headers["X-Amz-Security-Token"]
            headers["X-Amz-Security-Token"] = token[:-4] + ("aaaa" if token[-4:] != "aaaa" else "bbbb")
        raw = raw_request(parts.path + query, parts.netloc, headers, body)
        api = "public" if kind == "open" else "private"
        if kind in REFUSED:
            return Planned(name, kind, api, raw, 403, REFUSED[kind], None)
        if kind in FAILS:
            return Planned(name, kind, api, raw, 502, "InternalServerErrorException", INTERNAL)
        reply = {"message": HELLO, "userArn": arn, "method": "POST", "params": {"id": name, "do": does}, "body": body.decode()}
        return Planned(name, kind, api, raw, 200, None, reply)

    def make(self, prefix, n, without=()):
        kinds = [k for k in SHARES if k not in without]
        drawn = self.dice.choices(kinds, [SHARES[k] for k in kinds], k=n)
        return [self.one(f"{prefix}{i:06d}", kind) for i, kind in enumerate(drawn)]


def judge(planned, status, error_type, body):
    """None, or what is wrong with this answer."""
    if (status, error_type) != (planned.status, planned.error_type):
        return f"{planned.kind} {planned.id}: expected {planned.status} {planned.error_type}, got {status} {error_type} {body[:200]!r}"
    if planned.reply is not None and json.loads(body) != planned.reply:
        return f"{planned.kind} {planned.id}: got another answer, {len(body)} bytes: {body[:200]!r}"
    return None
