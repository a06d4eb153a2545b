#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Five published stories of calling an API behind AWS_IAM, each told again with this project, each by one command.
seeds.py BUILD_DIR [000|001|002|003|004 ...]
  000  a service calls another service's protected endpoint
  001  an IAM user calls a protected endpoint, GET and POST, and every step that is skipped is refused
  002  STS AssumeRole and an API key besides AWS_IAM, parameters and body, several HTTP clients
  003  an open endpoint calls a protected one; the protected one refuses whoever does not sign
  004  authorization is switched off, on, and off again"""
from apigw import *
from function import Function, event
from peers import Peer, answer

build = os.path.abspath(sys.argv[1])
HELLO = "Hi from AWS_IAM auth enabled API"
USER = "arn:aws:iam::123456789012:user/"
ROLE = "arn:aws:sts::123456789012:assumed-role/lambda-iam-c-PublicFunctionRole/lambda-iam-c-PublicFunction"
ACCESS_ROLE = "arn:aws:sts::123456789012:assumed-role/lambda-iam-c-ApiAccessRole/lambda-iam-c-PublicFunction"


class Story(Gateway):
    """A gateway that leaves no keys behind."""

    def __init__(self, *options, **more):
        super().__init__(build, *options, **more)

    def __exit__(self, *_):
        self.stop()
        left = os.path.exists(os.path.join(self.folder, ".apigw", "credentials"))
        super().__exit__()
        assert not left, "keys were left behind"


def public(g, method="GET", query="", body=None):
    return send(method, g.public + query, {"Content-Type": "application/json"} if body else {}, body)


def altered(keys, **changes):
    fields = {"access_key": keys.access_key, "secret_key": keys.secret_key, "token": keys.token, **changes}
    return botocore.credentials.Credentials(fields["access_key"], fields["secret_key"], fields["token"])


def by_apigw_sign(g, profile, url):
    """The signature of our own tool, sent by curl."""
    made = subprocess.run([os.path.join(build, "apigw"), "sign", "--profile", profile, "--credentials",
                           os.path.join(g.folder, ".apigw", "credentials"), "--print", "curl", url], capture_output=True, text=True)
    equal((made.returncode, made.stderr), (0, ""))
    return json.loads(subprocess.run(made.stdout.strip() + " -s", shell=True, capture_output=True).stdout)


def variant(folder, old, new):
    return write_template(os.path.join(folder, "template.yaml"), (old, new))


# --- 000 ---

def service_to_service():
    with Story() as g:
        for method, body in (("GET", None), ("POST", b'{"item":1}')):
            a = public(g, method, body=body)
            equal((a.status, a.json()["message"], a.json()["userArn"], a.json()["body"]), (200, HELLO, ROLE, body and body.decode()))
        log = g.log()
        assert re.search(r"calling GET \S+/dev/private as us-east-1/execute-api.*\"requestId\"", log) and re.search(r"answered 200: 1 attempt, \d+ ms", log), log
        found = re.search(r"answered 200.* upstream request ([0-9a-f-]{36}), apigw (\S+), .*\"requestId\":\"([0-9a-f-]{36})\"", log)
        assert found and found.group(1) != found.group(3), log


def without_permission():
    with tempfile.TemporaryDirectory() as folder:
        path = variant(folder, "Action: execute-api:Invoke", "Action: execute-api:ManageConnections")
        with Story(template=path) as g:
            a = public(g)
            equal((a.status, a.json()["errorType"], a.json()["upstreamStatus"]), (502, "AccessDeniedException", 403))
            assert "execute-api:Invoke" in a.json()["message"] and a.json()["requestId"] in g.log(), a


def service_is_down():
    with Peer() as nobody:
        environment = {"AWS_ACCESS_KEY_ID": "ASIASEEDS", "AWS_SECRET_ACCESS_KEY": "seeds/secret+000/abcdefghijklmnop", "AWS_SESSION_TOKEN": "seeds//token+000==",
                       "PRIVATE_API_URL": nobody.url, "PRIVATE_API_SERVICE": "execute-api", "PRIVATE_API_REGION": REGION}
        leaks.know("the secret of 000", environment["AWS_SECRET_ACCESS_KEY"])
        leaks.know("the token of 000", environment["AWS_SESSION_TOKEN"])
        with Function(build, environment) as f:
            out = f.invoke(event())
        leaks.collect("the log of 000", out.log_text)
        leaks.collect("the reply of 000", out.reply_text)
        equal((out.status, out.body["errorType"], out.answered()["level"]), (502, "UpstreamConnectionDied", "ERROR"))


# --- 001 ---

def iam_user():
    with Story() as g:
        bob, json_type = g.keys("bob"), {"Content-Type": "application/json"}
        a = call(bob, "GET", g.private)
        equal((a.status, a.json()["userArn"], a.json()["method"]), (200, USER + "bob", "GET"))
        a = call(bob, "POST", g.private, json_type, b'{"hello":"there"}')
        equal((a.status, a.json()["userArn"], a.json()["method"], a.json()["body"]), (200, USER + "bob", "POST", '{"hello":"there"}'))
        equal(curl(bob, g.private).json()["userArn"], USER + "bob")
        equal(by_apigw_sign(g, "bob", g.private)["userArn"], USER + "bob")


def skipped_steps():
    with Story() as g:
        bob = g.keys("bob")
        refused(send("GET", g.private), "MissingAuthenticationTokenException", "Missing Authentication Token")
        refused(call(g.keys("mallory"), "GET", g.private), "AccessDeniedException", "is not authorized to perform: execute-api:Invoke")
        equal(call(g.keys("alice"), "GET", g.private).status, 200)  # her policy names GET alone
        refused(call(g.keys("alice"), "POST", g.private, body=b"{}"), "AccessDeniedException", "/POST/private")
        refused(call(altered(bob, access_key="AKIAIOSFODNN7EXAMPLE"), "GET", g.private), "UnrecognizedClientException", "invalid")
        refused(call(altered(bob, secret_key="A" * 40), "GET", g.private), "InvalidSignatureException", "does not match")
        refused(call(bob, "DELETE", g.private), "MissingAuthenticationTokenException", "Missing Authentication Token")
        signed = botocore_headers(bob, "POST", g.private, {}, b"one body")
        refused(send("POST", g.private, signed, b"another"), "InvalidSignatureException", "does not match")


# --- 002 ---

STS_KEYS = {"AccessKeyId": "ASIASEEDSROLE", "SecretAccessKey": "seeds/role+secret/abcdefghijklmnopqrs", "SessionToken": "seeds//role+token==",
            "Expiration": 0}
API_KEY = "seeds-api-key-00000000000000000002"
OWN = {"AWS_ACCESS_KEY_ID": "ASIASEEDSOWN", "AWS_SECRET_ACCESS_KEY": "seeds/own+secret/abcdefghijklmnopqrst", "AWS_SESSION_TOKEN": "seeds//own+token==",
       "PRIVATE_API_SERVICE": "execute-api", "PRIVATE_API_REGION": "eu-central-1", "PRIVATE_API_ROLE_ARN": "arn:aws:iam::123456789012:role/ApiAccess"}
WITH_ROLE = ("--parameter", "UseAccessRole=true")
WITH_KEY = ("--parameter", "ApiKeyMode=REQUIRED", "--parameter", "ApiKeyValue=" + API_KEY)


def is_called(g, arn):
    """GET and POST, parameters and body; the private function sees who signed."""
    for method, query, params, body in (("GET", "?client=curl", {"client": "curl"}, None), ("POST", "?a=1&a=2", {"a": ["1", "2"]}, '{"client":"curl"}')):
        a = public(g, method, query, body and body.encode())
        equal((a.status, a.json()), (200, {"message": HELLO, "userArn": arn, "method": method, "params": params, "body": body}))


def with_key():
    with Story(*WITH_KEY) as g:
        is_called(g, ROLE)
        refused(call(g.keys("bob"), "GET", g.private), "ForbiddenException", "Forbidden")


def with_role():
    with Story(*WITH_ROLE) as g:
        is_called(g, ACCESS_ROLE)
        refused(call(g.keys("PublicFunctionRole"), "GET", g.private), "AccessDeniedException", "execute-api:Invoke")


def with_role_and_key():
    with Story(*WITH_ROLE, *WITH_KEY) as g:
        is_called(g, ACCESS_ROLE)
        equal(g.log().count("AssumeRole"), 1)


def fails(old, new, error_type, words):
    with tempfile.TemporaryDirectory() as folder, Story(*WITH_ROLE, *WITH_KEY, template=variant(folder, old, new)) as g:
        for method, body in (("GET", None), ("POST", b"{}")):
            a = public(g, method, body=body)
            equal((a.status, a.json()["errorType"]), (502, error_type))
        assert re.search(words, g.log()), g.log()


def wrong_key():
    fails("PRIVATE_API_KEY: !If [WithApiKey, !Ref ApiKeyValue,", "PRIVATE_API_KEY: !If [WithApiKey, another-key-0000000000000000000,",
          "ForbiddenException", "usage plan")


def unassumable_role():
    fails("            Principal: {AWS: !GetAtt PublicFunctionRole.Arn}", "            Principal: {AWS: !GetAtt PrivateFunctionRole.Arn}",
          "AssumeRoleError", "STS answered 403 AccessDenied")


def missing_credentials():
    """Our STS never answers so: a stand-in does."""
    for name, value in (("the role's secret", STS_KEYS["SecretAccessKey"]), ("the role's token", STS_KEYS["SessionToken"]),
                        ("the own secret", OWN["AWS_SECRET_ACCESS_KEY"]), ("the own token", OWN["AWS_SESSION_TOKEN"])):
        leaks.know(name, value)
    whole = {**STS_KEYS, "Expiration": int(time.time()) + 900}
    for credentials, word in ((None, "AccessKeyId"), ({k: v for k, v in whole.items() if k != "AccessKeyId"}, "AccessKeyId"),
                              ({k: v for k, v in whole.items() if k != "SecretAccessKey"}, "SecretAccessKey")):
        reply = answer(200, json.dumps({"AssumeRoleResponse": {"AssumeRoleResult": {"Credentials": credentials}}}).encode())
        with Peer(reply) as sts, Peer() as api:
            urls = {"PRIVATE_API_URL": api.url, "AWS_ENDPOINT_URL_STS": f"http://127.0.0.1:{sts.port}"}
            with Function(build, {**OWN, **urls}) as f:
                out = f.invoke(event())
            leaks.collect("the log of 002", out.log_text)
            leaks.collect("the reply of 002", out.reply_text)
            equal((out.status, out.body["errorType"], len(api.requests)), (502, "AssumeRoleError", 0))
            assert word in out.answered()["message"], out.log_text


def several_clients():
    with Story() as g:
        for client, a in (("curl", curl(g.keys("bob"), g.private + "?client=curl").json()),
                          ("http.client", call(g.keys("bob"), "GET", g.private + "?client=http.client").json()),
                          ("apigw", by_apigw_sign(g, "bob", g.private + "?client=apigw")),
                          ("public", public(g, query="?client=public").json())):
            equal((client, a["params"], a["method"], a["body"]), (client, {"client": client}, "GET", None))
        text = '{"client":"curl"}'
        for a in (curl(g.keys("bob"), g.private, "-H", "Content-Type: application/json", "-d", text), public(g, "POST", body=text.encode())):
            equal((a.status, a.json()["body"], a.json()["method"]), (200, text, "POST"))


# --- 003 ---

def open_calls_protected():
    with Story() as g:
        a = public(g)
        equal((a.status, a.headers["content-type"], a.json()["message"], a.json()["userArn"]), (200, "application/json", HELLO, ROLE))
        assert a.headers["x-amzn-requestid"] and a.headers["x-amz-apigw-id"], a.headers
        a = send("GET", g.private)
        equal((a.status, a.body, a.headers["content-length"]), (403, b'{"message":"Missing Authentication Token"}', "42"))
        equal((a.error_type, a.headers["content-type"]), ("MissingAuthenticationTokenException", "application/json"))
        assert a.headers["x-amzn-requestid"] and a.headers["x-amz-apigw-id"], a.headers
        equal(call(g.keys("PublicFunctionRole"), "GET", g.private).json()["message"], HELLO)
        refused(call(g.keys("PublicFunctionRole"), "GET", g.private, region="eu-west-1"), "InvalidSignatureException", "valid region")


# --- 004 ---

def switched():
    for auth in ("NONE", "AWS_IAM", "NONE"):
        with Story("--parameter", "PrivateAuth=" + auth) as g:
            plain, signed = send("GET", g.private), call(g.keys("bob"), "GET", g.private)
            if auth == "NONE":
                equal((plain.status, plain.json()["message"], plain.json()["userArn"]), (200, HELLO, None))
            else:
                refused(plain, "MissingAuthenticationTokenException", "Missing Authentication Token")
            equal((signed.status, signed.json()["message"]), (200, HELLO))


SEEDS = {
    "000": [("a service calls another one, and its log says so before and after, with the ids of both sides", service_to_service),
            ("without the permission execute-api:Invoke it is refused, as one class of error", without_permission),
            ("a service that is down is the same class of error", service_is_down)],
    "001": [("an IAM user is let in by three signers, GET and POST, and is known by its ARN", iam_user),
            ("whoever skips a step is refused for that step", skipped_steps)],
    "002": [("public calls an API that requires an API key", with_key),
            ("public calls as a role that it assumes", with_role),
            ("public calls as a role that it assumes, with an API key, GET and POST with parameters and body", with_role_and_key),
            ("a wrong API key is a ForbiddenException", wrong_key),
            ("a role that it may not assume is an AssumeRoleError", unassumable_role),
            ("an answer of STS without credentials, key id or secret is refused by its name", missing_credentials),
            ("several HTTP clients send the same, through the local gateway", several_clients)],
    "003": [("the open endpoint answers with what the protected one says, which refuses whoever does not sign", open_calls_protected)],
    "004": [("authorization off, on, off: open, closed but for signers, open", switched)],
}
wanted = sys.argv[2:] or sorted(SEEDS)
code = run_cases([(f"{seed} {sentence}", function) for seed in wanted for sentence, function in SEEDS[seed]] +
                 [("no log and no public reply of these holds a key or token", lambda: print(leaks.check()))])
sys.exit(code)
