#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""apigw call, as a command: against the local gateway, against scripted servers, and beside curl for the exit codes.

usage: call.py path/to/build
"""
import calendar, concurrent.futures, hashlib, json, os, pty, select, signal, socket, ssl, subprocess, sys, tempfile, threading, time

from apigw import Gateway, equal, run_cases

BUILD = os.path.abspath(sys.argv[1])
APIGW = os.path.join(BUILD, "apigw")
KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        "AWS_REGION": "us-east-1"}
SANITIZED = "SANITIZE:STRING=address" in open(os.path.join(BUILD, "CMakeCache.txt"), encoding="utf-8").read()
LONG_BYTES = 200 * 1000 * 1000
gateway = None
folder = tempfile.mkdtemp(prefix="apigw-call-")


def environment(**variables):
    kept = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    return {**kept, **KEYS, **variables}


def call(*arguments, stdin=b"", cwd=None, **variables):
    return subprocess.run([APIGW, "call", *arguments], input=stdin, capture_output=True, env=environment(**variables), timeout=120,
                          cwd=cwd or folder)


def ask(profile, *arguments, **more):
    return call("--profile", profile, "--credentials", ".apigw/credentials", *arguments, cwd=gateway.folder, **more)


def answered(done, code=0):
    equal((done.returncode, done.stderr), (code, b""))
    return done.stdout


class Server:
    """One answer for each connection, by answer(head, read, send); heads and digests of what came are kept."""

    def __init__(self, answer, context=None):
        self.answer, self.context, self.heads, self.digests, self.lengths = answer, context, [], [], []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.url = f"http{'s' if context else ''}://127.0.0.1:{self.port}/dev/x"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                peer, _ = self.socket.accept()
            except OSError:
                return
            peer.settimeout(60)
            try:
                with (self.context.wrap_socket(peer, server_side=True) if self.context else peer) as p:
                    self.converse(p)
            except OSError:
                pass

    def converse(self, peer):
        data = b""
        while b"\r\n\r\n" not in data:
            piece = peer.recv(65536)
            if not piece or piece[:1] == b"\x16":  # a TLS client, here by mistake
                return
            data += piece
        head, rest = data.split(b"\r\n\r\n", 1)
        self.heads.append(head)
        self.answer(self, head, rest, peer)

    def read_body(self, head, rest, peer):
        fields = dict(line.lower().split(b":", 1) for line in head.split(b"\r\n")[1:])
        left, digest, total = int(fields.get(b"content-length", 0)) - len(rest), hashlib.sha256(rest), len(rest)
        while left > 0:
            piece = peer.recv(1 << 20)
            if not piece:
                break
            digest.update(piece)
            left, total = left - len(piece), total + len(piece)
        self.digests.append(digest.hexdigest())
        self.lengths.append(total)

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def reply(status="200 OK", body=b"ok", fields=b"", length=None):
    def answer(server, head, rest, peer):
        server.read_body(head, rest, peer)
        n = len(body) if length is None else length
        peer.sendall(b"HTTP/1.1 " + status.encode() + b"\r\nContent-Length: " + str(n).encode() + b"\r\n" + fields + b"\r\n" + body)
    return answer


def authorization(head):
    return [line for line in head.split(b"\r\n") if line.startswith(b"Authorization: ")][0]


# --- the gateway ---------------------------------------------------------------------------------------------------------

def answers():
    out = json.loads(answered(ask("bob", gateway.private)))
    equal((out["method"], out["userArn"].rsplit("/", 1)[1], out["body"]), ("GET", "bob", None))
    out = json.loads(answered(ask("bob", gateway.private + "?a=1", "-d", '{"n":1}')))
    equal((out["method"], out["params"], out["body"]), ("POST", {"a": "1"}, '{"n":1}'))
    out = json.loads(answered(ask("bob", gateway.private, "-d", "@-", stdin=b"from stdin")))
    equal(out["body"], "from stdin")
    out = json.loads(answered(ask("bob", gateway.private + "?a=1", "-G", "-d", "b=2")))
    equal((out["method"], out["params"]), ("GET", {"a": "1", "b": "2"}))
    out = json.loads(answered(ask("bob", gateway.private, "-d", "a=1", "-d", "@-", stdin=b"b=2")))
    equal(out["body"], "a=1&b=2")
    out = json.loads(answered(ask("PublicFunctionRole", gateway.private)))
    assert "assumed-role" in out["userArn"], out


def presigned_and_v4a():
    out = json.loads(answered(ask("bob", gateway.private, "--presign", "60")))
    assert "X-Amz-Signature" in out["params"] and out["userArn"].endswith("/bob"), out
    assert json.loads(answered(ask("bob", gateway.private, "--algorithm", "v4a")))["userArn"].endswith("/bob")


def refusal_is_explained():
    done = ask("mallory", gateway.private, "--explain")
    assert b"is not authorized to perform" in done.stdout and b"cause:   policy\n" in done.stderr, done
    equal(done.returncode, 0)
    equal(ask("mallory", gateway.private).stderr, b"")  # no terminal
    done = ask("bob", gateway.private, "--explain", "--service", "lambda")
    assert b"cause:   scope\n" in done.stderr and b"execute-api" in done.stderr, done
    # A body too long for memory: what was signed is compared, its hash included.
    with open(os.path.join(folder, "two.bin"), "wb") as f:
        f.write(b"2" * 2000000)
    done = call(gateway.private, "-d", "@two.bin", "--explain", AWS_ACCESS_KEY_ID=gateway.keys("bob").access_key)
    assert b"cause:   secret\n" in done.stderr, done


def terminal(arguments, seconds=60, **variables):
    """Standard error is a terminal; (exit code, what it shows, standard output)."""
    master, slave = pty.openpty()
    with tempfile.TemporaryFile() as out:
        p = subprocess.Popen([APIGW, "call", *arguments], stdin=subprocess.DEVNULL, stdout=out, stderr=slave,
                             env=environment(**variables), cwd=gateway.folder)
        os.close(slave)
        shown, end = b"", time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                if select.select([master], [], [], 1)[0]:
                    piece = os.read(master, 65536)
                    if not piece:
                        break
                    shown += piece
            except OSError:  # nobody has the other end any more
                break
        code = p.wait(seconds)
        os.close(master)
        out.seek(0)
        return code, shown, out.read()


def terminal_explains():
    who = ("--profile", "mallory", "--credentials", ".apigw/credentials", gateway.private)
    code, shown, out = terminal(who)
    assert code == 0 and b"cause:   policy\r\n" in shown and b"not authorized" in out, (code, shown, out)
    for flag in ("--no-explain", "-s"):
        equal(terminal((*who, flag))[1], b"")


def clock_is_corrected_once():
    ahead = int(time.time()) + 4000
    then = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(ahead))
    body = json.dumps({"message": f"Signature expired: 20200101T000000Z is now earlier than {then} ({then} - 5 min.)"}).encode()
    turn = []

    def answer(server, head, rest, peer):
        turn.append(head)
        date = [line for line in head.split(b"\r\n") if line.startswith(b"X-Amz-Date: ")][0][12:].decode()
        off = ahead - calendar.timegm(time.strptime(date, "%Y%m%dT%H%M%SZ"))
        ok = len(turn) > 1 and abs(off) <= 600
        reply("200 OK" if ok else "403 Forbidden", b"fine" if ok else body)(server, head, rest, peer)
    with Server(answer) as s, tempfile.NamedTemporaryFile() as f:
        f.write(os.urandom(3000000))
        f.flush()
        done = call(s.url, "-i", "-d", "@" + f.name)
        assert done.stdout.endswith(b"\r\n\r\nfine") and b"403" not in done.stdout, done.stdout
        assert b"this clock is" in done.stderr and b"behind the service's" in done.stderr, done.stderr
        equal(len(set(s.digests)), 1)
        turn.clear()
        equal(len(s.digests), 2)
        done = call(s.url, "--date", "20200101T000000Z")  # who gives the date wants that date
        equal((done.stdout, len(turn)), (body, 1))


# --- manners -------------------------------------------------------------------------------------------------------------

def headers_and_files():
    with Server(reply("200 Fine", b"body\0\xff", b"X-One: 1\r\n")) as s:
        equal(answered(call(s.url, "-i")), b"HTTP/1.1 200 Fine\r\nContent-Length: 6\r\nX-One: 1\r\n\r\nbody\0\xff")
        equal(answered(call(s.url, "-o", "out.bin")), b"")
        equal(open(os.path.join(folder, "out.bin"), "rb").read(), b"body\0\xff")
        answered(call(s.url, "-H", "X-Empty;", "-H", "X-Two:  2 ", "-H", "X-Gone:", "-X", "PATCH"))
        head = s.heads[-1]
        assert head.startswith(b"PATCH /dev/x HTTP/1.1\r\n") and b"\r\nX-Two: 2\r\n" in head and b"X-Gone" not in head, head
        assert b"SignedHeaders=host;x-amz-date;x-empty;x-two," in authorization(head), head
        answered(call(s.url, "--json", '{"a":1}'))
        assert b"\r\nContent-Type: application/json\r\n" in s.heads[-1] and s.heads[-1].startswith(b"POST "), s.heads[-1]
    with Server(reply("200 OK", b"", length=77)) as s:
        equal(answered(call(s.url, "-I")), b"HTTP/1.1 200 OK\r\nContent-Length: 77\r\n\r\n")
        assert s.heads[-1].startswith(b"HEAD /dev/x "), s.heads
    with Server(reply(body=b"")) as s:
        answered(call(s.url, "-o", "empty.bin"))
        equal(os.path.getsize(os.path.join(folder, "empty.bin")), 0)


def uploads():
    path = os.path.join(folder, "a name.bin")
    content = bytes(range(256)) * 7
    with open(path, "wb") as f:
        f.write(content)
    with Server(reply()) as s:
        answered(call(s.url + "/", "-T", path))
        assert s.heads[-1].startswith(b"PUT /dev/x/a%20name.bin HTTP/1.1"), s.heads
        answered(call(s.url, "-T", "-", stdin=content))
        answered(call(s.url, "--data-binary", "@" + path))
        equal(s.digests, [hashlib.sha256(content).hexdigest()] * 3)
        answered(call(s.url, "--data-raw", "@x"))
        equal(s.digests[-1], hashlib.sha256(b"@x").hexdigest())


def raw_requests():
    with Server(reply()) as s, tempfile.NamedTemporaryFile() as f:
        f.write(b"PUT /dev/y?q=1 HTTP/1.1\r\nX-Raw: 1\r\nHost: 127.0.0.1:" + str(s.port).encode() + b"\r\n\r\nthe body")
        f.flush()
        equal(answered(call("--request", f.name)), b"ok")
        assert s.heads[-1].startswith(b"PUT /dev/y?q=1 HTTP/1.1\r\n") and b"\r\nX-Raw: 1\r\n" in s.heads[-1], s.heads
        equal(s.digests[-1], hashlib.sha256(b"the body").hexdigest())


def early_refusal():
    def answer(server, head, rest, peer):
        peer.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig")
        peer.shutdown(socket.SHUT_WR)
        while peer.recv(1 << 20):
            pass
    path = os.path.join(folder, "early.bin")
    with open(path, "wb") as f:
        f.truncate(50000000)
    with Server(answer) as s:
        equal(answered(call(s.url, "-T", path)), b"big")
    os.unlink(path)


def secrets_are_hidden():
    token, key = "SESSION" + "t" * 300, "MYAPIKEY"
    with Server(reply(fields=b"Set-Cookie: id=SECRETCOOKIE\r\n")) as s:
        for more in ((), ("--presign", "60")):
            done = call(s.url, "-v", "-H", "x-api-key: " + key, *more, AWS_ACCESS_KEY_ID="ASIAEXAMPLE", AWS_SESSION_TOKEN=token)
            shown = done.stderr.decode()
            for secret in (token, key, "SECRETCOOKIE", KEYS["AWS_SECRET_ACCESS_KEY"]):
                assert secret not in shown, (secret, shown)
            assert "Signature=<hidden, 64 bytes>" in shown and "< HTTP/1.1 200 OK\n" in shown and "> GET /dev/x" in shown, shown
            sent = s.heads[-1].decode()
            assert token in sent and key in sent, sent
            signature = sent.split("Signature=", 1)[1][:64]
            assert signature not in shown, shown


def prints():
    sent = call("https://a1.execute-api.eu-west-1.amazonaws.com/dev", "-d", "x", "--print", "headers")
    assert sent.stdout.startswith(b"X-Amz-Date: ") and b"/eu-west-1/execute-api/" in sent.stdout, sent
    none = call("https://a1.execute-api.eu-west-1.amazonaws.com/dev", "--presign", "60", "--print", "headers")
    assert (none.returncode, none.stdout) == (3, b"") and b"--print url prints the link" in none.stderr, none
    strict = call("https://a1.execute-api.eu-west-1.amazonaws.com/a/../b", "--print", "headers")
    assert strict.returncode == 3 and b'(rule "dot-segment"); --allow RULE signs it as it is\n' in strict.stderr, strict
    same = ["https://a1.execute-api.eu-west-1.amazonaws.com/dev", "-d", "x", "--date", "20150830T123600Z", "--print", "canonical"]
    equal(call(*same).stdout, subprocess.run([APIGW, "sign", *same], env=environment(), capture_output=True, timeout=120).stdout)


def redirects_stay():
    with Server(reply("302 Found", b"", b"Location: http://127.0.0.1:1/\r\n")) as s:
        equal(answered(call(s.url)), b"")
        equal(len(s.heads), 1)
        done = call(s.url, "-L")
        assert done.returncode == 2 and b"redirects are not followed" in done.stderr, done
        equal(len(s.heads), 1)


# --- long bodies ---------------------------------------------------------------------------------------------------------

running = {}  # the process of the call that is watched, and what it had resident at most


def note_peak():
    """While the call still waits for the end of its answer. (wait4's maximum counts this python before its exec.)"""
    with open(f"/proc/{running['pid']}/status", encoding="utf-8") as f:
        running["kb"] = int([line for line in f if line.startswith("VmHWM:")][0].split()[1])


def peak_kb(arguments, stdin, stdout):
    """Exit code, VmHWM and standard error of one call, whose server notes the peak."""
    p = subprocess.Popen([APIGW, "call", *arguments], stdin=stdin, stdout=stdout, stderr=subprocess.PIPE, env=environment(), cwd=folder)
    running.clear()
    running["pid"] = p.pid
    err = p.stderr.read()
    p.stderr.close()
    return p.wait(120), running["kb"], err


def bounded(kb):
    assert SANITIZED or kb < 20 * 1024, f"{kb} KB were resident"


def long_uploads():
    path, digest = os.path.join(folder, "long.bin"), hashlib.sha256()
    with open(path, "wb") as f:
        for _ in range(LONG_BYTES // 1000000):
            piece = os.urandom(1000000)
            digest.update(piece)
            f.write(piece)

    def answer(server, head, rest, peer):
        server.read_body(head, rest, peer)
        if running:
            note_peak()
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    with Server(answer) as s:
        for how in ("file", "pipe"):
            if how == "file":
                code, kb, err = peak_kb([s.url, "-T", path, "-o", "o"], subprocess.DEVNULL, subprocess.DEVNULL)
            else:
                cat = subprocess.Popen(["cat", path], stdout=subprocess.PIPE)
                code, kb, err = peak_kb([s.url, "-d", "@-", "-o", "o"], cat.stdout, subprocess.DEVNULL)
                cat.stdout.close()
                equal(cat.wait(120), 0)
            equal((how, code, err, s.lengths[-1], s.digests[-1]), (how, 0, b"", LONG_BYTES, digest.hexdigest()))
            bounded(kb)
        running.clear()
        # What is signed is these bytes' hash: here it is a field, too.
        answered(call(s.url, "-T", path, "--body-hash-header"))
        assert digest.hexdigest().encode() in s.heads[-1], s.heads[-1]
    os.unlink(path)


def long_download():
    block = os.urandom(1000000)

    def answer(server, head, rest, peer):
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: " + str(LONG_BYTES).encode() + b"\r\n\r\n")
        for n in range(LONG_BYTES // len(block)):
            if n == LONG_BYTES // len(block) - 1:
                note_peak()
            peer.sendall(block)
    with Server(answer) as s:
        code, kb, err = peak_kb([s.url, "-o", "down.bin"], subprocess.DEVNULL, subprocess.DEVNULL)
        equal((code, err), (0, b""))
        bounded(kb)
        path = os.path.join(folder, "down.bin")
        equal(os.path.getsize(path), LONG_BYTES)
        with open(path, "rb") as f:
            while piece := f.read(len(block)):
                assert piece == block
        os.unlink(path)


def changed_file():
    path = os.path.join(folder, "changing.bin")
    with open(path, "wb") as f:
        f.write(b"a" * 30000000)
    lengths = []

    def answer(server, head, rest, peer):
        with open(path, "r+b") as f:  # the header is here, most of the body is not
            f.write(b"b")
        try:
            server.read_body(head, rest, peer)
            lengths.append(server.lengths[-1])
            peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        except OSError:
            pass
    with Server(answer) as s:
        os.utime(path, (1, 1))
        done = call(s.url, "-T", path)
        assert done.returncode == 26 and b"was changed between" in done.stderr, done
        assert all(n < 30000000 for n in lengths), "the whole of a body that was not signed was sent"


def progress():
    def answer(server, head, rest, peer):
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4000000\r\n\r\n")
        for _ in range(40):
            peer.sendall(b"x" * 100000)
            time.sleep(0.04)
    with Server(answer) as s:
        code, shown, out = terminal((s.url,))
        assert code == 0 and len(out) == 4000000 and b"\rreceived " in shown and b" of 4.0 MB, " in shown, (code, shown)
        assert shown.endswith(b"\r\033[K"), shown
        equal(terminal((s.url, "-s"))[1], b"")
        equal(call(s.url).stderr, b"")
    with Server(reply()) as s:
        equal(terminal((s.url,))[1], b"")  # a short one shows nothing


# --- ends ----------------------------------------------------------------------------------------------------------------

def certificate():
    pem = os.path.join(folder, "self.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", pem, "-out", pem + ".crt", "-days", "1",
                    "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True, timeout=120)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem + ".crt", pem)
    return context, pem + ".crt"


def tls():
    context, crt = certificate()
    with Server(reply(), context) as s:
        equal(call(s.url).returncode, 60)
        done = call(s.url, "-k")
        equal((done.returncode, done.stdout), (0, b"ok"))
        assert b"the certificate is NOT checked" in done.stderr, done.stderr
        equal(answered(call(s.url, "-k", "-s")), b"ok")
        equal(answered(call(s.url, AWS_CA_BUNDLE=crt)), b"ok")
        equal(call(s.url, AWS_CA_BUNDLE="/nonexistent").returncode, 77)
    with Server(reply()) as s:  # speaks no TLS
        equal(call(s.url.replace("http:", "https:")).returncode, 35)


def silent(server, head, rest, peer):
    time.sleep(3)


def closing(server, head, rest, peer):
    pass


def cut(server, head, rest, peer):
    peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345")


def exit_codes():
    """Ours, and curl's own for the same where it has one."""
    closed = socket.socket()  # it has the port, and does not listen
    closed.bind(("127.0.0.1", 0))
    nobody = f"http://127.0.0.1:{closed.getsockname()[1]}/"
    with closed, Server(reply("500 Bad", b"bad")) as bad, Server(reply()) as good, Server(silent) as late, Server(closing) as empty, Server(cut) as short:
        table = [
            (0, [bad.url]), (22, [bad.url, "-f"]), (22, [bad.url, "--fail-with-body"]), (7, [nobody]), (28, [late.url, "-m", "0.3"]),
            (52, [empty.url]), (18, [short.url]), (23, [good.url, "-o", "/dev/full"]), (23, [good.url, "-o", "/nonexistent/x"]),
            (6, ["http://nobody.invalid/", "--service", "execute-api"]), (3, ["ftp//x"]), (2, [good.url, "--nonsense"]),
            (26, [good.url, "-T", "/nonexistent"])]
        for code, arguments in table:
            done = call(*arguments)
            equal((arguments, done.returncode), (arguments, code))
            assert bool(done.stderr) == (code != 0), (arguments, done.stderr)
            theirs = [a for a in arguments if a not in ("--service", "execute-api")]
            if arguments[0] != "ftp//x":
                equal((theirs, subprocess.run(["curl", *theirs], capture_output=True, timeout=120, cwd=folder).returncode), (theirs, code))
        equal(call(bad.url, "-f").stdout, b"")
        equal(call(bad.url, "--fail-with-body").stdout, b"bad")
        equal(call(nobody, "-s").stderr, b"")
        assert call(nobody, "-sS").stderr.startswith(b"apigw call: "), "-S"
        equal(call(short.url).stdout, b"12345")
        equal(call(good.url, AWS_ACCESS_KEY_ID="", HOME="/nonexistent").returncode, 3)
        equal(call(good.url, "--role-arn", "nonsense").returncode, 3)
        equal(call(good.url, "--role-arn", "arn:aws:iam::123456789012:role/r", AWS_ENDPOINT_URL_STS=nobody).returncode, 94)


def role_is_assumed():
    xml = (b"<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>rolesecret"
           b"</SecretAccessKey><SessionToken>roletoken</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>"
           b"</AssumeRoleResult></AssumeRoleResponse>")
    as_json = json.dumps({"AssumeRoleResponse": {"AssumeRoleResult": {"Credentials": {
        "AccessKeyId": "ASIAROLE", "SecretAccessKey": "rolesecret", "SessionToken": "roletoken", "Expiration": 4070908800}}}}).encode()

    def sts(server, head, rest, peer):
        reply(body=as_json if b"application/json" in head else xml)(server, head, rest, peer)
    with Server(sts) as role, Server(reply()) as s:
        answered(call(s.url, "--role-arn", "arn:aws:iam::123456789012:role/r", AWS_ENDPOINT_URL_STS=role.url))
        assert b"Credential=ASIAROLE/" in s.heads[-1] and b"\r\nX-Amz-Security-Token: roletoken\r\n" in s.heads[-1], s.heads
        assert b"Credential=AKIDEXAMPLE/" in role.heads[-1], role.heads


def signals():
    started = threading.Event()

    def endless(server, head, rest, peer):
        peer.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            peer.sendall(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
            started.set()
    with Server(endless) as s:
        p = subprocess.Popen([APIGW, "call", s.url], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment())
        p.stdout.read(10)
        p.stdout.close()  # as `| head -c 10` does
        equal((p.wait(120), p.stderr.read()), (23, b""))
        p.stderr.close()
        started.clear()
        p = subprocess.Popen([APIGW, "call", s.url], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment())
        assert started.wait(120)
        p.send_signal(signal.SIGINT)
        equal((p.wait(120), p.stderr.read()), (-signal.SIGINT, b""))
        p.stderr.close()


def time_is_over_anywhere():
    """Not only in libcurl: where standard input is silent, nobody reads standard output, or a program for keys hangs."""
    config = os.path.join(folder, "hangs")
    with open(config, "w", encoding="utf-8") as f:
        f.write("[profile hangs]\ncredential_process = sleep 60\n")
    sentence = b"apigw call: the %d ms of --max-time are over\n"

    def nobody_reads(quiet, said):
        """The answer has begun when the time is over, however slow this machine is."""
        reader, writer = os.pipe()  # holds 64 KB of the answer
        with Server(reply(body=b"x" * 1000000)) as s:
            done = subprocess.run([APIGW, "call", s.url, "-m", "3", *quiet], stdout=writer, stderr=subprocess.PIPE, env=environment(), timeout=120)
        os.close(reader)
        os.close(writer)
        equal((done.returncode, done.stderr), (28, said))
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        list(pool.map(nobody_reads, ((), ("-s",)), (sentence % 3000, b"")))
    with Server(reply(body=b"x" * 1000000)) as s:
        for arguments, variables in [(["-T", "-"], {}), (["-d", "@-", "-d", "x"], {}), (["--profile", "hangs"], {"AWS_CONFIG_FILE": config})]:
            silent_end, held = os.pipe()
            done = subprocess.run([APIGW, "call", s.url, "-m", "0.3", *arguments], stdin=silent_end, capture_output=True,
                                  env=environment(**variables), timeout=120)
            equal((arguments, done.returncode, done.stderr), (arguments, 28, sentence % 300))
            os.close(silent_end)
            os.close(held)
        equal(call(s.url, "-m", "120", "-o", "in-time").returncode, 0)


def usage():
    for arguments, sentence in [
            ([], "there is no URL"), (["http://x/", "-d", "a", "--json", "b"], "--data and --json both give the body"),
            (["http://x/", "-I", "-d", "a"], "-I asks for the header"), (["http://x/", "-m", "soon"], "--max-time takes seconds, not 'soon'"),
            (["http://x/", "-f", "--fail-with-body"], "--fail and --fail-with-body"), (["http://x/", "-u", "a:b"], "--user: keys on a command line"),
            (["http://x/", "-w", "%{http_code}"], "--write-out: -f turns")]:
        done = call(*arguments)
        equal((arguments, done.returncode, done.stdout), (arguments, 2, b""))
        lines = done.stderr.decode().splitlines()
        assert lines[0].startswith("apigw call: " + sentence) and lines[1:] == ["apigw call: --help tells the flags"], lines
    done = call("--help")
    assert done.returncode == 0 and done.stdout.startswith(b"usage: apigw call "), done


if __name__ == "__main__":
    with Gateway(BUILD) as gateway:
        code = run_cases([
            ("GET, POST, -G and a role's keys are answered by the gateway", answers),
            ("a presigned URL and SigV4A are answered, too", presigned_and_v4a),
            ("--explain names the cause of a 403", refusal_is_explained),
            ("on a terminal a 403 is explained unasked, but with --no-explain or -s", terminal_explains),
            ("a wrong clock is corrected once, the body sent again, the refusal not shown", clock_is_corrected_once),
            ("-i, -I, -o, -H and --json as curl's", headers_and_files),
            ("-T and -d @ send any bytes", uploads),
            ("--request sends a raw request, signed", raw_requests),
            ("an answer before the end of a long body is the answer", early_refusal),
            ("-v shows no secret", secrets_are_hidden),
            ("--print prints what sign prints, and sends nothing", prints),
            ("a redirect is an answer", redirects_stay),
            ("200 MB go up from a file and from a pipe in little memory", long_uploads),
            ("200 MB come down in little memory", long_download),
            ("a file that changes after it was hashed is not sent to its end", changed_file),
            ("a long transfer shows on a terminal how far it is", progress),
            ("-k takes a self-signed certificate with a warning, and nothing else does", tls),
            ("exit codes are curl's", exit_codes),
            ("--role-arn signs with the keys that STS gives", role_is_assumed),
            ("a closed pipe is exit code 23, SIGINT ends it", signals),
            ("--max-time ends whatever it is that hangs", time_is_over_anywhere),
            ("bad usage is exit code 2, one sentence and a hint", usage),
        ])
    subprocess.run(["rm", "-rf", folder], check=True)
    sys.exit(code)
