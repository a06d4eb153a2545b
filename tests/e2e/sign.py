#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""apigw sign, as a command: AWS's suite (SIGV4_SUITE) through --request, every stage; then its flags, prints and exit codes.

usage: sign.py path/to/build
"""
import json, os, subprocess, sys, tempfile

import apigw
from apigw import equal, run_cases

BUILD = os.path.abspath(sys.argv[1])
APIGW = os.path.join(BUILD, "apigw")
KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}
URL = "https://a1b2.execute-api.eu-west-1.amazonaws.com/dev/private"
DATE = "20150830T123600Z"
STAGES = [("canonical", "canonical-request"), ("string-to-sign", "string-to-sign"), ("signature", "signature")]


def sign(*arguments, stdin=b"", **variables):
    done = subprocess.run([APIGW, "sign", *arguments], input=stdin, env={**KEYS, **variables}, capture_output=True, timeout=120)
    return done.returncode, done.stdout, done.stderr.decode()


def printed(*arguments, **more):
    code, out, err = sign(*arguments, "--date", DATE, **more)
    equal((code, err), (0, ""))
    return out


def read(*names):
    with open(os.path.join(*names), "rb") as f:
        return f.read()


def suite():
    folder = os.environ.get("SIGV4_SUITE")
    if not folder:
        print("not run: AWS's suite (SIGV4_SUITE is not set)")
        sys.exit(77)
    return folder


def v4_cases():
    compared = 0
    root = os.path.join(suite(), "v4")
    for name in sorted(os.listdir(root)):
        context = json.loads(read(root, name, "context.json"))
        credentials = context["credentials"]
        flags = ["--request", os.path.join(root, name, "request.txt"), "--region", context["region"], "--service",
                 context["service"], "--allow", "all"]
        flags += ["--no-normalize"] if not context["normalize"] else []
        flags += ["--body-hash-header"] if context["sign_body"] else []
        flags += ["--unsigned-token"] if context.get("omit_session_token") else []
        token = {"AWS_SESSION_TOKEN": credentials["token"]} if "token" in credentials else {}
        for kind, more in (("header", []), ("query", ["--presign", str(context["expiration_in_seconds"])])):
            for what, file in STAGES:
                equal((name, kind, printed(*flags, *more, "--print", what, **token)),
                      (name, kind, read(root, name, f"{kind}-{file}.txt") + b"\n"))
                compared += 1
    equal(compared, 38 * 2 * 3)


def classic_cases():
    compared = 0
    root = os.path.join(suite(), "v4-classic")
    for folder, _, files in sorted(os.walk(root)):
        for file in files:
            if not file.endswith(".req"):
                continue
            base = os.path.join(folder, file[:-4])
            request = read(base + ".req")
            if b"X-Amz-Date" not in request and b"x-amz-date" not in request.lower():
                continue
            if b"x-amz-security-token" in request.lower() or "session-token" in file:
                continue  # their token is in other files: the unit test of the suite knows where
            lines = [line for line in request.split(b"\n") if not line.lower().startswith(b"x-amz-date:")]  # signing adds it
            with tempfile.NamedTemporaryFile() as f:
                f.write(b"\n".join(lines))
                f.flush()
                signature = printed("--request", f.name, "--region", "us-east-1", "--service", "service", "--allow", "all",
                                    "--print", "signature")
            equal((base, signature.strip()), (base, read(base + ".authz").strip().rsplit(b"Signature=", 1)[1]))
            compared += 1
    equal(compared, 32)


def prints():
    out = printed(URL + "?a=1", "-d", '{"x":1}')
    assert out.startswith(b"X-Amz-Date: 20150830T123600Z\nAuthorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/eu-west-1/"
                          b"execute-api/aws4_request, SignedHeaders=host;x-amz-date, Signature="), out
    assert out.endswith(b"\n") and not out.endswith(b"\n\n"), out
    request = printed(URL, "-X", "PUT", "-H", "A: b", "-d", "x\ny", "--print", "request")
    assert request.startswith(b"PUT /dev/private HTTP/1.1\r\nA: b\r\nHost: a1b2.execute-api.eu-west-1.amazonaws.com\r\nX-Amz-Date: "), request
    assert request.endswith(b"\r\nContent-Length: 3\r\n\r\nx\ny"), request
    equal(printed(URL, "--print", "url"), URL.encode() + b"\n")
    assert printed(URL, "--print", "curl").startswith(b"curl -g --path-as-is -X 'GET' -H 'X-Amz-Date: "), "curl"


def request_equals_flags():
    with tempfile.NamedTemporaryFile() as f:
        f.write(b"POST /dev/private?q=1 HTTP/1.1\r\nContent-Type: text/plain\r\nHost: a1b2.execute-api.eu-west-1.amazonaws.com\r\n\r\nhello")
        f.flush()
        by_file = printed("--request", f.name)
        equal(printed("--request", "-", stdin=read(f.name)), by_file)
    equal(by_file, printed(URL + "?q=1", "-H", "content-type:text/plain", "-d", "hello"))


def links():
    out = printed(URL + "?b=2", "--presign", "60", "--unsigned-token", AWS_SESSION_TOKEN="t/k")
    assert out.startswith(URL.encode() + b"?b=2&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F"), out
    assert b"&X-Amz-Expires=60&" in out and b"&X-Amz-Security-Token=t%2Fk" in out, out


def asymmetric():
    out = printed(URL, "--algorithm", "v4a", "--region", "*")
    assert b"X-Amz-Region-Set: *\n" in out and b"AWS4-ECDSA-P256-SHA256 Credential=AKIDEXAMPLE/20150830/execute-api/aws4_request" in out, out


def usage_errors():
    for arguments, sentence in [
            ([], "there is no URL, and no --request FILE"), ([URL, URL], "more than one URL"), ([URL, "--nonsense"], "unknown flag --nonsense"),
            ([URL, "--print", "x"], "--print does not know 'x'"), ([URL, "--date", "today"], "--date is not of the form 20150830T123600Z"),
            ([URL, "--presign", "604801"], "--presign takes 1 to 604800 seconds, not '604801'"), ([URL, "-X"], "--method needs a value"),
            ([URL, "--algorithm", "v5"], "--algorithm is v4 or v4a, not 'v5'"), ([URL, "--allow", "y"], "--allow does not know 'y'"),
            ([URL, "--request", "f"], "--request FILE holds the whole request"), ([URL, "-X", "A", "-XB"], "--method is given twice"),
            ([URL, "--unsigned-token=1"], "--unsigned-token takes no value")]:
        code, out, err = sign(*arguments)
        equal((arguments, code, out), (arguments, 2, b""))
        assert err.startswith("apigw sign: " + sentence), (arguments, err)


def refusals():
    for arguments, sentence in [
            (["https://api.example.com/"], "the host does not say which service it is; give --service"),
            (["ftp://x/"], "the URL: "), ([URL + "/a//b"], 'the path has an empty segment ("//") at byte '), ([URL + "?a+b"], "the query has a '+'"),
            ([URL, "-H", "no colon"], "-H 'no colon' has no ':'"), ([URL, "-H", "Authorization: x"], "the request already has "),
            ([URL, "--unsigned-payload"], "the payload is UNSIGNED-PAYLOAD, which the service execute-api refuses"),
            (["--request", "/nonexistent"], "/nonexistent: No such file"), ([URL, "-d", "@/nonexistent"], "/nonexistent: No such file"),
            ([URL, "--profile", "nobody", "--credentials", "/dev/null"], "/dev/null: there is no profile [nobody]")]:
        code, out, err = sign(*arguments)
        equal((arguments, code, out), (arguments, 3, b""))
        assert err.startswith("apigw sign: " + sentence) and err.count("\n") == 1, (arguments, err)
    for head, sentence in [(b"Content-Length: 3", "Content-Length is 3, but the body has 5 bytes"), (b"Content-Length: 5\nContent-Length: 5", "the request has more"),
                           (b"Content-Length: x", "Content-Length is x, but"), (b"Transfer-Encoding: chunked", "the request has Transfer-Encoding")]:
        code, out, err = sign("--request", "-", stdin=b"POST / HTTP/1.1\nHost: a.execute-api.eu-west-1.amazonaws.com\n" + head + b"\n\nhello")
        equal((head, code, out), (head, 3, b""))
        assert err.startswith("apigw sign: " + sentence), err
    code, out, err = sign(URL, AWS_ACCESS_KEY_ID="ASIAEXAMPLE")
    assert code == 3 and "AWS_SESSION_TOKEN is not set" in err, err
    code, out, err = sign("--request", "-", stdin=b"GET / HTTP/1.1\n\n")
    assert code == 3 and "the request has no Host field" in err, err


if __name__ == "__main__":
    sys.exit(run_cases([
        ("AWS's suite, headers and query, every stage, by --request", v4_cases),
        ("AWS's classic suite signs the same by --request", classic_cases),
        ("each --print is exact", prints),
        ("a raw request signs as the same URL and flags do", request_equals_flags),
        ("--presign prints a URL, the token appended if it is unsigned", links),
        ("v4a signs a region set", asymmetric),
        ("bad usage is exit code 2, one sentence and the usage", usage_errors),
        ("refused input is exit code 3 and one sentence", refusals),
    ]))
