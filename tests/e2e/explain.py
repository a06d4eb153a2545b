#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""apigw explain, as a command: real 403s of the local gateway, each with the request that was sent.

usage: explain.py path/to/build
"""
import http.client, json, os, subprocess, sys, urllib.parse

from apigw import Gateway, equal, run_cases

BUILD = os.path.abspath(sys.argv[1])
APIGW = os.path.join(BUILD, "apigw")
gateway = None


def run(command, *arguments, stdin=b""):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    return subprocess.run([APIGW, command, *arguments], input=stdin, capture_output=True, env=environment, timeout=120,
                          cwd=gateway.folder)


def request(profile, url, *more):
    """As it is sent: bytes."""
    done = run("sign", "--profile", profile, "--credentials", ".apigw/credentials", "--region", "us-east-1", url, *more, "--print", "request")
    equal(done.stderr, b"")
    return done.stdout


def answer(raw):
    """What the gateway says to these bytes, as curl -i shows it."""
    head, body = raw.split(b"\r\n\r\n", 1)
    lines = head.split(b"\r\n")
    method, target, _ = lines[0].decode().split(" ")
    parts = urllib.parse.urlsplit(gateway.private)
    c = http.client.HTTPConnection(parts.hostname, parts.port, timeout=120)
    c.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
    for line in lines[1:]:
        c.putheader(*line.decode().split(": ", 1))
    c.endheaders(body)
    r = c.getresponse()
    text = f"HTTP/1.1 {r.status} {r.reason}\n" + "".join(f"{k}: {v}\n" for k, v in r.getheaders()) + "\n"
    text = text.encode() + r.read()
    c.close()
    return text


def explained(sent, got, *more):
    path = os.path.join(gateway.folder, "sent.http")
    with open(path, "wb") as f:
        f.write(sent)
    done = run("explain", "--request", "sent.http", *more, stdin=got)
    for secret in secrets(sent):
        assert secret not in done.stdout + done.stderr, f"a secret is shown: {done.stdout}"
    return done


def secrets(sent):
    found = [line.split(b": ", 1)[1] for line in sent.split(b"\r\n") if line.lower().startswith(b"x-amz-security-token: ")]
    found += [sent.split(b"Signature=", 1)[1][:64]] if b"Signature=" in sent else []
    return found + [gateway.keys(p).secret_key.encode() for p in gateway.profiles()]


def cause_of(sent, got):
    done = explained(sent, got, "--json")
    equal((done.returncode, done.stderr), (0, b""))
    return json.loads(done.stdout)


def body_changed():
    signed = request("bob", gateway.private, "-d", '{"amount":1}')
    got = answer(signed.replace(b'"amount":1', b'"amount":9'))
    found = cause_of(signed, got)
    equal((found["status"], found["cause"], found["line"]), (403, "body", "payload hash"))
    text = explained(signed, got).stdout.decode()
    assert "cause:   body\n" in text and "\n  yours:  " in text and "\nfix:     " in text, text


def token_hidden():
    signed = request("PublicFunctionRole", gateway.private, "-H", "X-Signed: one")
    found = cause_of(signed, answer(signed.replace(b"X-Signed: one", b"X-Signed: two")))
    equal((found["cause"], found["line"], found["yours"], found["theirs"]), ("header", "header x-signed", "x-signed:one", "x-signed:two"))


def field_lost():
    signed = request("bob", gateway.private, "-H", "X-Signed: one", "-d", "hello")
    lacking = signed.replace(b"X-Signed: one\r\n", b"")
    found = cause_of(lacking + b"\n", answer(lacking))  # a saved file may end in a line feed
    equal((found["cause"], found["line"]), ("header", "header x-signed"))


def query_changed():
    signed = request("bob", gateway.private + "?a=1&b=2")
    equal(cause_of(signed, answer(signed.replace(b"?a=1", b"?a=2")))["cause"], "query")


def wrong_secret():
    signed = request("bob", gateway.private)
    at = signed.index(b"Signature=") + 10
    broken = signed[:at] + b"0" * 64 + signed[at + 64:]
    equal(cause_of(broken, answer(broken))["cause"], "secret")
    path_keys = ["--profile", "bob", "--credentials", ".apigw/credentials"]
    assert b"is not the one these keys give" in explained(broken, answer(broken), *path_keys).stdout


def clock():
    signed = request("bob", gateway.private, "--date", "20200101T000000Z")
    found = cause_of(signed, answer(signed))
    equal(found["cause"], "clock")
    assert found["skewSeconds"] > 1e8, found


def scope():
    signed = request("bob", gateway.private, "--service", "lambda")
    equal(cause_of(signed, answer(signed))["cause"], "scope")


def token():
    signed = request("PublicFunctionRole", gateway.private)
    at = signed.index(b"X-Amz-Security-Token: ") + 30
    broken = signed[:at] + b"AAAA" + signed[at + 4:]
    equal(cause_of(broken, answer(broken))["cause"], "token")


def policy():
    signed = request("mallory", gateway.private)
    found = cause_of(signed, answer(signed))
    equal(found["cause"], "policy")
    assert "user/mallory" in found["why"], found


def not_signed():
    raw = f"GET /dev/private HTTP/1.1\r\nHost: {urllib.parse.urlsplit(gateway.private).netloc}\r\n\r\n".encode()
    equal(cause_of(raw, answer(raw))["cause"], "not-signed")


def unknown_cause():
    done = explained(request("bob", gateway.private), b"HTTP/1.1 418 I am a teapot\n\n{}")
    equal(done.returncode, 1)
    assert b"cause:   unknown\n" in done.stdout, done.stdout


def bad_usage():
    equal(run("explain").returncode, 2)
    equal(run("explain", gateway.private, "--nonsense").returncode, 2)
    done = run("explain", gateway.private, stdin=b"")
    equal((done.returncode, done.stderr), (3, b"apigw explain: the response is empty: give what `curl -i` shows, or its body\n"))
    done = run("explain", gateway.private, "--response", "/nonexistent")
    equal(done.returncode, 3)
    done = run("explain", gateway.private, stdin=b"HTTP/1.1 abc\n")
    equal((done.returncode, done.stderr), (3, b"apigw explain: the response: line 1 has no status\n"))


def main():
    global gateway
    with Gateway(BUILD) as gateway:
        return run_cases([
            ("a body changed on the way is named, with both hashes", body_changed),
            ("a header changed on the way is shown, the token is not", token_hidden),
            ("a signed field that was not sent is named", field_lost),
            ("a query changed on the way is named", query_changed),
            ("equal texts mean a wrong secret, and given keys are checked", wrong_secret),
            ("a wrong clock is told in seconds", clock),
            ("a wrong scope is named", scope),
            ("a wrong session token is named", token),
            ("a policy's refusal is told from a signature's", policy),
            ("an unsigned request is told so", not_signed),
            ("what nobody knows is exit code 1", unknown_cause),
            ("bad usage is exit code 2, input that cannot be read 3", bad_usage),
        ])


if __name__ == "__main__":
    sys.exit(main())
