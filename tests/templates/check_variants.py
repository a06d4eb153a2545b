# SPDX-License-Identifier: Apache-2.0
"""What templates/*.yaml become on AWS: linted as written and as translated, then asked who may call what.
check_variants.py [BUILD_DIR]: needs cfn-lint and aws-sam-translator beside this Python; with BUILD_DIR, apigw's signer too."""
import json, logging, os, re, subprocess, sys, tempfile

os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
REGIONS = {"http-api": ["us-east-1", "eu-central-1", "us-gov-west-1", "cn-north-1"],
           "function-url": ["us-east-1", "eu-central-1", "ap-southeast-2"]}
CFN_LINT = os.path.join(os.path.dirname(sys.executable), "cfn-lint")
EXECUTE = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${PrivateApi}/$default/"


logging.getLogger("samtranslator.metrics.metrics").setLevel(logging.ERROR)  # it warns that nobody collects its metrics


class NoManagedPolicies:
    def load(self):
        return {}


def path_of(name):
    return os.path.join(ROOT, "templates", name + ".yaml")


def read(name):
    with open(path_of(name), encoding="utf-8") as f:
        return yaml_parse(f.read())


def translate(name, region="us-east-1"):
    """As AWS would. Parameters stay references, for none of them is in a place that the translator must resolve."""
    template = read(name)
    for r in template["Resources"].values():
        if r["Type"] == "AWS::Serverless::Function":
            r["Properties"]["CodeUri"] = "s3://bucket/key.zip"  # as sam package leaves it
    before, os.environ["AWS_DEFAULT_REGION"] = os.environ["AWS_DEFAULT_REGION"], region
    try:
        return transform(template, {}, NoManagedPolicies())
    finally:
        os.environ["AWS_DEFAULT_REGION"] = before


def equal(actual, expected):
    assert actual == expected, f"expected {expected!r}, got {actual!r}"


def of_type(template, kind):
    return {n: r["Properties"] for n, r in template["Resources"].items() if r["Type"] == kind}


def lint(name, path, regions=None):
    r = subprocess.run([CFN_LINT, "-c", "I", "-r", *(regions or REGIONS[name]), "-t", path],
                       capture_output=True, text=True)
    equal((r.returncode, r.stdout + r.stderr), (0, ""))


def written(name):
    lint(name, path_of(name))


def translated(name):
    for region in REGIONS[name]:
        with tempfile.NamedTemporaryFile("w", suffix=".json") as f:
            json.dump(translate(name, region), f)
            f.flush()
            lint(name, f.name, [region])


def functions(name):
    template = read(name)
    written_functions = of_type(template, "AWS::Serverless::Function")
    equal(sorted(written_functions), ["PrivateFunction", "PublicFunction"])
    for id_, f in written_functions.items():
        with open(os.path.join(ROOT, "templates", f["CodeUri"], "Makefile"), encoding="utf-8") as makefile:
            assert re.search(rf"^[^#\t\n]*\bbuild-{id_}\b.*:", makefile.read(), re.M), f"the Makefile has no build-{id_}"
        assert "Metadata" not in template["Resources"][id_], "with Metadata, SAM would compile twice"
    assert "CodeUri" not in template["Globals"]["Function"], "SAM CLI does not rewrite a CodeUri in Globals"
    for id_, f in of_type(translate(name), "AWS::Lambda::Function").items():
        equal((f["Handler"], f["Runtime"], f["Architectures"], f["Role"]),
              (id_[:-len("Function")].lower(), "provided.al2023", [{"Ref": "Architecture"}], {"Fn::GetAtt": [id_ + "Role", "Arn"]}))


def statements(name, role):
    """{policy name: statements} of a role; nothing else may grant it anything."""
    template = translate(name)
    equal([n for n, r in template["Resources"].items() if r["Type"] in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy")], [])
    properties = of_type(template, "AWS::IAM::Role")[role]
    equal(sorted(properties), ["AssumeRolePolicyDocument", "Policies"])
    equal(properties["AssumeRolePolicyDocument"]["Statement"],
          [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}])
    return {p["PolicyName"]: p["PolicyDocument"]["Statement"] for p in properties["Policies"]}


def roles(name):
    equal(sorted(of_type(translate(name), "AWS::IAM::Role")), ["PrivateFunctionRole", "PublicFunctionRole"])
    logs = {side: [{"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                    "Resource": {"Fn::GetAtt": [side + "LogGroup", "Arn"]}}] for side in ("Private", "Public")}
    equal(statements(name, "PrivateFunctionRole"), {"logs": logs["Private"]})
    if name == "http-api":
        call = {"invoke-private-api": [{"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": [
            {"Fn::Sub": EXECUTE + "GET/private"}, {"Fn::Sub": EXECUTE + "POST/private"}]}]}
    else:
        private = {"Fn::GetAtt": ["PrivateFunction", "Arn"]}
        call = {"invoke-private-url": [
            {"Effect": "Allow", "Action": "lambda:InvokeFunctionUrl", "Resource": private,
             "Condition": {"StringEquals": {"lambda:FunctionUrlAuthType": "AWS_IAM"}}},
            {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": private,
             "Condition": {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}}}]}
    equal(statements(name, "PublicFunctionRole"), {"logs": logs["Public"], **call})


def nothing_stays(name):
    for n, r in translate(name)["Resources"].items():
        for policy in ("DeletionPolicy", "UpdateReplacePolicy"):
            assert r.get(policy, "Delete") == "Delete", f"{n} has {policy}: {r[policy]}"
    groups = of_type(translate(name), "AWS::Logs::LogGroup")
    used = {f["LoggingConfig"]["LogGroup"]["Ref"] for f in of_type(translate(name), "AWS::Lambda::Function").values()}
    equal(used, set(groups))


def outputs(name):
    """scripts/smoke.sh reads these three."""
    o = translate(name)["Outputs"]
    equal(o["PrivateApiKind"]["Value"], name)
    assert {"PublicUrl", "PrivateUrl"} <= set(o), o
    equal(o["PrivateUrl"]["Value"], private_url(name))


def private_url(name):
    return of_type(translate(name), "AWS::Lambda::Function")["PublicFunction"]["Environment"]["Variables"]["PRIVATE_API_URL"]


def http_routes(name="http-api"):
    apis = of_type(translate(name), "AWS::ApiGatewayV2::Api")
    equal(sorted(apis), ["PrivateApi", "PublicApi"])
    for id_, path, security in (("PrivateApi", "/private", [{"AWS_IAM": []}]), ("PublicApi", "/public", None)):
        body = apis[id_]["Body"]
        equal({p: sorted(methods) for p, methods in body["paths"].items()}, {path: ["get", "post"]})
        for method, route in body["paths"][path].items():
            integration = route["x-amazon-apigateway-integration"]
            equal((method, route.get("security"), integration["payloadFormatVersion"], integration["type"]),
                  (method, security, "2.0", "aws_proxy"))
        assert '"credentials"' not in json.dumps(body), "with credentials the caller would need lambda:InvokeFunction as well"
    equal(apis["PrivateApi"]["Body"]["components"]["securitySchemes"]["AWS_IAM"]["x-amazon-apigateway-authtype"], "awsSigv4")
    stages = of_type(translate(name), "AWS::ApiGatewayV2::Stage").values()
    equal(sorted((s["ApiId"]["Ref"], s["StageName"]) for s in stages), [("PrivateApi", "$default"), ("PublicApi", "$default")])


def http_permissions(name="http-api"):
    found = []
    for p in of_type(translate(name), "AWS::Lambda::Permission").values():
        arn, values = p["SourceArn"]["Fn::Sub"]
        found.append((p["FunctionName"]["Ref"], values["__ApiId__"]["Ref"], arn.rsplit("${__Stage__}", 1)[1]))
        equal((p["Action"], p["Principal"]), ("lambda:InvokeFunction", "apigateway.amazonaws.com"))
    equal(sorted(found), [("PrivateFunction", "PrivateApi", "/GET/private"), ("PrivateFunction", "PrivateApi", "/POST/private"),
                          ("PublicFunction", "PublicApi", "/GET/public"), ("PublicFunction", "PublicApi", "/POST/public")])


def http_url(name="http-api"):
    equal(private_url(name), {"Fn::Sub": "https://${PrivateApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}/private"})


def url_auth(name="function-url"):
    template = translate(name)
    equal(of_type(template, "AWS::Lambda::Url"),
          {"PrivateFunctionUrl": {"TargetFunctionArn": {"Ref": "PrivateFunction"}, "AuthType": "AWS_IAM"},
           "PublicFunctionUrl": {"TargetFunctionArn": {"Ref": "PublicFunction"}, "AuthType": "NONE"}})
    equal(private_url(name), {"Fn::GetAtt": ["PrivateFunctionUrl", "FunctionUrl"]})
    assert not [r for r in template["Resources"].values() if r["Type"].startswith(("AWS::ApiGateway", "AWS::Serverless"))]


def url_permissions(name="function-url"):
    """Everybody may call public, by its URL only; private has no permission of its own, so identity policies decide."""
    granted = sorted(of_type(translate(name), "AWS::Lambda::Permission").values(), key=lambda p: p["Action"])
    equal(granted, [{"Action": "lambda:InvokeFunction", "FunctionName": {"Ref": "PublicFunction"}, "Principal": "*",
                     "InvokedViaFunctionUrl": True},
                    {"Action": "lambda:InvokeFunctionUrl", "FunctionName": {"Ref": "PublicFunction"}, "Principal": "*",
                     "FunctionUrlAuthType": "NONE"}])


def signer():
    """The hosts of PRIVATE_API_URL tell apigw, which shares its signer with bootstrap, service and region."""
    for url, scope in (("https://abcdefghij.execute-api.eu-central-1.amazonaws.com/private", "eu-central-1/execute-api"),
                       ("https://abcdefghij.execute-api.cn-north-1.amazonaws.com.cn/private", "cn-north-1/execute-api"),
                       ("https://abcdefghijklmnopqrstuvwxyz012345.lambda-url.eu-central-1.on.aws/", "eu-central-1/lambda")):
        r = subprocess.run([os.path.join(sys.argv[1], "apigw"), "sign", "--print", "string-to-sign", url], capture_output=True,
                           text=True, env={"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "x" * 40})
        assert r.returncode == 0 and f"/{scope}/aws4_request\n" in r.stdout, f"{url}: {r.stdout} {r.stderr}"


def main():
    cases = [(f"{name}: {sentence}", lambda f=f, name=name: f(name)) for name in REGIONS for sentence, f in (
        ("cfn-lint is silent, informational rules included", written),
        ("cfn-lint is silent on what it translates to, in every region", translated),
        ("two functions, which the Makefile builds once", functions),
        ("each role may write its own log; public may also call private, and nothing else", roles),
        ("nothing has a retain policy, and both log groups are the stack's", nothing_stays),
        ("the outputs that the smoke script reads", outputs))]
    cases += [("http-api: AWS_IAM on every private route, payload 2.0, no credentials, the stage $default", http_routes),
              ("http-api: each API may invoke its own function by its own routes", http_permissions),
              ("http-api: public calls the private API by its execute-api host", http_url),
              ("function-url: AWS_IAM on private, NONE on public, and public calls the private URL", url_auth),
              ("function-url: everybody may call public by its URL, nobody has a grant on private", url_permissions)]
    if len(sys.argv) > 1:
        cases.append(("the signer infers service and region from both kinds of host", signer))
    failed = 0
    for sentence, case in cases:
        try:
            case()
            print(f"ok      {sentence}", flush=True)
        except Exception as problem:  # a failed case must not hide the next ones
            failed += 1
            print(f"FAILED  {sentence}\n        {type(problem).__name__}: {problem}", flush=True)
    if len(sys.argv) == 1:
        print("not run the signer infers service and region from both kinds of host: no BUILD_DIR was given")
    print(f"{len(cases) - failed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
