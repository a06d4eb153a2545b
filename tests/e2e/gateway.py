# SPDX-License-Identifier: Apache-2.0
"""The whole path: template.yaml, apigw, bootstrap, and callers that sign with botocore and curl. gateway.py BUILD_DIR"""
import stat

from apigw import *

build = os.path.abspath(sys.argv[1])
g = Gateway(build)
USER = "arn:aws:iam::123456789012:user/"
ROLE = "arn:aws:sts::123456789012:assumed-role/lambda-iam-c-PublicFunctionRole/lambda-iam-c-PublicFunction"
MISMATCH = "The request signature we calculated does not match the signature you provided"
INVALID_TOKEN = "The security token included in the request is invalid."


def altered(keys, **changes):
    fields = {"access_key": keys.access_key, "secret_key": keys.secret_key, "token": keys.token, **changes}
    return botocore.credentials.Credentials(fields["access_key"], fields["secret_key"], fields["token"])


def lines_of_start():
    equal([l.split()[:2] for l in g.lines if l.startswith("listening")], [["listening", "PublicApi"], ["listening", "PrivateApi"], ["listening", "STS"]])
    assert g.lines[-1] == "ready" and any(l.startswith("enforced") for l in g.lines), g.lines
    assert any(re.match(r"\s+GET\s+/dev/private\s+AWS_IAM\s+PrivateFunction$", l) for l in g.lines), g.lines


def credentials_file():
    path = os.path.join(g.folder, ".apigw", "credentials")
    equal(stat.S_IMODE(os.stat(path).st_mode), 0o600)
    equal(set(g.profiles()), {"alice", "bob", "mallory", "PublicFunctionRole", "PrivateFunctionRole"})


def public_get():
    a = send("GET", g.public + "?client=a%20b&client=c&x=")
    equal(a.status, 200)
    equal(a.json(), {"message": "Hi from AWS_IAM auth enabled API", "userArn": ROLE, "method": "GET",
                     "params": {"client": ["a b", "c"], "x": ""}, "body": None})


def public_post():
    a = send("POST", g.public + "?q=1", {"Content-Type": "application/json"}, '{"é":"\\u00e9 \\" x"}'.encode())
    equal((a.status, a.json()["body"], a.json()["method"]), (200, '{"é":"\\u00e9 \\" x"}', "POST"))
    equal((a.json()["params"], a.json()["userArn"]), ({"q": "1"}, ROLE))


def every_byte():
    body = bytes(range(256)) * 64
    for url, answer in ((g.public, send("POST", g.public, {"Content-Type": "application/octet-stream"}, body)),
                        (g.private, call(g.keys("bob"), "POST", g.private, {"Content-Type": "application/octet-stream"}, body))):
        equal((url, answer.status, answer.json()["isBase64Encoded"]), (url, 200, True))
        equal(base64.b64decode(answer.json()["body"]), body)


def odd_queries():
    for query, params in (("a=1&b=2&a=3", {"a": ["1", "3"], "b": "2"}), ("%C3%A9=%E2%82%AC", {"é": "€"}),
                          ("a=%2F%3F%23%26%3D%2B%25", {"a": "/?#&=+%"}), ("k", {"k": ""}), ("a=*'()!~", {"a": "*'()!~"})):
        a = send("GET", g.public + "?" + query)
        equal((query, a.status, a.json().get("params")), (query, 200, params))


def by_curl():
    for profile, arn in (("bob", USER + "bob"), ("PublicFunctionRole", ROLE)):
        a = curl(g.keys(profile), g.private + "?a=1")
        equal((a.status, a.json()["userArn"], a.json()["params"]), (200, arn, {"a": "1"}))
        a = curl(g.keys(profile), g.private, "-H", "Content-Type: application/json", "-d", '{"n":1}')
        equal((a.status, a.json()["userArn"], a.json()["body"]), (200, arn, '{"n":1}'))
        wrong = curl(altered(g.keys(profile), secret_key="A" * 40), g.private)
        assert wrong.status == 403 and MISMATCH in wrong.json()["message"], wrong


def by_botocore():
    for profile, arn in (("bob", USER + "bob"), ("PublicFunctionRole", ROLE)):
        a = call(g.keys(profile), "GET", g.private + "?a=1&a=2")
        equal((a.status, a.json()["userArn"], a.json()["params"]), (200, arn, {"a": ["1", "2"]}))
        a = call(g.keys(profile), "POST", g.private, {"Content-Type": "text/plain"}, "grüße".encode())
        equal((a.status, a.json()["userArn"], a.json()["body"]), (200, arn, "grüße"))
        refused(call(altered(g.keys(profile), secret_key="A" * 40), "GET", g.private), "InvalidSignatureException", MISMATCH)


def by_our_signer():
    for profile in ("bob", "PublicFunctionRole"):
        out = subprocess.run([os.path.join(build, "apigw"), "sign", "--profile", profile, "--credentials",
                              os.path.join(g.folder, ".apigw", "credentials"), "--print", "curl", g.private + "?x=%20y"],
                             capture_output=True, text=True)
        equal((out.returncode, out.stderr), (0, ""))
        a = json.loads(subprocess.run(out.stdout.strip() + " -s", shell=True, capture_output=True).stdout)
        equal(a["params"], {"x": " y"})


def canonical_string():
    keys = altered(g.keys("bob"), secret_key="A" * 40)
    url = g.private + "?b=2&a=1"
    headers = botocore_headers(keys, "GET", url)
    message = send("GET", url, headers).json()["message"]
    date = headers["X-Amz-Date"]
    canonical = "\n".join(["GET", "/dev/private", "a=1&b=2", "host:" + urllib.parse.urlsplit(url).netloc, "x-amz-date:" + date, "",
                           "host;x-amz-date", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"])
    import hashlib
    sts = "\n".join(["AWS4-HMAC-SHA256", date, f"{date[:8]}/{REGION}/execute-api/aws4_request",
                     hashlib.sha256(canonical.encode()).hexdigest()])
    equal(message, MISMATCH + ". Check your AWS Secret Access Key and signing method. Consult the service documentation for details.\n\n"
          f"The Canonical String for this request should have been\n'{canonical}'\n\nThe String-to-Sign should have been\n'{sts}'\n")


def unsigned():
    a = send("GET", g.private)
    refused(a, "MissingAuthenticationTokenException", "Missing Authentication Token")
    equal(a.body, b'{"message":"Missing Authentication Token"}')
    assert a.headers["content-type"] == "application/json" and a.headers["x-amzn-requestid"] and a.headers["x-amz-apigw-id"], a.headers


def malformed():
    for value in ("Bearer abc.def", "junk", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 Credential=x", "Basic dXNlcjpwYXNz",
                  "AWS4-HMAC-SHA256 Credential=a/b/c, SignedHeaders=host, Signature=0"):
        a = send("GET", g.private, {"Authorization": value})
        assert a.status == 403 and a.error_type == "IncompleteSignatureException", (value, a)
        assert "abc.def" not in a.body.decode() and "dXNlcjpwYXNz" not in a.body.decode(), a


def clock():
    bob = g.keys("bob")
    equal(call(bob, "GET", g.private, shift_s=-280).status, 200)
    equal(call(bob, "GET", g.private, shift_s=280).status, 200)
    refused(call(bob, "GET", g.private, shift_s=-320), "InvalidSignatureException", "Signature expired: ")
    refused(call(bob, "GET", g.private, shift_s=320), "InvalidSignatureException", "Signature not yet current: ")


def wrong_keys():
    bob, role = g.keys("bob"), g.keys("PublicFunctionRole")
    refused(call(altered(bob, access_key="AKIAIOSFODNN7EXAMPLE"), "GET", g.private), "UnrecognizedClientException", INVALID_TOKEN)
    refused(call(altered(role, token=role.token[:-1] + ("y" if role.token.endswith("x") else "x")), "GET", g.private), "UnrecognizedClientException", INVALID_TOKEN)
    refused(call(altered(role, token=None), "GET", g.private), "UnrecognizedClientException", INVALID_TOKEN)
    refused(call(altered(role, token=g.keys("PrivateFunctionRole").token), "GET", g.private), "UnrecognizedClientException", INVALID_TOKEN)
    refused(call(altered(bob, token="made up"), "GET", g.private), "UnrecognizedClientException", INVALID_TOKEN)


def wrong_scope():
    bob = g.keys("bob")
    refused(call(bob, "GET", g.private, region="eu-west-1"), "InvalidSignatureException", "Credential should be scoped to a valid region")
    refused(call(bob, "GET", g.private, service="lambda"), "InvalidSignatureException", "Credential should be scoped to correct service")


def tampered():
    bob, json_type = g.keys("bob"), {"Content-Type": "application/json"}
    signed = botocore_headers(bob, "POST", g.private + "?a=1", json_type, b'{"n":1}')
    equal(send("POST", g.private + "?a=1", signed, b'{"n":1}').status, 200)
    for method, url, headers, body in (("POST", "?a=1", {}, b'{"n":2}'), ("POST", "?a=2", {}, b'{"n":1}'), ("POST", "", {}, b'{"n":1}'),
                                       ("GET", "?a=1", {}, b'{"n":1}'), ("POST", "?a=1&a=1", {}, b'{"n":1}'),
                                       ("POST", "?a=1", {"Content-Type": "text/plain"}, b'{"n":1}'), ("POST", "?a=1", {}, b'')):
        refused(send(method, g.private + url, {**signed, **headers}, body), "InvalidSignatureException", MISMATCH)


def policies():
    for profile, get, post in (("alice", 200, 403), ("bob", 200, 200), ("mallory", 403, 403), ("PublicFunctionRole", 200, 200),
                               ("PrivateFunctionRole", 403, 403)):
        for method, expected in (("GET", get), ("POST", post)):
            a = call(g.keys(profile), method, g.private)
            equal((profile, method, a.status), (profile, method, expected))
            if expected == 403:
                equal((a.error_type, list(a.json())), ("AccessDeniedException", ["Message"]))
                assert re.fullmatch(r"User: arn:aws:\S+ is not authorized to perform: execute-api:Invoke on resource: "
                                    r"arn:aws:execute-api:us-east-1:\*{8}9012:\w{10}/dev/" + method + r"/private\b.*", a.json()["Message"]), a


def routes():
    base = g.private[:-len("/dev/private")]
    for method, path in (("PUT", "/dev/private"), ("GET", "/dev/private/"), ("GET", "/dev"), ("GET", "/"), ("GET", "/prod/private"),
                         ("GET", "/dev/%zz"), ("GET", "/dev/../../private"),
                         ("GET", "/dev//private"), ("GET", "/dev/priv%61te"), ("GET", "/x/../dev/private"), ("GET", "/dev/Private")):
        refused(send(method, base + path), "MissingAuthenticationTokenException", "Missing Authentication Token")
        refused(call(g.keys("bob"), method, base + path), "MissingAuthenticationTokenException", "Missing Authentication Token")
    assert "no route PUT /dev/private; routes are GET /dev/private, POST /dev/private" in g.log()


def not_text():
    a = send("POST", g.public, {"Content-Type": "text/plain"}, b"\xff\xfe")
    refused(a, "BadRequestException", "Bad Request", 400)
    a = send("POST", g.public, {"Content-Type": "text/plain"}, b"a\0b")
    equal((a.status, a.body), (502, b'{"message": "Internal server error"}'))
    assert "\\\\u0000" in g.log(), "the log must name the character"
    refused(send("GET", g.public + "?a=%00"), "BadRequestException", "Bad Request", 400)
    assert "the query is not UTF-8 text, or holds a NUL (%00)" in g.log(), "the log must name the part"


def sizes():
    a = send("POST", g.public, {"Content-Type": "text/plain"}, b"x" * 2_500_000)
    equal((a.status, len(a.json()["body"])), (200, 2_500_000))
    equal(send("POST", g.public, {"Content-Type": "text/plain"}, b"x" * 6_500_000).status, 413)
    equal(send("POST", g.public, {"Content-Type": "text/plain"}, b"x" * 11_000_000).status, 413)
    equal(send("GET", g.public, {f"x-{i}": "y" * 100 for i in range(600)}).status, 431)


def long_targets():
    a = send("GET", g.public + "?" + "a=1&" * 2000)
    refused(a, "BadRequestException", "Bad Request", 400)
    assert "more than 512 fields or parameters" in g.log()
    base = g.private[:-len("/dev/private")]
    refused(send("GET", base + "/" + "a" * 10000), "MissingAuthenticationTokenException", "Missing Authentication Token")
    refused(send("GET", base + "/" + "a" * 20000), "BadRequestException", "Request URI too long", 414)
    equal(send("GET", base + "/" + "a" * 70000).status, 431)


def quiet_terminal():
    import socket
    with socket.create_connection(urllib.parse.urlsplit(g.public).netloc.split(":")) as s:
        s.sendall(b"GET /dev/\x1b[31mred HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        while s.recv(4096):
            pass
    assert "\x1b" not in g.log(), "an escape sequence reached the log"


def restarts():
    before = g.children()
    equal(len(before), 2)
    for pid in before:
        os.kill(pid, signal.SIGSEGV)
    deadline = time.monotonic() + 60
    while set(g.children()) & set(before):
        assert time.monotonic() < deadline, "a killed bootstrap stays"
        time.sleep(0.02)
    equal(send("GET", g.public).status, 200)
    equal(len(g.children()), 2)


def nothing_leaks():
    log = g.log()
    for profile in g.profiles():
        keys = g.keys(profile)
        for secret in filter(None, (keys.secret_key, keys.token)):
            assert secret not in log, f"a secret of {profile} is in the log"
    assert "Signature=" not in log and '"hello"' not in log and "grüße" not in log
    environment = b"".join(open(f"/proc/{pid}/environ", "rb").read() for pid in g.children())
    assert b"planted-value" not in environment and b"AWS_SESSION_TOKEN=" in environment


def orderly_end():
    children = g.children()
    equal(g.stop(), 0)
    assert not os.path.exists(os.path.join(g.folder, ".apigw", "credentials")), "the credentials must go"
    for pid in children:
        assert not os.path.exists(f"/proc/{pid}"), "a bootstrap outlived its gateway"


with g:
    sys.exit(run_cases([
        ("start prints listening, routes, what is enforced, ready", lines_of_start),
        ("the credentials file has mode 0600 and a profile for every user and role", credentials_file),
        ("public forwards a GET with repeated and empty parameters, signed by its role", public_get),
        ("public forwards a POST with its query, body and content type", public_post),
        ("every byte of a binary body arrives, through public and private", every_byte),
        ("odd queries arrive decoded and unchanged", odd_queries),
        ("curl --aws-sigv4 calls private as a user and as a role, and not with a wrong secret", by_curl),
        ("botocore calls private as a user and as a role, and not with a wrong secret", by_botocore),
        ("apigw sign --print curl prints a line that works", by_our_signer),
        ("a mismatch shows AWS's canonical string and string to sign", canonical_string),
        ("an unsigned request gets AWS's answer to the byte", unsigned),
        ("a malformed Authorization field is incomplete, and is not repeated", malformed),
        ("a signature is good for five minutes either way", clock),
        ("an unknown key and a wrong, missing or foreign token are not recognized", wrong_keys),
        ("a signature for another region or service is refused", wrong_scope),
        ("whatever changes after signing is a mismatch", tampered),
        ("the caller's policy decides by method", policies),
        ("what is not exactly a route is none, signed or not", routes),
        ("a body that JSON cannot carry is refused, never cut", not_text),
        ("sizes beyond the limits are refused, large bodies below them arrive", sizes),
        ("bug: a long target gets an answer (some had none, some 500)", long_targets),
        ("bug: no control byte reaches the operator's terminal", quiet_terminal),
        ("a crashed function is started again for the next request", restarts),
        ("no secret, token, signature or payload is in the log, nothing of the shell in the functions", nothing_leaks),
        ("SIGTERM ends everything with exit code 0", orderly_end),
    ]))
