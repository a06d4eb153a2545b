# SPDX-License-Identifier: Apache-2.0
"""Groups `stack` and `sts`. moto, a simulation of AWS's services on loopback, creates the translated stack, so that its policies
can be read with every reference resolved; and it judges the AssumeRole that `public` signs."""
import ast, copy, io, json, os, sys, zipfile

import boto3
import botocore.config
from moto.cloudformation.parsing import get_model_map

from fake_services import PrivateApi, StsInJson
from rie_checks import Emulator, sample
from room import equal, free_port, tail, wait_for_port
from template_checks import KEY, as_list, combinations, translated

import apigw  # of tests/e2e

# One region: to moto every partition is `aws`; the group `translation` looks at the others.
REGION, ACCOUNT, STACK = "us-east-1", "123456789012", "conformance"
LOGS = ["logs:CreateLogStream", "logs:PutLogEvents"]
XRAY = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]


class Moto:
    def __init__(self, room):
        self.port, log = free_port(), room.path("moto.log")
        command = [os.path.join(os.path.dirname(sys.executable), "moto_server"), "-H", "127.0.0.1", "-p", str(self.port)]
        self.process = room.start(command, log)
        wait_for_port(self.port, self.process, log)
        self.url = f"http://127.0.0.1:{self.port}"

    def client(self, service, keys=("AKIAIOSFODNN7EXAMPLE", "not-a-secret", None)):
        return boto3.client(service, region_name=REGION, endpoint_url=self.url, aws_access_key_id=keys[0],
                            aws_secret_access_key=keys[1], aws_session_token=keys[2],
                            config=botocore.config.Config(retries={"total_max_attempts": 1}))

    def control(self, path, body=b""):
        equal(apigw.send("POST", f"{self.url}/moto-api/{path}", {"Content-Type": "text/plain"}, body).status, 200)


# --------------------------------------------------------------------------------------------------------------- stack


def expand(template):
    """moto does not read RestApi.Body: the same as resources and methods of their own. What it has no model for goes, by name."""
    t, left_out = copy.deepcopy(template), set()
    for api, rest in [(n, r) for n, r in t["Resources"].items() if r["Type"] == "AWS::ApiGateway::RestApi"]:
        made = []
        for path, verbs in rest["Properties"].pop("Body")["paths"].items():
            name = f"{api}Path{path.strip('/').title()}"
            t["Resources"][name] = {"Type": "AWS::ApiGateway::Resource", "Properties": {
                "RestApiId": {"Ref": api}, "ParentId": {"Fn::GetAtt": [api, "RootResourceId"]}, "PathPart": path.strip("/")}}
            for verb, method in verbs.items():
                asked = {scheme for entry in method.get("security", []) for scheme in entry}
                integration = method["x-amazon-apigateway-integration"]
                made.append(f"{name}{verb.title()}")
                t["Resources"][made[-1]] = {"Type": "AWS::ApiGateway::Method", "Properties": {
                    "RestApiId": {"Ref": api}, "ResourceId": {"Ref": name}, "HttpMethod": verb.upper(),
                    "AuthorizationType": "AWS_IAM" if "AWS_IAM" in asked else "NONE", "ApiKeyRequired": "api_key" in asked,
                    "Integration": {"Type": "AWS_PROXY", "IntegrationHttpMethod": "POST", "Uri": integration["uri"]}}}
        for r in t["Resources"].values():
            if r["Type"] == "AWS::ApiGateway::Deployment" and r["Properties"]["RestApiId"] == {"Ref": api}:
                r["DependsOn"] = made
    for name, r in list(t["Resources"].items()):
        if r["Type"] not in get_model_map():
            left_out.add(r["Type"])
            del t["Resources"][name]
            for output in [o for o, v in t["Outputs"].items() if v["Value"] == {"Ref": name}]:
                del t["Outputs"][output]
    return t, left_out


def package():
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as z:
        z.writestr("bootstrap", b"not run here")
    return data.getvalue()


def document(policy):
    """moto shows some as Python's text of a dictionary."""
    return ast.literal_eval(policy) if isinstance(policy, str) else policy


class Stack:
    """One stack of the translated template: created, then read back as AWS would show it."""

    def __init__(self, room, moto, **switches):
        self.moto = moto
        wanted = {"PrivateAuth": "AWS_IAM", "ApiKeyMode": "", "UseAccessRole": "false", "Architecture": "x86_64",
                  "TracingMode": "PassThrough", "AccessLogs": "false", "ApiKeyValue": "", **switches}
        template = translated(room, "template.yaml", REGION, combinations)[combinations.index(wanted)]
        self.template, self.left_out = expand(template)
        moto.control("reset")
        s3 = moto.client("s3")
        s3.create_bucket(Bucket="bucket-of-artifacts")
        s3.put_object(Bucket="bucket-of-artifacts", Key="package.zip", Body=package())
        cloudformation = moto.client("cloudformation")
        cloudformation.create_stack(StackName=STACK, TemplateBody=json.dumps(self.template), Capabilities=["CAPABILITY_IAM"],
                                    Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in wanted.items()])
        stack = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]
        equal(stack["StackStatus"], "CREATE_COMPLETE", stack.get("StackStatusReason", ""))
        self.outputs = {o["OutputKey"]: o["OutputValue"] for o in stack["Outputs"]}
        self.ids = {r["LogicalResourceId"]: r["PhysicalResourceId"]
                    for r in cloudformation.describe_stack_resources(StackName=STACK)["StackResources"]
                    if "PhysicalResourceId" in r}  # Lambda's permissions come without

    def policies(self, role):
        iam, name = self.moto.client("iam"), self.ids[role]
        equal(iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"], [], f"managed policies of {role}")
        names = iam.list_role_policies(RoleName=name)["PolicyNames"]
        documents = [document(iam.get_role_policy(RoleName=name, PolicyName=p)["PolicyDocument"]) for p in names]
        # For AWS::NoValue in a list moto leaves a null, where CloudFormation leaves nothing.
        return [s for d in documents for s in d["Statement"] if s is not None]

    def trust(self, role):
        return document(self.role(role)["AssumeRolePolicyDocument"])["Statement"]

    def role(self, role):
        return self.moto.client("iam").get_role(RoleName=self.ids[role])["Role"]

    def role_arn(self, role):
        return self.role(role)["Arn"]

    def function(self, name):
        return self.moto.client("lambda").get_function_configuration(FunctionName=self.ids[name])

    def invoke_arns(self):
        return [f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{self.ids['PrivateApi']}/dev/{verb}/private"
                for verb in ("GET", "POST")]

    def logs_statement(self, group):
        """The ARN of a log group ends in `:*`, its streams, at AWS, and without in moto."""
        return {"Effect": "Allow", "Action": LOGS,
                "Resource": [f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/lambda/{STACK}-{group}"]}


def normal(statements):
    """Comparable: every action and resource as a sorted list."""
    made = [{**s, "Action": sorted(as_list(s["Action"])), "Resource": sorted(as_list(s["Resource"]))} for s in statements]
    return sorted(made, key=json.dumps)


def allow(actions, targets):
    return {"Effect": "Allow", "Action": as_list(actions), "Resource": as_list(targets)}


def trusts(principal):
    return {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}


def least_privilege(room, moto, **switches):
    s = Stack(room, moto, **switches)
    with_role, xray = switches.get("UseAccessRole") == "true", switches.get("TracingMode") == "Active"
    traced = [allow(XRAY, "*")] if xray else []
    invoke = allow("execute-api:Invoke", s.invoke_arns())
    own = allow("sts:AssumeRole", s.role_arn("ApiAccessRole")) if with_role else invoke
    equal(normal(s.policies("PublicFunctionRole")), normal([s.logs_statement("public"), own, *traced]), "PublicFunctionRole")
    equal(normal(s.policies("PrivateFunctionRole")), normal([s.logs_statement("private"), *traced]), "PrivateFunctionRole")
    for role in ("PublicFunctionRole", "PrivateFunctionRole"):
        equal(s.trust(role), [trusts({"Service": "lambda.amazonaws.com"})], role)
    if with_role:
        equal(normal(s.policies("ApiAccessRole")), normal([invoke]), "ApiAccessRole")
        equal(s.trust("ApiAccessRole"), [trusts({"AWS": s.role_arn("PublicFunctionRole")})], "ApiAccessRole")
    roles = {name for name, r in s.template["Resources"].items() if r["Type"] == "AWS::IAM::Role"} & set(s.ids)
    equal(roles, {"PublicFunctionRole", "PrivateFunctionRole"} | ({"ApiAccessRole"} if with_role else set()), "roles")


def methods(room, moto):
    for switches in ({}, {"PrivateAuth": "NONE"}, {"ApiKeyMode": "REQUIRED", "ApiKeyValue": KEY}):
        s = Stack(room, moto, **switches)
        client = moto.client("apigateway")
        private = switches.get("PrivateAuth", "AWS_IAM")
        for api, path, wanted in (("PrivateApi", "/private", private), ("PublicApi", "/public", "NONE")):
            found = {r["path"]: r for r in client.get_resources(restApiId=s.ids[api])["items"]}
            equal(set(found), {"/", path})
            for verb in ("GET", "POST"):
                m = client.get_method(restApiId=s.ids[api], resourceId=found[path]["id"], httpMethod=verb)
                key = api == "PrivateApi" and "ApiKeyMode" in switches
                equal((m["authorizationType"], m["apiKeyRequired"]), (wanted, key), (api, verb))


def wiring(room, moto):
    s = Stack(room, moto)
    url = f"https://{s.ids['PrivateApi']}.execute-api.us-east-1.amazonaws.com/dev/private"
    equal(s.function("PublicFunction")["Environment"]["Variables"], {"PRIVATE_API_URL": url})
    equal(s.outputs["PrivateUrl"], url)
    equal(s.outputs["PublicUrl"], f"https://{s.ids['PublicApi']}.execute-api.us-east-1.amazonaws.com/dev/public")
    for name, handler in (("PublicFunction", "public"), ("PrivateFunction", "private")):
        f = s.function(name)
        equal((f["Handler"], f["Runtime"], f["Role"]), (handler, "provided.al2023", s.role_arn(name + "Role")))
    assert not s.function("PrivateFunction").get("Environment", {}).get("Variables"), "PrivateFunction has variables"
    s = Stack(room, moto, UseAccessRole="true", ApiKeyMode="REQUIRED", ApiKeyValue=KEY)
    got = s.function("PublicFunction")["Environment"]["Variables"]
    del got["PRIVATE_API_URL"]
    equal(got, {"PRIVATE_API_ROLE_ARN": s.role_arn("ApiAccessRole"), "PRIVATE_API_KEY": KEY})


def log_groups(room, moto):
    s = Stack(room, moto, AccessLogs="true")
    groups = {g["logGroupName"]: g.get("retentionInDays") for g in moto.client("logs").describe_log_groups()["logGroups"]}
    equal(groups, {f"/aws/lambda/{STACK}-public": 7, f"/aws/lambda/{STACK}-private": 7, f"/aws/apigateway/{STACK}-private": 7})


def stack_group(report, room):
    moto = Moto(room)
    left_out = expand(translated(room, "template.yaml", REGION, combinations)[0])[1]
    report.leave_out(", ".join(sorted(left_out)), "moto has no model of these; `lint` and `translation` see them")
    exact = "CREATE_COMPLETE, and roles may do exactly what they need"

    def check(**switches):
        least_privilege(room, moto, **switches)

    report.check(f"as template.yaml is: {exact}", check)
    report.check(f"UseAccessRole=true: {exact}; ApiAccessRole trusts PublicFunctionRole alone", lambda: check(UseAccessRole="true"))
    report.check(f"TracingMode=Active: {exact}; `*` for X-Ray alone", lambda: check(TracingMode="Active"))
    everything = {"UseAccessRole": "true", "TracingMode": "Active", "AccessLogs": "true", "ApiKeyMode": "REQUIRED", "ApiKeyValue": KEY}
    report.check(f"UseAccessRole=true TracingMode=Active AccessLogs=true, an API key: {exact}", lambda: check(**everything))
    report.check("the methods' authorization and API key, as created, per PrivateAuth and ApiKeyMode", methods, room, moto)
    report.check("the functions' handlers, roles and variables, and the outputs", wiring, room, moto)
    report.check("three log groups with a retention, all of the stack", log_groups, room, moto)


# ------------------------------------------------------------------------------------------------------------------ sts


class Caller:
    """A user of moto's, who may assume `role` or not; from here on moto checks signatures and policies."""

    def __init__(self, moto, may):
        moto.control("reset")
        moto.control("reset-auth", b"1000")
        iam = moto.client("iam")
        user = iam.create_user(UserName="public-function")["User"]["Arn"]
        trust = json.dumps({"Version": "2012-10-17", "Statement": [trusts({"AWS": user})]})
        self.role = iam.create_role(RoleName="ApiAccessRole", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        if may:
            policy = json.dumps({"Version": "2012-10-17", "Statement": [allow("sts:AssumeRole", self.role)]})
            iam.put_user_policy(UserName="public-function", PolicyName="assume", PolicyDocument=policy)
        key = iam.create_access_key(UserName="public-function")["AccessKey"]
        self.id, self.secret = key["AccessKeyId"], key["SecretAccessKey"]
        moto.control("reset-auth", b"0")


def ask_public(room, sts, api, caller, secret=None, times=1):
    with Emulator(room, "public", PRIVATE_API_URL=api.url, PRIVATE_API_ROLE_ARN=caller.role, AWS_ENDPOINT_URL_STS=sts.url,
                  AWS_ACCESS_KEY_ID=caller.id, AWS_SECRET_ACCESS_KEY=secret or caller.secret) as e:
        for _ in range(times):
            status, body = e.send(sample("rest-get-public.json"))
            equal(status, 200, body)
        return json.loads(body), tail(e.log)


def accepted(room, moto):
    caller = Caller(moto, may=True)
    with StsInJson(moto.port) as sts, PrivateApi(sts) as api:
        reply, log = ask_public(room, sts, api, caller, times=2)
        equal((reply.get("statusCode"), json.loads(reply["body"])), (200, {"verified": True}), api.problem or log)
        equal([status for status, _ in sts.answers], [200], "AssumeRole was asked for once; its keys are kept")
        keys = sts.keys
        moto.control("reset-auth", b"1000")
        assumed = moto.client("sts", (keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"]))
        arn = assumed.get_caller_identity()["Arn"]
        equal(arn, f"arn:aws:sts::{ACCOUNT}:assumed-role/ApiAccessRole/test_function")
    return arn


def refused(room, moto, may, secret, code):
    caller = Caller(moto, may)
    with StsInJson(moto.port) as sts, PrivateApi(sts) as api:
        reply, log = ask_public(room, sts, api, caller, secret)
        equal([code_of for _, code_of in sts.answers[:1]], [code])
        equal((reply["statusCode"], api.requests), (502, 0), reply)
        answer = json.loads(reply["body"])
        assert caller.secret not in reply["body"] + log and answer["errorType"], answer
    return answer["errorType"]


def judge(moto):
    """That moto does judge: botocore with the right secret, then with another."""
    caller = Caller(moto, may=True)
    good = moto.client("sts", (caller.id, caller.secret, None))
    assert good.assume_role(RoleArn=caller.role, RoleSessionName="judge")["Credentials"]
    try:
        moto.client("sts", (caller.id, "A" * 40, None)).assume_role(RoleArn=caller.role, RoleSessionName="judge")
    except botocore.exceptions.ClientError as e:
        return equal(e.response["Error"]["Code"], "SignatureDoesNotMatch")
    raise AssertionError("moto took a wrong signature")


def sts_group(report, room):
    moto = Moto(room)
    report.check("moto tells botocore's right signature from a wrong one", judge, moto)
    report.check("our AssumeRole is accepted, once for two events, and botocore verifies what is then signed with its keys",
                 accepted, room, moto)
    report.check("with a wrong secret moto says SignatureDoesNotMatch, and public 502",
                 refused, room, moto, True, "A" * 40, "SignatureDoesNotMatch")
    report.check("without permission moto says AccessDenied, and public 502", refused, room, moto, False, None, "AccessDenied")
