# SPDX-License-Identifier: Apache-2.0
"""HTTP APIs and function URLs on the whole path: the project's own templates, the real bootstrap, and callers that sign with
botocore, curl and apigw. kinds.py BUILD_DIR"""
from apigw import *

build = os.path.abspath(sys.argv[1])
USER = "arn:aws:iam::123456789012:user/"
URLS_AUTH = ("Forbidden. For troubleshooting Function URL authorization issues, see: "
             "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html")
HTTP_CALLERS = """
Parameters: {PrivateApi: {Type: String}}
Resources:
  Alice:
    Type: AWS::IAM::User
    Properties:
      UserName: alice
      Policies:
        - PolicyName: get-private
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Effect: Allow
                Action: execute-api:Invoke
                Resource: !Sub arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${PrivateApi}/$default/GET/private
  Mallory: {Type: AWS::IAM::User, Properties: {UserName: mallory}}
"""
URL_CALLERS = """
Parameters: {PrivateFunction: {Type: String}}
Resources:
  Alice:
    Type: AWS::IAM::User
    Properties:
      UserName: alice
      Policies:
        - PolicyName: both
          PolicyDocument: &both
            Version: "2012-10-17"
            Statement:
              - Effect: Allow
                Action: [lambda:InvokeFunctionUrl, lambda:InvokeFunction]
                Resource: !Sub arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:${PrivateFunction}
  Half:
    Type: AWS::IAM::User
    Properties:
      UserName: half
      Policies:
        - PolicyName: one-of-two
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Effect: Allow
                Action: lambda:InvokeFunctionUrl
                Resource: !Sub arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:${PrivateFunction}
                Condition: {StringEquals: {"lambda:FunctionUrlAuthType": AWS_IAM}}
  Mallory: {Type: AWS::IAM::User, Properties: {UserName: mallory}}
""".replace(" &both", "")


def callers(text):
    f = tempfile.NamedTemporaryFile("w", prefix="callers-", suffix=".yaml", delete=False)
    f.write(text)
    f.close()
    return f.name


class Kind:
    """What differs between the two; the cases are the same."""

    def __init__(self, template, text, service, private_path, unsigned, denied, unrouted):
        self.callers = callers(text)
        self.g = Gateway(build, template=os.path.join(ROOT, "templates", template), callers=self.callers)
        self.service, self.path = service, private_path
        self.unsigned, self.denied, self.unrouted = unsigned, denied, unrouted

    def __enter__(self):
        self.g.__enter__()
        self.base = next(v for k, v in self.g.listening.items() if k.startswith("Private"))
        public = next(v for k, v in self.g.listening.items() if k.startswith("Public"))
        self.private, self.public = self.base + self.path, public + ("/public" if self.path == "/private" else "/")
        return self

    def __exit__(self, *_):
        self.g.__exit__()
        os.unlink(self.callers)

    def call(self, profile, method="GET", path=None, headers=None, body=b"", **more):
        return call(self.g.keys(profile), method, self.base + (path or self.path), headers, body,
                    **{"service": self.service, **more})

    def told(self, answer, expected):
        status, error_type, body = expected
        equal((answer.status, answer.error_type, answer.json()), (status, error_type, body))

    # ---- cases ----

    def public_calls_private(self):
        a = send("POST", self.public + "?a=1&a=2", {"Content-Type": "text/plain"}, "grüße".encode())
        equal((a.status, a.json()["params"], a.json()["body"], a.json()["method"]), (200, {"a": ["1", "2"]}, "grüße", "POST"))
        assert "assumed-role/lambda-iam-c-PublicFunctionRole" in a.json()["userArn"], a

    def admitted(self):
        a = self.call("alice", path=self.path + "?x=%20y")
        equal((a.status, a.json()["userArn"], a.json()["params"]), (200, USER + "alice", {"x": " y"}))
        assert a.headers["content-type"] == "application/json", a.headers

    def by_curl(self):
        keys = self.g.keys("alice")
        out = subprocess.run(["curl", "-s", "-g", "--max-time", "30", "--aws-sigv4", f"aws:amz:{REGION}:{self.service}", "--user",
                              f"{keys.access_key}:{keys.secret_key}", self.private], capture_output=True, text=True).stdout
        equal(json.loads(out)["userArn"], USER + "alice")

    def by_apigw_call(self):
        # the host tells the service, as at AWS; a name that ends in .localhost is this machine
        port = urllib.parse.urlsplit(self.base).port
        api = re.search(r"http://(\S+)\.localhost:\d+", self.g.log()).group(1)
        out = subprocess.run([os.path.join(build, "apigw"), "call", "--profile", "alice", "--credentials",
                              os.path.join(self.g.folder, ".apigw", "credentials"), f"http://{api}.localhost:{port}{self.path}"],
                             capture_output=True, text=True)
        equal((out.returncode, out.stderr), (0, ""))
        equal(json.loads(out.stdout)["userArn"], USER + "alice")

    def tampered(self):
        signed = botocore_headers(self.g.keys("alice"), "GET", self.private + "?a=1", service=self.service)
        equal(send("GET", self.private + "?a=1", signed).status, 200)
        for method, query, more in (("GET", "?a=2", {}), ("GET", "", {}), ("POST", "?a=1", {}), ("GET", "?a=1", {"Host": "other"})):
            a = send(method, self.private + query, {**signed, **more})
            assert a.status in (403, 404) if method == "POST" else a.status == 403, (method, query, a)
            assert "userArn" not in a.body.decode(), a

    def wrong_scope(self):
        for more in ({"region": "eu-west-1"}, {"service": "s3"}, {"service": "lambda" if self.service == "execute-api" else "execute-api"}):
            equal((more, self.call("alice", **more).status), (more, 403))

    def wrong_secret(self):
        keys = botocore.credentials.Credentials(self.g.keys("alice").access_key, "A" * 40)
        equal(call(keys, "GET", self.private, service=self.service).status, 403)

    def not_signed(self):
        self.told(send("GET", self.private), self.unsigned)

    def not_allowed(self):
        self.told(self.call("mallory"), self.denied)
        assert "no statement of mallory allows" in self.g.log() and "would allow it: {Effect: Allow, Action: " in self.g.log(), self.g.log()

    def nowhere(self):
        method, path, expected = self.unrouted
        for a in (send(method, self.base + path), self.call("alice", method, path)):
            self.told(a, expected)

    def cases(self):
        return [("public calls private as its role", self.public_calls_private),
                ("a permitted caller is admitted, signed by botocore", self.admitted),
                ("... by curl", self.by_curl), ("... by apigw call, which takes the service from the host", self.by_apigw_call),
                ("whatever changes after signing is refused", self.tampered),
                ("another region or service is refused", self.wrong_scope), ("a wrong secret is refused", self.wrong_secret),
                ("an unsigned request is refused in the service's words", self.not_signed),
                ("a caller without permission is refused, and the log says what would help", self.not_allowed)]


FORBIDDEN = (403, None, {"message": "Forbidden"})
NOT_FOUND = (404, None, {"message": "Not Found"})
URL_FORBIDDEN = (403, "AccessDeniedException", {"Message": URLS_AUTH})

failed = 0
with Kind("http-api.yaml", HTTP_CALLERS, "execute-api", "/private", FORBIDDEN, FORBIDDEN, ("GET", "/nowhere", NOT_FOUND)) as k:
    def not_a_route():
        k.nowhere()
        for method, path in (("PUT", "/private"), ("GET", "/private/"), ("GET", "/priv%61te"), ("GET", "//private"), ("GET", "/$default/private")):
            k.told(k.call("alice", method, path), NOT_FOUND)
        assert "no route GET /nowhere; routes are GET /private, POST /private" in k.g.log(), k.g.log()

        for path in ("/%zz", "/../../private"):
            k.told(send("GET", k.base + path), NOT_FOUND)

    def other_method():
        k.told(k.call("alice", "POST", body=b"x"), FORBIDDEN)
        assert "the method in its Resource is GET, not POST" in k.g.log(), k.g.log()

    print("HTTP API")
    failed |= run_cases(k.cases() + [("an unrouted request is 404, signed or not", not_a_route),
                                     ("the policy decides by method, and the log says so", other_method)])

with Kind("function-url.yaml", URL_CALLERS, "lambda", "/", URL_FORBIDDEN, URL_FORBIDDEN, None) as k:
    def every_path():
        for method in ("PUT", "DELETE", "PATCH"):
            equal(k.call("alice", method, "/any/path/").json()["method"], method)

    def odd_path():
        for path in ("%zz", "../../x"):
            equal((send("GET", k.public + path).status, send("GET", k.private + path).status), (200, 400))

    def one_action():
        k.told(k.call("half"), URL_FORBIDDEN)
        assert "no statement of half allows lambda:InvokeFunction on" in k.g.log(), k.g.log()

    print("function URL")
    failed |= run_cases(k.cases() + [("every method and path reaches the function", every_path),
                                     ("a path that cannot be signed is 400 under AWS_IAM alone", odd_path),
                                     ("lambda:InvokeFunctionUrl alone is not enough", one_action)])
sys.exit(failed)
