# SPDX-License-Identifier: Apache-2.0
"""Groups `lint`, `translation`, `variants` and `templates`: the templates as SAM's validator, cfn-lint and AWS's own transform see
them."""
import collections, glob, itertools, json, os, re, subprocess, sys

import samcli.yamlhelper
import yaml

from room import REGIONS, equal, read, run

SWITCHES = {
    "PrivateAuth": ["AWS_IAM", "NONE"],
    "ApiKeyMode": ["", "REQUIRED"],
    "UseAccessRole": ["true", "false"],
    "Architecture": ["x86_64", "arm64"],
    "TracingMode": ["PassThrough", "Active"],
    "AccessLogs": ["true", "false"],
}
TYPES = {
    "AWS::ApiGateway::RestApi": 2, "AWS::ApiGateway::Stage": 2, "AWS::ApiGateway::Deployment": 2,
    "AWS::Lambda::Function": 2, "AWS::Lambda::Permission": 4, "AWS::IAM::Role": 3, "AWS::IAM::Policy": 2,
    "AWS::ApiGateway::ApiKey": 1, "AWS::ApiGateway::UsagePlan": 1, "AWS::ApiGateway::UsagePlanKey": 1,
    "AWS::Logs::LogGroup": 3,
}
# With one of these properties CloudFormation asks for CAPABILITY_NAMED_IAM.
NAMES_OF_IAM = {"RoleName", "UserName", "GroupName", "InstanceProfileName", "ManagedPolicyName"}
# template, resource type, region: AWS does not offer it there, and no template can change that.
NOT_OFFERED = [(f"templates/{name}.yaml", "AWS::Lambda::Url", "us-gov-west-1") for name in ("function-url", "cross-account")]
KEY = "sample-key-of-the-conformance-run"

combinations = [dict(zip(SWITCHES, values)) for values in itertools.product(*SWITCHES.values())]
for c in combinations:
    c["ApiKeyValue"] = KEY if c["ApiKeyMode"] else ""


def start_translation(room, template, region, parameters):
    process = subprocess.Popen([sys.executable, os.path.join(os.path.dirname(__file__), "translate.py"), template],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               env=room.environment(AWS_DEFAULT_REGION=region))
    process.stdin.write(json.dumps(parameters))
    process.stdin.close()
    process.stdin = None
    return process


def translate(room, template, region, parameters):
    process = start_translation(room, template, region, parameters)
    out, said = process.communicate(timeout=300)
    assert process.returncode == 0, f"{os.path.basename(template)} in {region}: {said[-1500:]}"
    return json.loads(out)


def is_template(path):
    return "AWSTemplateFormatVersion" in read(path)


def templates(room):
    """Every CloudFormation or SAM file of the project, by its path in the copy."""
    found = glob.glob(room.copy + "/**/*.yaml", recursive=True) + glob.glob(room.copy + "/**/*.yml", recursive=True)
    return sorted(os.path.relpath(f, room.copy) for f in found
                  if is_template(f) and not os.path.relpath(f, room.copy).startswith("tests/"))


def is_sam(room, template):
    return "AWS::Serverless-2016-10-31" in read(os.path.join(room.copy, template))


# ---------------------------------------------------------------------------------------------------------------- lint


def lint(room, region, *files):
    done = run(["cfn-lint", "-c", "I", "-f", "json", "-r", *([region] if isinstance(region, str) else region), "-t", *files],
               env=room.environment(), cwd=room.copy, expect=None)
    assert done.returncode in (0, 2, 4, 6, 8, 10, 12, 14), done.stdout + done.stderr
    return json.loads(done.stdout)


def written_by_sam(finding, template):
    """SAM itself writes ARNs with their partition spelled out, in the integrations and permissions that it adds."""
    path = finding["Location"]["Path"]
    kind = template["Resources"][path[1]]["Type"]
    place = {"AWS::ApiGateway::RestApi": "x-amazon-apigateway-integration", "AWS::Lambda::Permission": "SourceArn"}
    return finding["Rule"]["Id"] == "I3042" and place.get(kind) in path


def silent(findings, name=""):
    """But for what the region itself lacks; that is said, not hidden."""
    lacking = [f for f in findings if f["Rule"]["Id"] == "E3006" and any(f"'{t}' does not exist in '{r}'" in f["Message"]
                                                                          for n, t, r in NOT_OFFERED if n == name)]
    findings = [f for f in findings if f not in lacking]
    assert not findings, "; ".join(f"{f['Filename']}:{f['Location']['Start']['LineNumber']} {f['Rule']['Id']} {f['Message']}"
                                   for f in findings[:8])
    return "; ".join(sorted({f["Message"] for f in lacking}))


def validate(room, template):
    done = run(["sam", "validate", "--lint", "-t", template], cwd=room.copy, env=room.environment())
    assert "is a valid SAM Template" in done.stdout + done.stderr, done.stdout + done.stderr


def lint_translated(room, name, region, results):
    """Equal results once: a switch that is a CloudFormation condition leaves the text as it is, and cfn-lint tries both."""
    distinct = {json.dumps(r, sort_keys=True): r for r in results}
    files = []
    for i, text in enumerate(distinct):
        files.append(room.path("translated", f"{name.replace('/', '_')}-{region}-{i}.json"))
        with open(files[-1], "w", encoding="utf-8") as f:
            f.write(text)
    by_file = dict(zip(files, distinct.values()))
    findings = lint(room, region, *files)
    of_sam = [f for f in findings if written_by_sam(f, by_file[f["Filename"]])]
    lacking = silent([f for f in findings if f not in of_sam], name)
    notes = [f"{len(results)} combinations, {len(files)} different" if len(results) > 1 else "",
             f"{len(of_sam)} notes I3042 about ARNs that SAM writes" if of_sam else "", lacking]
    return "; ".join(filter(None, notes))


def lint_group(report, room):
    names = templates(room)
    assert "template.yaml" in names, names
    for name in names:
        if is_sam(room, name):
            report.check(f"sam validate --lint accepts {name}", validate, room, name)
        report.check(f"cfn-lint, informational rules included, is silent about {name} in {', '.join(REGIONS)}",
                     lambda: silent(lint(room, REGIONS, name), name))
    report.check("the matrix below holds every value that the switches of template.yaml allow", all_values, room)
    for name in filter(lambda n: is_sam(room, n), names):
        parameters = combinations if name == "template.yaml" else [{}]
        for region in REGIONS:
            report.check(f"cfn-lint is silent about the translated {name} for {region}",
                         lambda: lint_translated(room, name, region, translated(room, name, region, parameters)))


def translated(room, name, region, parameters):
    cache = room.__dict__.setdefault("translations", {})
    if (name, region) not in cache:
        cache[name, region] = translate(room, os.path.join(room.copy, name), region, parameters)
    return cache[name, region]


def all_values(room):
    declared = samcli.yamlhelper.yaml_parse(read(os.path.join(room.copy, "template.yaml")))["Parameters"]
    for name, values in SWITCHES.items():
        equal(set(declared[name]["AllowedValues"]), set(values), name)


# --------------------------------------------------------------------------------------------------------- translation


def walk(node, path=()):
    yield path, node
    for key, value in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        yield from walk(value, (*path, key))


def resources(template, kind):
    return {name: r for name, r in template["Resources"].items() if r["Type"] == kind}


def deployment(template, api):
    found = [name for name, r in resources(template, "AWS::ApiGateway::Deployment").items()
             if r["Properties"]["RestApiId"] == {"Ref": api}]
    equal(len(found), 1, f"deployments of {api}")
    return found[0]


def methods(template, api):
    paths = template["Resources"][api]["Properties"]["Body"]["paths"]
    return {(path, verb): m for path, verbs in paths.items() for verb, m in verbs.items() if verb != "parameters"}


def stray_stages(template):
    """A Deployment with a StageName publishes a stage too. SAM names an implicit API's one stage Prod."""
    named = {**resources(template, "AWS::ApiGateway::Stage"), **resources(template, "AWS::ApiGateway::Deployment"),
             **resources(template, "AWS::ApiGatewayV2::Stage")}
    return {name: r["Properties"]["StageName"] for name, r in named.items()
            if r["Properties"].get("StageName") not in (None, {"Ref": "StageName"}, "dev", "$default")
            and (r["Properties"]["StageName"], r["Properties"]["RestApiId"]) != ("Prod", {"Ref": "ServerlessRestApi"})}


def schemes(template, api):
    return template["Resources"][api]["Properties"]["Body"].get("components", {}).get("securitySchemes", {})


def statements(document):
    return [s for s in document["Statement"] for s in (s["Fn::If"][1:] if "Fn::If" in s else [s]) if "Effect" in s]


def policies(template):
    """(where, statement) of every identity policy."""
    for name, role in resources(template, "AWS::IAM::Role").items():
        assert not role["Properties"].get("ManagedPolicyArns"), f"{name} has a managed policy"
        for policy in role["Properties"].get("Policies", []):
            for statement in statements(policy["PolicyDocument"]):
                yield f"{name}/{policy['PolicyName']}", statement
    for name, policy in resources(template, "AWS::IAM::Policy").items():
        for statement in statements(policy["Properties"]["PolicyDocument"]):
            yield name, statement


def as_list(value):
    return value if isinstance(value, list) else [value]


class Translation:
    def __init__(self, room):
        self.room = room
        self.by_region = {region: list(zip(combinations, translated(room, "template.yaml", region, combinations)))
                          for region in REGIONS}
        self.pairs = [pair for pairs in self.by_region.values() for pair in pairs]

    def security(self):
        for p, t in self.pairs:
            wanted = ({"AWS_IAM"} if p["PrivateAuth"] == "AWS_IAM" else set()) | ({"api_key"} if p["ApiKeyMode"] else set())
            equal(set(methods(t, "PrivateApi")), {("/private", "get"), ("/private", "post")})
            for method in methods(t, "PrivateApi").values():
                equal({name for entry in method.get("security", []) for name in entry} - {"NONE"}, wanted, str(p))
            if "AWS_IAM" in wanted:
                equal(schemes(t, "PrivateApi")["AWS_IAM"]["x-amazon-apigateway-authtype"], "awsSigv4")

    def public(self):
        for _, t in self.pairs:
            equal(set(methods(t, "PublicApi")), {("/public", "get"), ("/public", "post")})
            assert not any(m.get("security") for m in methods(t, "PublicApi").values()), "the public API asks for something"

    def credentials(self):
        for p, t in self.pairs:
            found = [path for path, node in walk(t) if isinstance(node, dict) and "credentials" in map(str.lower, map(str, node))]
            assert not found, f"{p}: {found}"

    def deployments(self):
        for region, pairs in self.by_region.items():
            ids = collections.defaultdict(set)
            for p, t in pairs:
                ids[p["PrivateAuth"], p["ApiKeyMode"]].add(deployment(t, "PrivateApi"))
            assert all(len(one) == 1 for one in ids.values()), f"{region}: another switch changes it too: {dict(ids)}"
            equal(len(set.union(*ids.values())), len(ids), f"{region}: different deployments for {len(ids)} ways to protect")
            equal(len({deployment(t, "PublicApi") for _, t in pairs}), 1, f"{region}: deployments of PublicApi")
        return ", ".join(sorted(next(iter(one)).replace("PrivateApiDeployment", "") for one in ids.values()))

    def stages(self):
        for _, t in self.pairs:
            equal(stray_stages(t), {})

    def count(self):
        for _, t in self.pairs:
            equal(dict(collections.Counter(r["Type"] for r in t["Resources"].values())), TYPES)
        return f"{sum(TYPES.values())} resources"

    def deletable(self):
        for _, t in self.pairs:
            kept = [name for name, r in t["Resources"].items()
                    if {r.get("DeletionPolicy", "Delete"), r.get("UpdateReplacePolicy", "Delete")} != {"Delete"}]
            assert not kept, kept

    def wildcards(self):
        for p, t in self.pairs:
            for where, s in policies(t):
                equal(s["Effect"], "Allow", where)
                actions, targets = as_list(s["Action"]), as_list(s["Resource"])
                assert not any("*" in a for a in actions), (where, actions)
                if all(a.startswith("xray:") for a in actions):
                    continue
                assert not any("*" in json.dumps(r) or "?" in json.dumps(r) for r in targets), (where, targets)
                if "execute-api:Invoke" in actions:
                    equal(sorted(r["Fn::Sub"].split("/", 1)[1] for r in targets),
                          ["${StageName}/GET/private", "${StageName}/POST/private"], where)
                    assert all(r["Fn::Sub"].split("/")[0].endswith(":${PrivateApi}") for r in targets), targets

    def capability(self):
        for _, t in self.pairs:
            named = [(path, NAMES_OF_IAM & set(node)) for path, node in walk(t["Resources"])
                     if isinstance(node, dict) and NAMES_OF_IAM & set(node)]
            assert not named, f"CAPABILITY_NAMED_IAM would be asked for: {named}"
            assert "AWS::CloudFormation::Stack" not in {r["Type"] for r in t["Resources"].values()} and "Transform" not in t
        given = re.search(r'^capabilities = "(.*)"$', read(os.path.join(self.room.copy, "samconfig.toml")), re.M)
        equal(given and given[1], "CAPABILITY_IAM", "samconfig.toml")

    def logs(self):
        for _, t in self.pairs:
            groups = resources(t, "AWS::Logs::LogGroup")
            for name, f in resources(t, "AWS::Lambda::Function").items():
                assert f["Properties"]["LoggingConfig"]["LogGroup"].get("Ref") in groups, name
            for name, stage in resources(t, "AWS::ApiGateway::Stage").items():
                for path, node in walk(stage["Properties"].get("AccessLogSetting", {})):
                    if path and path[-1] == "DestinationArn":
                        assert node["Fn::GetAtt"][0] in groups, (name, node)
            for name, group in groups.items():
                assert "RetentionInDays" in group["Properties"], name

    def partition(self):
        """Our own ARNs and URLs name no partition and no suffix; what SAM writes has the region's."""
        for region, partition in (("us-east-1", "aws"), ("us-gov-west-1", "aws-us-gov"), ("cn-north-1", "aws-cn")):
            for _, t in self.by_region[region]:
                found = {match for _, node in walk(t) if isinstance(node, str) for match in re.findall(r"\barn:(aws[\w-]*):", node)}
                assert found <= {partition}, f"{region}: {found}"
                suffix = [node for _, node in walk(t) if isinstance(node, str) and re.search(r"https?://\S*amazonaws\.com", node)]
                assert not suffix, suffix

    def architecture(self):
        for p, t in self.pairs:
            for name, f in resources(t, "AWS::Lambda::Function").items():
                assert f["Properties"]["Architectures"] in ([{"Ref": "Architecture"}], [p["Architecture"]]), (name, f["Properties"])
                equal(f["Properties"]["Handler"], {"PublicFunction": "public", "PrivateFunction": "private"}[name])
                equal(f["Properties"]["Runtime"], "provided.al2023")


def guarded(t):
    """The doors to PrivateFunction of a variant, and whether each asks for AWS_IAM."""
    doors = {name: r["Properties"]["AuthType"] == "AWS_IAM" for name, r in resources(t, "AWS::Lambda::Url").items()
             if "PrivateFunction" in json.dumps(r["Properties"]["TargetFunctionArn"])}
    for api in [*resources(t, "AWS::ApiGatewayV2::Api"), *resources(t, "AWS::ApiGateway::RestApi")]:
        for where, method in methods(t, api).items():
            if "PrivateFunction" in json.dumps(method):
                doors[api, where] = any("AWS_IAM" in entry for entry in method.get("security", []))
    return doors


def variant(room, name):
    """What must hold for every other SAM template of the project, with its defaults."""
    for region in REGIONS:
        for t in translated(room, name, region, [{}]):
            assert guarded(t) and all(guarded(t).values()), f"open, or no door at all: {guarded(t)}"
            for path, node in walk(t):
                assert not (isinstance(node, dict) and "credentials" in map(str.lower, map(str, node))), path
            assert not any(r.get("DeletionPolicy") == "Retain" for r in t["Resources"].values()), "Retain"
            equal(stray_stages(t), {})
            for where, s in policies(t):
                if "execute-api:Invoke" in as_list(s["Action"]):
                    for resource in as_list(s["Resource"]):  # API, stage and method are named; a path may end in a parameter's *
                        named, star, _ = resource["Fn::Sub"].partition("*")
                        assert not star or (named.count("/") >= 4 and resource["Fn::Sub"].endswith("/*")), (where, s)


def translation_group(report, room):
    t = Translation(room)
    every = f"in each of {len(combinations)} combinations, {len(REGIONS)} regions"
    report.check(f"the private methods ask for AWS_IAM and the API key exactly when told to, {every}", t.security)
    report.check("the public methods ask for nothing", t.public)
    report.check("no `credentials` anywhere: the caller needs no lambda:InvokeFunction", t.credentials)
    report.check("each way to protect the private API has a Deployment of its own", t.deployments)
    report.check("no stage but ours, none named Stage", t.stages)
    report.check("the resources, by type", t.count)
    report.check("sam delete leaves nothing: no DeletionPolicy but Delete", t.deletable)
    report.check("no wildcard in our policies but X-Ray's; execute-api:Invoke names stage, method and path", t.wildcards)
    report.check("CAPABILITY_IAM is enough, and samconfig.toml gives it", t.capability)
    report.check("every log group is in the stack, with a retention", t.logs)
    report.check("our own ARNs and URLs suit every partition", t.partition)
    report.check("functions: architecture by parameter, handlers public and private", t.architecture)
    for name in templates(room):
        if is_sam(room, name) and name != "template.yaml":
            report.check(f"{name}: private asks for AWS_IAM; no credentials, nothing kept, no stray stage, no wildcard", variant, room, name)


def run_cases(room, script, *arguments):
    """A script of ../templates, whose own lines say what was checked."""
    path = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "templates", script)
    done = subprocess.run([sys.executable, path, *arguments], capture_output=True, text=True, timeout=600, env=room.environment())
    print(done.stdout, end="", flush=True)
    assert done.returncode == 0, (done.stdout + done.stderr)[-1500:]
    return done.stdout.strip().rsplit("\n", 1)[-1]


def variants_group(report, room):
    report.check("check_variants.py", run_cases, room, "check_variants.py", room.build)


def templates_group(report, room):
    report.check("sam_agrees.py", run_cases, room, "sam_agrees.py", room.build)
