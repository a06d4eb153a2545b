#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""apigw sign and botocore's SigV4Auth sign the same requests: SignedHeaders and Signature must be equal.

usage: sign_equals_botocore.py path/to/apigw

What signers disagree on must be refused, by the name of its rule, until that rule is allowed.
The requests are varied but the same at every run. botocore gets the query as parameters, because in a URL it sorts the
raw text without decoding it. Every request goes out at one frozen second. Exit code 77: botocore is not installed.
"""
import datetime
import itertools
import os
import re
import subprocess
import sys
import tempfile
import types
from urllib.parse import quote

try:
    import botocore.auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials
except ImportError:
    print("not run: this python has no botocore (Debian: python3-botocore)")
    sys.exit(77)

LEAST = 60
REFUSED = 3
DATE = "20150830T123600Z"
MOMENT = datetime.datetime(2015, 8, 30, 12, 36, 0)
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
TOKEN = "IQoJb3JpZ2luX2VjEPT//////////wEaCWV1LXdlc3QtMSJ+abc/def==" * 8
API = "https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com"

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
PATHS = ["/", "", "/dev/private", "/dev/private/", "/dev/a%20b", "/dev/%C3%A9t%C3%A9", "/dev/%2540/%2F", "/dev/a%2fb",
         "/dev/%40connections/abc=", "/dev/a:b@c,d;e", "/dev/~x_y-z.w", "/dev/./a/../b", "/dev//a", "/dev/a/..",
         "/dev/(a)'*!$&+", "/dev/%2e%2e/x", "/../dev"]
# What each of them needs to be signed at all.
RULES = {"/dev/./a/../b": "dot-segment", "/dev//a": "empty-segment", "/dev/a/..": "dot-segment",
         "/dev/%2e%2e/x": "encoded-dot", "/../dev": "dot-segment"}
QUERIES = [None, [], [("a", "1")], [("b", "2"), ("a", "1")], [("a", "2"), ("a", "10"), ("a", "1")], [("k", "")],
           [("q", "a b"), ("r", "a+b")], [("\u00e9", "\u1234")], [("p", "x/y=z&w?#%")],
           [("Param-3", "1"), ("Param", "2")], [("b[]", "1"), ("b[]", "2")], [("~_-.", "~_-.*'()!")],
           [("a b", "1"), ("a-b", "2"), ("A", "3")],
           [("nul", "\0"), ("tab", "\t")], [("e", "\U0001f600")]]
BODIES = [None, b"", b'{"k":[1,2,3]}', bytes(range(256)), "h\u00e9llo".encode(), b"x" * 100000, b"line\r\nline\n"]
HEADERS = [[], [("Content-Type", "application/json")], [("X-Runs", "a   b    c")], [("X-Edge", "  both sides  ")],
           [("x-api-key", "KEY"), ("X-Amz-Meta-Z", "1"), ("X-Amz-Meta-A", "2")], [("X-Quoted", '"a   b"')],
           [("User-Agent", "x/1"), ("Connection", "keep-alive"), ("X-Amzn-Trace-Id", "Root=1-2-3")],
           [("Expect", "100-continue"), ("TE", "trailers"), ("Upgrade", "h2c")],
           [("Accept", "*/*"), ("X-UTF8", "gr\u00fc\u00dfe")], [("Host", "other.example.com")]]
ENDPOINTS = [(API, None), (API + ":443", None), (API + ":8443", None), ("http://127.0.0.1:3000", "us-east-1"),
             ("http://localhost", "eu-central-1"), ("http://[::1]:8080", "us-west-2")]

# Of one connection only: newer botocores skip them as we do, older ones sign them, so botocore does not see them.
HOP = {"connection", "te", "upgrade"}


def requests():
    """Each list once through against the first of the others, then all of them turning at different speeds."""
    lists = [METHODS, PATHS, QUERIES, BODIES, HEADERS, ENDPOINTS]
    for which, values in enumerate(lists):
        for value in values:
            yield tuple(value if i == which else v[0] for i, v in enumerate(lists)) + (which % 2 == 0,)
    turning = [itertools.cycle(v) for v in lists]
    for n in range(200):
        yield tuple(next(t) for t in turning) + (n % 3 == 0,)


def frozen_botocore():
    class Frozen(datetime.datetime):
        @classmethod
        def utcnow(cls):
            return MOMENT

        @classmethod
        def now(cls, tz=None):
            return MOMENT.replace(tzinfo=tz)

    botocore.auth.datetime = types.SimpleNamespace(datetime=Frozen)
    if hasattr(botocore.auth, "get_current_datetime"):
        botocore.auth.get_current_datetime = lambda remove_tzinfo=True: MOMENT


def botocore_signature(method, url, query, body, headers, region, token):
    request = AWSRequest(method=method, url=url, data=body if body is not None else b"")
    if query:
        request.params = query
    for name, value in headers:
        if name.lower() not in HOP:
            request.headers[name] = value
    signer = botocore.auth.SigV4Auth(Credentials("AKIDEXAMPLE", SECRET, token), "execute-api", region)
    signer.add_auth(request)
    return request.headers["Authorization"]


def run(command, env):
    done = subprocess.run(command, env=env, capture_output=True, timeout=120)
    return done.returncode, done.stdout.decode(), done.stderr.decode().strip()


def our_signature(apigw, method, url, query, body, headers, region, token, folder, rule):
    if query is not None:
        equals = [(k, "=" if v or len(k) % 2 else "", v) for k, v in query]  # "k" and "k=" are the same
        url += "?" + "&".join(quote(k, safe="") + e + quote(v, safe="") for k, e, v in equals)
    command = [apigw, "sign", url, "-X", method, "--service", "execute-api", "--date", DATE, "--print", "headers"]
    for name, value in headers:
        command += ["-H", f"{name}: {value}"]
    if body is not None:
        path = os.path.join(folder, "body")
        with open(path, "wb") as f:
            f.write(body)
        command += ["-d", "@" + path]
    env = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": SECRET}
    if region:
        env["AWS_REGION"] = region
    if token:
        env["AWS_SESSION_TOKEN"] = token
    if rule:
        code, out, words = run(command, env)
        if code != REFUSED or out or f'"{rule}"' not in words:
            return f"exit code {code} without --allow {rule}: {words}"
        command += ["--allow", rule]
    code, out, words = run(command, env)
    lines = dict(line.split(": ", 1) for line in out.splitlines())
    return lines.get("Authorization", f"exit code {code}: {words}")


def parts(authorization):
    return re.findall(r"(?:Credential|SignedHeaders|Signature)=[^, ]*", authorization)


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: sign_equals_botocore.py path/to/apigw")
    frozen_botocore()
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for n, (method, path, query, body, headers, (base, region), with_token) in enumerate(requests()):
            token = TOKEN if with_token else None
            ours = our_signature(sys.argv[1], method, base + path, query, body, headers, region, token, folder,
                                 RULES.get(path))
            theirs = botocore_signature(method, base + path, query, body, headers, region or "eu-west-1", token)
            if len(parts(theirs)) == 3 and parts(ours) == parts(theirs):
                passed += 1
                continue
            failed += 1
            print(f"request {n}: {method} {base + path} {query} {headers}\n  botocore {theirs}\n  apigw    {ours}")
    print(f"{passed} passed, {failed} failed")
    return 0 if failed == 0 and passed >= LEAST else 1


if __name__ == "__main__":
    sys.exit(main())
