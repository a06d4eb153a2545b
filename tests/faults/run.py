#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The fault table: the real bootstrap (public) against real and scripted peers that fail in one way each. Every row shows the
reply, the attempts that the log tells, the requests on the wire, and the log's advice. run.py BUILD_DIR [WORD IN A ROW'S NAME]"""
import concurrent.futures, configparser, os, re, signal, subprocess, sys, tempfile, threading, time

from function import ROOT, Function, event
from leaks import Leaks
from peers import (Authority, Peer, TlsServer, answer, arrived, clock_judge, closed_port, drip, full_backlog, http_date, reset, then_close,
                   then_reset)

REGION = "eu-central-1"
SECRET, TOKEN = "fAuLtS/own+secret+of+the+function/000001", "IQoJfaults//own-session-token+of+the+function=="
ROLE_SECRET, ROLE_TOKEN = "fAuLtS/role+secret+from+the+stand-in/002", "IQoJfaults//role-session-token+from+the+stand-in=="
API_KEY = "faults-api-key-000000000000000000003"
KEYS = {"AWS_ACCESS_KEY_ID": "ASIAFAULTSOWN0000001", "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_SESSION_TOKEN": TOKEN}
SETTINGS = {**KEYS, "PRIVATE_API_SERVICE": "execute-api", "PRIVATE_API_REGION": REGION}
ROLE = {"PRIVATE_API_ROLE_ARN": "arn:aws:iam::123456789012:role/api-access"}
OK = answer(200, b'{"ok":1}')
POST = event("POST", body='{"n":1}', headers={"content-type": "application/json"})
GET = event()
LONG_MS = 2500

build = os.path.abspath(sys.argv[1])
only = sys.argv[2] if len(sys.argv) > 2 else ""
leaks, failed, rows, sent_to, count_lock = Leaks(build), 0, 0, {}, threading.Lock()
for name, value in (("the function's secret", SECRET), ("its token", TOKEN), ("the role's secret", ROLE_SECRET),
                    ("the role's token", ROLE_TOKEN), ("the API key", API_KEY)):
    leaks.know(name, value)


def equal(what, actual, expected):
    assert actual == expected, f"{what}: expected {expected!r}, got {actual!r}"


def check_wire(peer, requests, repeats, secrets):
    """Signed for the host that is named, by keys that are ours; never the same signature to two peers; a second time only
    where the row says so."""
    for r in requests:
        assert any(r.is_signed_by(s, REGION, service) for s in secrets for service in ("execute-api", "sts")), f"bad signature: {r.line}"
        equal("the port that a signature went to", sent_to.setdefault(r.signature, peer.port), peer.port)
        assert "x-amzn-trace-id" not in r.get("authorization"), "the trace id is signed"
    distinct = len({r.signature for r in requests})
    if not repeats:
        equal("distinct signatures", distinct, len(requests))
    assert len(requests) == distinct or all(not r.line.startswith(("POST", "PATCH")) for r in requests), "a POST was sent twice"


def row(sentence, peer, reply, tries, wire, *, events=(GET,), environment=None, timeout_ms=10000, says=None, repeats=False,
        debug=None, others=(), idle_end=False):
    """reply: "502 ErrorType", or "200". tries, wire: of the last event; those before it must be answered 200. wire None: the peer
    does not tell. repeats: an identical signature may come again. others: peers that must not see a
    request. idle_end: the last event waits until the connection of the one before has ended."""
    global failed, rows
    if only not in sentence:
        return
    with count_lock:
        rows += 1
    environment = {**SETTINGS, "PRIVATE_API_URL": peer.url, **(environment or {})}
    got = attempts = ms = on_wire = "-"
    message, log = "", ""
    try:
        with Function(build, environment) as f:
            for e in events[:-1]:
                equal("an earlier call", f.invoke(e, timeout_ms).status, 200)
            if idle_end:
                assert peer.ended.acquire(timeout=120), "the connection did not end"
            before = len(peer.requests)
            out = f.invoke(events[-1], timeout_ms)
            leaks.collect(f"the log of '{sentence}'", out.log_text)
            leaks.collect(f"the reply of '{sentence}'", out.reply_text)
        requests, log = peer.requests[before:], out.log_text
        for r in requests:
            leaks.know(f"a signature of '{sentence}'", r.signature)
        got = f"{out.status} {out.body.get('errorType', '')}".strip() if isinstance(out.body, dict) else str(out.status)
        on_wire = "-" if wire is None else len(requests)
        line = out.answered()
        attempts, ms = re.search(r": (\d+) attempts?, (\d+) ms, ", line["message"]).groups()
        message = line["message"].partition(" bytes: ")[2]
        equal("reply", got, reply)
        equal("attempts", int(attempts), tries)
        assert line["requestId"].startswith("5f1b2c3d-"), line
        if wire is not None:
            equal("requests on the wire", len(requests), wire)
            check_wire(peer, requests, repeats, (SECRET, ROLE_SECRET, environment["AWS_SECRET_ACCESS_KEY"]))
        if out.status >= 400:
            equal("keys of the reply", sorted(out.body), ["errorType", "message", "requestId", "upstreamStatus"])
            assert ("WARN" if out.status < 500 else "ERROR") == line["level"] and message.count("; ") >= 1, line
        for pattern, text in ((says, line["message"]), (debug, log)):
            assert not pattern or re.search(pattern, text), f"no {pattern!r} in {text}"
        for other in others:
            equal("requests to the other host", len(other.requests), 0)
        verdict = "ok"
    except Exception as problem:  # a failed row must not hide the next ones
        with count_lock:
            failed += 1
        verdict = f"FAILED: {problem}"
    print(f"{sentence:58} {got:38} {attempts:>5} {on_wire:>4} {ms:>5}  {message or '-'}", flush=True)
    if verdict != "ok":
        print(f"    {verdict}\n{log}", flush=True)


def faulty(sentence, reply, tries, wire, *steps, at_accept=None, **more):
    with Peer(*steps, at_accept=at_accept) as peer:
        row(sentence, peer, reply, tries, wire, **more)


def refusal(kind, message, member="message"):
    return answer(403, ('{"%s":"%s"}' % (member, message)).encode(), [f"x-amzn-ErrorType: {kind}"])


def network():
    with Peer() as peer:
        peer.url = f"https://{'a' * 64}.example/dev/private"  # too long a label: no resolver needs to be asked
        row("DNS: the name does not exist", peer, "502 UpstreamNameNotFound", 1, 0, says="check the host of PRIVATE_API_URL")
        peer.url = f"http://127.0.0.1:{closed_port()}/dev/private"
        row("connect: refused", peer, "502 UpstreamUnreachable", 1, 0, says="nobody listens")
    for name, e in (("GET", GET), ("POST", POST)):
        faulty(f"{name}: reset before the request is read", "502 UpstreamConnectionDied", 1, 0, at_accept=lambda c: arrived(c) and reset(c), events=(e,))
        faulty(f"{name}: closed before the request is read", "502 UpstreamConnectionDied", 1, 0, at_accept=lambda c: c.close(), events=(e,))
        faulty(f"{name}: reset after the request", "502 UpstreamConnectionDied", 1, 1, then_reset(), events=(e,))
        faulty(f"{name}: closed after the request", "502 UpstreamConnectionDied", 1, 1, then_close(), events=(e,))
        faulty(f"{name}: reset inside the header", "502 UpstreamConnectionDied", 1, 1, then_reset(b"HTTP/1.1 200 OK\r\nConte"), events=(e,))
        faulty(f"{name}: reset inside the body", "502 UpstreamConnectionDied", 1, 1, then_reset(answer(200, b"{", length=90)), events=(e,))


def no_answer():
    """What ends with the time that there is, which is long enough for a request to go out however slow this machine is. So these
    rows wait together."""
    def silent(make):
        with Peer() as peer:
            peer.steps = [peer.silent]
            make(peer)

    def connecting():
        listener, waiting = full_backlog()
        with Peer() as peer:
            peer.url = f"http://127.0.0.1:{listener.getsockname()[1]}/dev/private"
            row("connect: silence", peer, "504 UpstreamTimeout", 1, 0, timeout_ms=LONG_MS)
        for s in (listener, *waiting):
            s.close()

    def sts():
        with Peer(OK) as peer:
            silent(lambda sts: row("STS down: silence", peer, "504 CredentialsTimeout", 0, 0, timeout_ms=LONG_MS,
                                   environment={**ROLE, "AWS_ENDPOINT_URL_STS": f"http://127.0.0.1:{sts.port}"}))

    def steps(sentence, *script):
        return lambda: faulty(sentence, "504 UpstreamTimeout", 1, 1, *script, timeout_ms=LONG_MS)
    after = lambda: silent(lambda peer: row("silence after the request", peer, "504 UpstreamTimeout", 1, 1, timeout_ms=LONG_MS,
                                            says="raise this function's Timeout"))
    together = [connecting, sts, after, steps("slow drip of the header", drip(OK, 0.1)),
                steps("slow drip of the body", lambda c, r: c.sendall(answer(200, b"", length=90)) or drip(b"{" * 90, 0.1)(c, r)),
                steps("Content-Length too large, the connection stays", answer(200, b'{"a":1}', length=9))]
    with concurrent.futures.ThreadPoolExecutor(len(together)) as pool:
        for done in [pool.submit(f) for f in together]:
            done.result()


def protocol():
    faulty("closed inside the header", "502 UpstreamProtocolError", 1, 1, then_close(b"HTTP/1.1 200 OK\r\nContent-Le"))
    faulty("half of the body", "502 UpstreamProtocolError", 1, 1, then_close(answer(200, b'{"a":', length=90)))
    faulty("Content-Length too small: JSON is cut", "502 UpstreamNotJson", 1, 1, then_close(answer(200, b'{"a":1}', length=4)))
    faulty("Content-Length is no number", "502 UpstreamProtocolError", 1, 1, then_close(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n{}"))
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    faulty("chunks: whole", "200", 1, 1, chunked + b"2\r\n{}\r\n0\r\n\r\n")
    faulty("chunks: a size that is no number", "502 UpstreamProtocolError", 1, 1, then_close(chunked + b"zz\r\n{}\r\n0\r\n\r\n"))
    faulty("chunks: no last one", "502 UpstreamProtocolError", 1, 1, then_close(chunked + b"2\r\n{}\r\n"))
    faulty("chunks: closed inside one", "502 UpstreamProtocolError", 1, 1, then_close(chunked + b"20\r\n{}"))
    faulty("not HTTP", "502 UpstreamProtocolError", 1, 1, then_close(b"SSH-2.0-x\r\n"))
    faulty("a header of 70 KB", "502 UpstreamTooLong", 1, 1, then_close(answer(200, b"{}", ["X: " + "a" * 7000] * 10)))
    faulty("a body of 7 MB", "502 UpstreamTooLong", 1, 1, answer(200, b'"' + b"a" * 7000000 + b'"'))
    faulty("a body that is not JSON", "502 UpstreamNotJson", 1, 1, answer(200, b"<html>"))


def statuses():
    for status in (400, 401, 404, 405, 408, 409, 413, 415, 422):
        faulty(f"status {status}", "502 UpstreamRefusal", 1, 1, answer(status))
    for status in (500, 501, 505):
        faulty(f"status {status}", "502 UpstreamFailure", 1, 1, answer(status))
    faulty("status 500 with AWS's class", "502 InternalServerErrorException", 1, 1,
           answer(500, headers=["x-amzn-ErrorType: InternalServerErrorException"]))
    for status, reply in ((429, "502 UpstreamThrottled"), (502, "502 UpstreamFailure"), (503, "502 UpstreamFailure"), (504, "504 UpstreamFailure")):
        busy = answer(status)
        faulty(f"status {status} for ever, GET", reply, 3, 3, busy, busy, busy, busy, repeats=True, debug="attempt 2: .*again in")
        faulty(f"status {status} once, GET", "200", 2, 2, busy, OK, repeats=True)
        faulty(f"status {status} once, POST", reply, 1, 1, busy, OK, events=(POST,))
    faulty("status 503, Retry-After longer than there is time", "502 UpstreamFailure", 1, 1, answer(503, headers=["Retry-After: 60"]), OK)
    for status in (301, 302, 303, 307, 308):
        with Peer(OK) as other:
            faulty(f"status {status} to another host", "502 UpstreamRedirect", 1, 1, answer(status, headers=[f"Location: {other.url}"]), OK,
                   others=(other,))


def refusals():
    faulty("403 no such route, or unsigned", "502 MissingAuthenticationTokenException", 1, 1,
           refusal("MissingAuthenticationTokenException", "Missing Authentication Token"), says="deployed routes")
    faulty("403 Authorization not readable", "502 IncompleteSignatureException", 1, 1, refusal("IncompleteSignatureException", "x"))
    faulty("403 mismatch", "502 InvalidSignatureException", 1, 1,
           refusal("InvalidSignatureException", "The request signature we calculated does not match the signature you provided. "
                   "Check your AWS Secret Access Key and signing method. Consult the service documentation for details."),
           says="DEBUG", debug='"DEBUG".*refused because of')
    faulty("403 scope", "502 CredentialScopeMismatch", 1, 1,
           refusal("InvalidSignatureException", "Credential should be scoped to a valid region, not 'eu-central-1'. "), says="PRIVATE_API_REGION")
    faulty("403 unknown key or token", "502 UnrecognizedClientException", 1, 1,
           refusal("UnrecognizedClientException", "The security token included in the request is invalid."), says="AWS_SESSION_TOKEN")
    faulty("403 expired token, mid-flight", "502 ExpiredTokenException", 1, 1, OK,
           refusal("ExpiredTokenException", "The security token included in the request is expired"), events=(GET, GET))
    faulty("403 policy", "502 AccessDeniedException", 1, 1,
           refusal("AccessDeniedException", "User: arn:aws:sts::1:x is not authorized to perform: execute-api:Invoke on resource: y", "Message"),
           says="allow execute-api:Invoke")
    faulty("403 API key", "502 ForbiddenException", 1, 1, refusal("ForbiddenException", "Forbidden"), says="usage plan",
           environment={"PRIVATE_API_KEY": API_KEY})
    faulty("403 of an HTTP API", "502 UpstreamForbidden", 1, 1, answer(403, b'{"message":"Forbidden"}'), says="HTTP API")


def clocks():
    for shift, word in ((3600, "behind"), (-3600, "ahead of")):
        judge = clock_judge(shift)
        for name, e in (("GET", GET), ("POST", POST)):
            faulty(f"clock {shift:+d} s, {name}", "200", 2, 2, judge, judge, events=(e,), debug=f"s {word} AWS's")
        faulty(f"clock {shift:+d} s, the next call knows", "200", 1, 1, judge, judge, judge, events=(GET, GET))
    faulty("clock +3600 s, then +9000 s: no second correction", "502 SignatureExpired", 2, 2, clock_judge(3600), clock_judge(9000),
           clock_judge(9000))
    faulty("clock 60 s off in a mismatch: not the reason", "502 InvalidSignatureException", 1, 1,
           answer(403, b"{}", ["x-amzn-ErrorType: InvalidSignatureException", http_date(60)]), OK)


def kept_connections():
    closing = then_close(OK)  # without "Connection: close": the client learns it from the FIN
    for name, e in (("GET", GET), ("POST", POST)):
        faulty(f"{name}: idle connection closed before its reuse", "200", 1, 1, closing, OK, events=(e, e), idle_end=True)
        faulty(f"{name}: idle connection reset before its reuse", "200", 1, 1, then_reset(OK), OK, events=(e, e), idle_end=True)
    faulty("POST: kept connection dies under the request", "502 UpstreamConnectionDied", 1, 1, OK, then_close(), OK, events=(POST, POST),
           says="not sent twice")
    faulty("POST: kept connection reset under the request", "502 UpstreamConnectionDied", 1, 1, OK, then_reset(), OK, events=(POST, POST),
           says="not sent twice")
    # what is idempotent is signed again and sent again, once
    faulty("GET: kept connection dies under the request", "200", 2, 2, OK, then_close(), OK, events=(GET, GET), repeats=True)
    faulty("GET: kept connection dies inside the first line", "200", 2, 2, OK, then_close(b"HTTP/1.1 2"), OK, events=(GET, GET),
           repeats=True)
    faulty("GET: kept connection dies inside the header", "502 UpstreamProtocolError", 1, 1, OK,
           then_close(b"HTTP/1.1 200 OK\r\nA"), OK, events=(GET, GET))


def sts_answer(number, lives_s=3600):
    return answer(200, ('{"AssumeRoleResponse":{"AssumeRoleResult":{"Credentials":{"AccessKeyId":"ASIAFAULTSROLE00000%d",'
                        '"SecretAccessKey":"%s","SessionToken":"%s","Expiration":%d}}}}'
                        % (number, ROLE_SECRET, ROLE_TOKEN + str(number), time.time() + lives_s)).encode())


def credentials():
    with Peer(OK) as peer:
        row("own keys: ASIA without a token", peer, "502 CredentialsError", 0, 0, environment={"AWS_SESSION_TOKEN": ""},
            says="AWS_SESSION_TOKEN is not set")
        row("own keys: none", peer, "502 CredentialsError", 0, 0, environment={"AWS_ACCESS_KEY_ID": ""}, says="AWS_ACCESS_KEY_ID")
        with Peer(answer(404)) as endpoint:
            row("own keys: the container endpoint says no", peer, "502 CredentialsError", 0, 0, environment={
                "AWS_ACCESS_KEY_ID": "", "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://127.0.0.1:{endpoint.port}/keys"})

        def with_sts(sentence, reply, *steps, says=None):
            with Peer(*steps) as sts:
                row(sentence, peer, reply, 0, 0, says=says, environment={**ROLE, "AWS_ENDPOINT_URL_STS": f"http://127.0.0.1:{sts.port}"})
        row("STS down: refused", peer, "502 AssumeRoleError", 0, 0, says="sts:AssumeRole",
            environment={**ROLE, "AWS_ENDPOINT_URL_STS": f"http://127.0.0.1:{closed_port()}"})
        with_sts("STS down: 503", "502 AssumeRoleError", answer(503))
        with_sts("STS refuses the role", "502 AssumeRoleError", answer(403, b'{"Error":{"Code":"AccessDenied","Message":"' + TOKEN.encode() + b'"}}'),
                 says="AccessDenied")
        with_sts("STS answers without a token", "502 AssumeRoleError",
                 answer(200, b'{"AssumeRoleResponse":{"AssumeRoleResult":{"Credentials":{"AccessKeyId":"ASIAX"}}}}'))
        with_sts("STS gives keys that have expired", "502 AssumeRoleError", sts_answer(1, -60), sts_answer(1, -60))
    with Peer(sts_answer(1)) as sts:
        faulty("role keys: assumed once, kept for the next call", "200", 1, 1, OK, OK, events=(GET, GET),
               environment={**ROLE, "AWS_ENDPOINT_URL_STS": f"http://127.0.0.1:{sts.port}"})
        for r in sts.requests:
            leaks.know("a signature for STS", r.signature)
        assert only or len(sts.requests) == 1, "STS was asked again"
        check_wire(sts, sts.requests, False, (SECRET,))


    expired = refusal("ExpiredTokenException", "The security token included in the request is expired")
    for name, e in (("GET", GET), ("POST", POST)):
        with Peer(sts_answer(1), sts_answer(2)) as sts:
            faulty(f"role keys: expired before their time, {name}", "200", 2, 2, expired, OK, events=(e,),
                   environment={**ROLE, "AWS_ENDPOINT_URL_STS": f"http://127.0.0.1:{sts.port}"})
            for r in sts.requests:
                leaks.know("a signature for STS", r.signature)
            assert only or len(sts.requests) == 2, "STS was not asked again"
    with Peer(sts_answer(1), sts_answer(2)) as sts:
        faulty("role keys: fresh ones are expired, too", "502 ExpiredTokenException", 2, 2, expired, expired,
               environment={**ROLE, "AWS_ENDPOINT_URL_STS": f"http://127.0.0.1:{sts.port}"})
        for r in sts.requests:
            leaks.know("a signature for STS", r.signature)


def hosts():
    with Peer(OK) as peer:
        row("PRIVATE_API_HOST: signed for one host, sent to another", peer, "200", 1, 1,
            environment={"PRIVATE_API_HOST": "abc.execute-api.eu-central-1.amazonaws.com", "PRIVATE_API_SERVICE": "", "PRIVATE_API_REGION": ""})
        if peer.requests:
            equal("Host", peer.requests[0].get("host"), "abc.execute-api.eu-central-1.amazonaws.com")
    with Peer(OK) as peer:
        crlf = event("POST", body="x", headers={"content-type": "text/plain\r\nx-injected: 1"})
        row("a content type with CR LF is not sent", peer, "400 BadRequest", 0, 0, events=(crlf,), says="content type")


def threads():
    """Four calls are answered only when all four have arrived: each has a connection of its own, and what one learns of the
    clock serves all."""
    global failed, rows
    sentence, at_once = "20 calls by 4 threads at once, clock +3600 s", 4
    if only not in sentence:
        return
    rows += 1
    judge, barrier = clock_judge(3600), threading.Barrier(at_once)

    def step(connection, request):
        if abs(time.time() + 3600 - request.signed_at()) <= 300:
            barrier.wait(120)
        return judge(connection, request)
    try:
        with Peer(*[step] * 40) as peer:
            with Function(build, {**SETTINGS, "PRIVATE_API_URL": peer.url, "AWS_LAMBDA_MAX_CONCURRENCY": str(at_once)}) as f:
                outcomes = f.invoke_all([GET] * 20, 30000)
            for out in outcomes:
                leaks.collect(f"the log of '{sentence}'", out.log_text)
                equal("reply", out.status, 200)
                assert out.answered(), out.log_text
            late = len(peer.requests) - 20
            assert 1 <= late <= at_once and peer.connections <= at_once, f"{late} refused, {peer.connections} connections"
            check_wire(peer, peer.requests, True, (SECRET,))
        print(f"{sentence:58} 200, of 20 calls; {late} had to be signed again; {peer.connections} connections")
    except Exception as problem:
        failed += 1
        print(f"{sentence:58} FAILED: {problem}")


def tls(folder):
    authority = Authority(folder)
    good, expired = authority.certificate("good"), authority.certificate("expired", days=-1)
    wrong = authority.certificate("wrong", host="other.example")
    for sentence, name, bundle, reply in (("TLS: all is well", good, authority.bundle, "200"),
                                          ("TLS: unknown authority", good, authority.other_bundle, "502 UpstreamTlsError"),
                                          ("TLS: expired certificate", expired, authority.bundle, "502 UpstreamTlsError"),
                                          ("TLS: another host's certificate", wrong, authority.bundle, "502 UpstreamTlsError")):
        with TlsServer(folder, name) as server:
            row(sentence, server, reply, 1, None, environment={"AWS_CA_BUNDLE": bundle}, says=None if reply == "200" else "AWS_CA_BUNDLE")
    with TlsServer(folder, good, "-tls1_1", "-cipher", "DEFAULT:@SECLEVEL=0") as server:
        row("TLS: only a version of long ago", server, "502 UpstreamTlsError", 1, None, environment={"AWS_CA_BUNDLE": authority.bundle})
    with Peer(at_accept=lambda c: c.sendall(b"HTTP/1.1 400 Bad\r\n\r\n") or c.close()) as plain:
        plain.url = f"https://localhost:{plain.port}/dev/private"
        row("TLS: the port speaks plain HTTP", plain, "502 UpstreamTlsError", 1, 0, environment={"AWS_CA_BUNDLE": authority.bundle})


class OwnGateway:
    """apigw start, with its callers; a peer that really judges."""

    def __init__(self, folder):
        self.folder, self.requests = folder, []
        self.log_file = open(os.path.join(folder, "gateway.log"), "w+b")
        self.process = subprocess.Popen(
            [os.path.join(build, "apigw"), "start", "--template", os.path.join(ROOT, "template.yaml"), "--callers",
             os.path.join(ROOT, "local", "callers.yaml"), "--port", "0"], cwd=folder, stdout=subprocess.PIPE, stderr=self.log_file, text=True,
            env={k: v for k, v in os.environ.items() if not k.startswith("AWS_")})
        for line in self.process.stdout:
            if line.startswith("listening PrivateApi"):
                self.url = line.split()[2] + "/private"
            if line == "ready\n":
                return
        raise RuntimeError("apigw did not start: " + self.log())

    def log(self):
        return os.pread(self.log_file.fileno(), 1 << 20, 0).decode()

    def keys(self, profile):
        file = configparser.RawConfigParser()
        file.read(os.path.join(self.folder, ".apigw", "credentials"))
        for section in file.sections():
            leaks.know(f"the secret of {section}", file[section]["aws_secret_access_key"])
            leaks.know(f"the token of {section}", file[section].get("aws_session_token"))
        p = file[profile]
        return {"AWS_ACCESS_KEY_ID": p["aws_access_key_id"], "AWS_SECRET_ACCESS_KEY": p["aws_secret_access_key"],
                "AWS_SESSION_TOKEN": p.get("aws_session_token", ""), "PRIVATE_API_REGION": "us-east-1"}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(120)
        self.process.stdout.close()
        leaks.collect("the gateway's log", self.log())
        self.log_file.close()


def own_gateway(folder):
    with OwnGateway(folder) as gateway:
        role, bob = gateway.keys("PublicFunctionRole"), gateway.keys("bob")
        row("our gateway: GET", gateway, "200", 1, None, environment=role)
        row("our gateway: POST", gateway, "200", 1, None, environment=role, events=(POST, POST))
        row("our gateway: signed for another name than connected", gateway, "200", 1, None,
            environment={**role, "PRIVATE_API_HOST": "a1.execute-api.us-east-1.amazonaws.com"})
        row("our gateway: no policy", gateway, "502 AccessDeniedException", 1, None, environment=gateway.keys("mallory"))
        row("our gateway: wrong secret", gateway, "502 InvalidSignatureException", 1, None, debug="refused because of secret",
            environment={**role, "AWS_SECRET_ACCESS_KEY": SECRET})
        row("our gateway: unknown key", gateway, "502 UnrecognizedClientException", 1, None, environment={**bob, "AWS_ACCESS_KEY_ID": "AKIAUNKNOWN000000000"})
        row("our gateway: another function's token", gateway, "502 UnrecognizedClientException", 1, None,
            environment={**role, "AWS_SESSION_TOKEN": gateway.keys("PrivateFunctionRole")["AWS_SESSION_TOKEN"]})
        row("our gateway: wrong region", gateway, "502 CredentialScopeMismatch", 1, None, environment={**bob, "PRIVATE_API_REGION": "eu-west-1"})
        row("our gateway: wrong service", gateway, "502 CredentialScopeMismatch", 1, None, environment={**bob, "PRIVATE_API_SERVICE": "lambda"})
        row("our gateway: no such route", gateway, "502 MissingAuthenticationTokenException", 1, None,
            environment={**bob, "PRIVATE_API_URL": gateway.url + "s"})


began = time.monotonic()
print(f"{'what happens':58} {'reply':38} {'tries':>5} {'wire':>4} {'ms':>5}  log")
with tempfile.TemporaryDirectory(prefix="faults-") as work:
    for part in (network, no_answer, protocol, statuses, refusals, clocks, kept_connections, credentials, hosts, threads):
        part()
    tls(work)
    own_gateway(work)
try:
    print(leaks.check())
except AssertionError as problem:
    failed += 1
    print(f"LEAKED: {problem}")
print(f"{rows - failed} of {rows} rows passed in {time.monotonic() - began:.1f} s")
sys.exit(failed > 0)
