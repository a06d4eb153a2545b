# SPDX-License-Identifier: Apache-2.0
"""STS of apigw start: by botocore's own client, by the AWS CLI if there is one, by curl, and by public. sts.py BUILD_DIR"""
import urllib.request
import urllib.error

import botocore.config
import botocore.exceptions
import botocore.session

from apigw import *

build = os.path.abspath(sys.argv[1])
work = tempfile.mkdtemp(prefix="apigw-sts-")
ACCOUNT = "arn:aws:iam::123456789012:"
KEY = "e2e-key-" + "0123456789" * 3

CALLERS = """
Parameters:
  PrivateApi: {Type: String}
Resources:
  Alice: {Type: AWS::IAM::User, Properties: {UserName: alice, Policies: [{PolicyName: p, PolicyDocument: {Version: 2012-10-17, Statement: [
    {Effect: Allow, Action: sts:AssumeRole, Resource: '*'},
    {Effect: Deny, Action: sts:AssumeRole, Resource: !GetAtt Forbidden.Arn}]}}]}}
  Bob: {Type: AWS::IAM::User, Properties: {UserName: bob, Policies: [{PolicyName: p, PolicyDocument: {Version: 2012-10-17, Statement: [
    {Effect: Allow, Action: execute-api:Invoke, Resource: '*'}]}}]}}
  Reader:
    Type: AWS::IAM::Role
    Properties:
      RoleName: reader
      Path: /team/
      MaxSessionDuration: 7200
      AssumeRolePolicyDocument: {Version: 2012-10-17, Statement: {Effect: Allow, Action: sts:AssumeRole, Principal: {AWS: !Sub 'arn:aws:iam::${AWS::AccountId}:root'}}}
      Policies: [{PolicyName: p, PolicyDocument: {Version: 2012-10-17, Statement: [
        {Effect: Allow, Action: execute-api:Invoke, Resource: !Sub 'arn:aws:execute-api:*:*:${PrivateApi}/*'}, {Effect: Allow, Action: sts:AssumeRole, Resource: '*'}]}}]
  Named:
    Type: AWS::IAM::Role
    Properties:
      RoleName: named
      AssumeRolePolicyDocument: {Version: 2012-10-17, Statement: {Effect: Allow, Action: sts:AssumeRole, Principal: {AWS: !GetAtt Bob.Arn}}}
  External:
    Type: AWS::IAM::Role
    Properties:
      RoleName: external
      AssumeRolePolicyDocument: {Version: 2012-10-17, Statement: {Effect: Allow, Action: sts:AssumeRole, Principal: {AWS: '123456789012'}, Condition: {StringEquals: {sts:ExternalId: secret-word}}}}
  Forbidden:
    Type: AWS::IAM::Role
    Properties:
      RoleName: forbidden
      AssumeRolePolicyDocument: {Version: 2012-10-17, Statement: {Effect: Allow, Action: sts:AssumeRole, Principal: {AWS: '*'}}}
  Services:
    Type: AWS::IAM::Role
    Properties:
      RoleName: services
      AssumeRolePolicyDocument: {Version: 2012-10-17, Statement: {Effect: Allow, Action: sts:AssumeRole, Principal: {Service: lambda.amazonaws.com}}}
"""
callers = os.path.join(work, "callers.yaml")
with open(callers, "w", encoding="utf-8") as f:
    f.write(CALLERS)
g = Gateway(build, callers=callers)


def endpoint():
    return next(l.split()[2] for l in g.lines if l.startswith("listening STS "))


def client(keys, region=REGION, url=None):
    config = botocore.config.Config(retries={"max_attempts": 0}, connect_timeout=120, read_timeout=120)
    return botocore.session.Session().create_client("sts", region_name=region, endpoint_url=url or endpoint(), config=config,
                                                    aws_access_key_id=keys.access_key, aws_secret_access_key=keys.secret_key,
                                                    aws_session_token=keys.token)


def keys_of(answer):
    c = answer["Credentials"]
    return botocore.credentials.Credentials(c["AccessKeyId"], c["SecretAccessKey"], c["SessionToken"])


def assume(profile, role, name="session", **more):
    keys = g.keys(profile) if isinstance(profile, str) else profile
    return client(keys).assume_role(RoleArn=ACCOUNT + "role/" + role, RoleSessionName=name, **more)


def fails(code, status, function, *words):
    try:
        function()
    except botocore.exceptions.ClientError as problem:
        actual = problem.response["Error"]["Code"], problem.response["ResponseMetadata"]["HTTPStatusCode"]
        assert actual == (code, status) and all(w in str(problem) for w in words), f"{actual} {problem}"
        return
    raise AssertionError(f"no {code}")


def identity():
    for profile, arn, start in (("bob", ACCOUNT + "user/bob", "AIDA"), ("PublicFunctionRole",
                                "arn:aws:sts::123456789012:assumed-role/lambda-iam-c-PublicFunctionRole/lambda-iam-c-PublicFunction", "AROA")):
        for region in ("us-east-1", "eu-central-1"):
            a = client(g.keys(profile), region).get_caller_identity()
            equal((a["Arn"], a["Account"], a["UserId"][:4]), (arn, "123456789012", start))


def by_botocore():
    before = datetime.datetime.now(datetime.timezone.utc)
    a = assume("alice", "team/reader", "my=session,1", DurationSeconds=900)
    equal(a["AssumedRoleUser"]["Arn"], "arn:aws:sts::123456789012:assumed-role/reader/my=session,1")
    assert a["AssumedRoleUser"]["AssumedRoleId"].startswith("AROA") and a["AssumedRoleUser"]["AssumedRoleId"].endswith(":my=session,1")
    assert 890 <= (a["Credentials"]["Expiration"] - before).total_seconds() <= 910, a["Credentials"]["Expiration"]
    keys = keys_of(a)
    assert keys.access_key.startswith("ASIA")
    equal(client(keys).get_caller_identity()["Arn"], "arn:aws:sts::123456789012:assumed-role/reader/my=session,1")
    private = call(keys, "GET", g.private)
    equal((private.status, private.json()["userArn"]), (200, "arn:aws:sts::123456789012:assumed-role/reader/my=session,1"))
    broken = botocore.credentials.Credentials(keys.access_key, keys.secret_key, keys.token[:-1] + ("y" if keys.token.endswith("x") else "x"))
    refused(call(broken, "GET", g.private), "UnrecognizedClientException", "The security token included in the request is invalid.")
    keys.token = None
    refused(call(keys, "GET", g.private), "UnrecognizedClientException", "The security token included in the request is invalid.")


def trust():
    assume("bob", "named")  # the trust policy names him: his own policy need not
    fails("AccessDenied", 403, lambda: assume("bob", "team/reader"), "User: " + ACCOUNT + "user/bob is not authorized to perform: sts:AssumeRole on resource: " + ACCOUNT + "role/team/reader")
    fails("AccessDenied", 403, lambda: assume("alice", "named"))
    fails("AccessDenied", 403, lambda: assume("alice", "forbidden"))
    fails("AccessDenied", 403, lambda: assume("bob", "forbidden"))  # * trusts the account, whose own policies must allow
    fails("AccessDenied", 403, lambda: assume("alice", "services"))
    fails("AccessDenied", 403, lambda: assume("alice", "nobody"))
    fails("AccessDenied", 403, lambda: assume("alice", "external"))
    fails("AccessDenied", 403, lambda: assume("alice", "external", ExternalId="another"))
    assume("alice", "external", ExternalId="secret-word")
    assert "there is no role " + ACCOUNT + "role/nobody here" in g.log()


def limits():
    fails("ValidationError", 400, lambda: assume("alice", "team/reader", DurationSeconds=7201), "MaxSessionDuration")
    assume("alice", "team/reader", DurationSeconds=7200)
    fails("ValidationError", 400, lambda: assume("alice", "team/reader", name="a b"), "roleSessionName")
    fails("ValidationError", 400, lambda: assume("alice", "team/reader", DurationSeconds=43201), "durationSeconds")
    fails("ValidationError", 400, lambda: assume("alice", "team/reader", Tags=[{"Key": "a", "Value": "b"}]), "Tags.member.1.Key is not supported")
    chained = keys_of(assume("alice", "team/reader"))
    equal(assume(chained, "team/reader", "second", DurationSeconds=3600)["AssumedRoleUser"]["Arn"],
          "arn:aws:sts::123456789012:assumed-role/reader/second")
    fails("ValidationError", 400, lambda: assume(chained, "team/reader", DurationSeconds=3601), "role chaining")


def session_policies():
    get = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "arn:aws:execute-api:*:*:*/GET/*"}]})
    keys = keys_of(assume("alice", "team/reader", Policy=get))
    equal(call(keys, "GET", g.private).status, 200)
    refused(call(keys, "POST", g.private), "AccessDeniedException", "because no session policy allows the execute-api:Invoke action")
    fails("AccessDenied", 403, lambda: assume(keys, "team/reader"))
    more = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})
    refused(call(keys_of(assume("bob", "named", Policy=more)), "GET", g.private), "AccessDeniedException", "no identity-based policy")
    for policy in ("{}", "[]", "x", '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*"}}',
                   '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"No":{"aws:a":"b"}}}}'):
        fails("MalformedPolicyDocument", 400, lambda: assume("alice", "team/reader", Policy=policy))


def session_token():
    a = client(g.keys("bob")).get_session_token()
    keys = keys_of(a)
    equal(client(keys).get_caller_identity()["Arn"], ACCOUNT + "user/bob")
    answer = call(keys, "GET", g.private)
    equal((answer.status, answer.json()["userArn"]), (200, ACCOUNT + "user/bob"))
    fails("AccessDenied", 403, lambda: client(keys).get_session_token(), "Cannot call GetSessionToken with session credentials")
    assume(keys, "named")


def signatures():
    bob = g.keys("bob")
    wrong = botocore.credentials.Credentials(bob.access_key, "A" * 40, None)
    fails("SignatureDoesNotMatch", 403, lambda: client(wrong).get_caller_identity(), "The request signature we calculated does not match")
    unknown = botocore.credentials.Credentials("AKIAIOSFODNN7EXAMPLE", "A" * 40, None)
    fails("InvalidClientTokenId", 403, lambda: client(unknown).get_caller_identity(), "The security token included in the request is invalid")
    for headers, status, code in (({}, 403, "MissingAuthenticationToken"), ({"Authorization": "Bearer x"}, 400, "IncompleteSignature")):
        a = send("POST", endpoint() + "/", {"Content-Type": "application/x-www-form-urlencoded", **headers}, b"Action=GetCallerIdentity&Version=2011-06-15")
        assert a.status == status and f"<Code>{code}</Code>".encode() in a.body, a
    late = call(bob, "POST", endpoint() + "/", {"Content-Type": "application/x-www-form-urlencoded"}, b"Action=GetCallerIdentity&Version=2011-06-15",
                service="sts", shift_s=-1000)
    assert late.status == 403 and b"SignatureDoesNotMatch" in late.body and b"Signature expired" in late.body, late
    other = call(bob, "POST", endpoint() + "/", {"Content-Type": "application/x-www-form-urlencoded"}, b"Action=GetCallerIdentity&Version=2011-06-15")
    assert other.status == 403 and b"Credential should be scoped to correct service" in other.body, other


def as_json():
    form = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    a = call(g.keys("bob"), "POST", endpoint() + "/", form, b"Action=GetCallerIdentity&Version=2011-06-15", service="sts")
    equal(a.json()["GetCallerIdentityResponse"]["GetCallerIdentityResult"]["Arn"], ACCOUNT + "user/bob")
    assert a.json()["GetCallerIdentityResponse"]["ResponseMetadata"]["RequestId"] and a.headers["content-type"] == "application/json"
    for body, code in ((b"Action=Nope&Version=2011-06-15", "InvalidAction"), (b"Action=AssumeRole", "InvalidAction"), (b"Version=2011-06-15", "MissingAction"),
                       (b"Action=AssumeRole&Version=2011-06-15", "ValidationError"), (b"Action=%zz", "MalformedQueryString"),
                       (b"Action=GetCallerIdentity&Version=2011-06-15&RoleArn=x", "ValidationError")):
        a = call(g.keys("bob"), "POST", endpoint() + "/", form, body, service="sts")
        equal((body, a.status, a.json()["Error"]["Code"], a.json()["Error"]["Type"]), (body, 400, code, "Sender"))
    a = call(g.keys("bob"), "GET", endpoint() + "/?Action=GetCallerIdentity&Version=2011-06-15", {"Accept": "application/json"}, service="sts")
    equal(a.status, 200)
    presigned = botocore.awsrequest.AWSRequest("GET", endpoint() + "/?Action=GetCallerIdentity&Version=2011-06-15")
    botocore.auth.SigV4QueryAuth(g.keys("bob"), "sts", REGION, 60).add_auth(presigned)
    with urllib.request.urlopen(presigned.url) as r:
        assert b"<Arn>" + ACCOUNT.encode() + b"user/bob</Arn>" in r.read()


def by_curl():
    bob = g.keys("bob")
    out = subprocess.run(["curl", "-s", "--max-time", "20", "--aws-sigv4", "aws:amz:us-east-1:sts", "--user", f"{bob.access_key}:{bob.secret_key}",
                          "-d", "Action=GetCallerIdentity&Version=2011-06-15", endpoint() + "/"], capture_output=True).stdout
    assert b"<Arn>" + ACCOUNT.encode() + b"user/bob</Arn>" in out, out


def by_aws_cli():
    environment = {**{k: v for k, v in os.environ.items() if not k.startswith("AWS_")}, "AWS_ENDPOINT_URL_STS": endpoint(), "AWS_CONFIG_FILE": "/dev/null",
                   "AWS_SHARED_CREDENTIALS_FILE": os.path.join(g.folder, ".apigw", "credentials"), "AWS_EC2_METADATA_DISABLED": "true"}
    aws = lambda *words: subprocess.run(["aws", "sts", *words, "--output", "json"], capture_output=True, text=True, env=environment, timeout=120)
    r = aws("get-caller-identity", "--profile", "bob")
    equal((r.returncode, json.loads(r.stdout)["Arn"]), (0, ACCOUNT + "user/bob"))
    r = aws("assume-role", "--profile", "bob", "--role-arn", ACCOUNT + "role/named", "--role-session-name", "cli")
    assert json.loads(r.stdout)["Credentials"]["AccessKeyId"].startswith("ASIA"), r
    r = aws("assume-role", "--profile", "bob", "--role-arn", ACCOUNT + "role/services", "--role-session-name", "cli")
    assert r.returncode and "AccessDenied" in r.stderr, r


def by_public():
    role = "assumed-role/lambda-iam-c-ApiAccessRole/lambda-iam-c-PublicFunction"
    for more in ((), ("--parameter", "ApiKeyMode=REQUIRED", "--parameter", "ApiKeyValue=" + KEY)):
        with Gateway(build, "--parameter", "UseAccessRole=true", *more) as h:
            for method in ("GET", "POST"):
                a = send(method, h.public, {}, b"x" if method == "POST" else None)
                assert a.status == 200 and a.json()["userArn"].endswith(role), a
            refused(call(h.keys("PublicFunctionRole"), "GET", h.private), "AccessDeniedException", "execute-api:Invoke")
    for name, change in (("untrusted", ("            Principal: {AWS: !GetAtt PublicFunctionRole.Arn}", "            Principal: {AWS: !GetAtt PrivateFunctionRole.Arn}")),
                         ("missing", ("PRIVATE_API_ROLE_ARN: !If [WithAccessRole, !GetAtt ApiAccessRole.Arn,",
                                      "PRIVATE_API_ROLE_ARN: !If [WithAccessRole, 'arn:aws:iam::123456789012:role/nobody',"))):
        with Gateway(build, "--parameter", "UseAccessRole=true", template=variant(name, change)) as h:
            a = send("GET", h.public)
            equal((a.status, a.json()["errorType"]), (502, "AssumeRoleError"))
            assert "STS answered 403 AccessDenied" in h.log(), h.log()


def variant(name, *changes):
    return write_template(os.path.join(work, name + ".yaml"), *changes)


def nothing_leaks():
    keys = keys_of(assume("alice", "team/reader", "leak"))
    equal(call(keys, "GET", g.private).status, 200)
    log = g.log()
    for secret in (keys.secret_key, keys.token, g.keys("alice").secret_key):
        assert secret not in log and urllib.parse.quote(secret, safe="") not in log
    assert "secret-word" not in log and "Signature=" not in log


with g:
    cases = [
        ("GetCallerIdentity names users and roles, in any region", identity),
        ("botocore assumes a role and calls the private API as its session", by_botocore),
        ("trust policy and caller's policy decide together, ExternalId included", trust),
        ("durations, names and what is not supported are refused by name", limits),
        ("a session policy takes away and never gives", session_policies),
        ("GetSessionToken gives a user's temporary keys", session_token),
        ("wrong signatures are answered in STS's words", signatures),
        ("JSON is answered when it is asked for, errors too; GET and presigned URLs work", as_json),
        ("curl --aws-sigv4 is understood", by_curl),
        ("public answers through the access role, with an API key too; a role it may not assume is named", by_public),
        ("no secret or token is in the log", nothing_leaks),
    ]
    if shutil.which("aws") and subprocess.run(["aws", "--version"], capture_output=True).returncode == 0:
        cases.insert(-2, ("the AWS CLI is understood", by_aws_cli))
    else:
        print("not run the AWS CLI is understood: there is no aws here")
    code = run_cases(cases)
shutil.rmtree(work, ignore_errors=True)
sys.exit(code)
