# SPDX-License-Identifier: Apache-2.0
"""What apigw check says of the template as it is, and of every mistake in it. check.py BUILD_DIR"""
from apigw import *

build = os.path.abspath(sys.argv[1])
work = tempfile.mkdtemp(prefix="apigw-check-")
CALLERS = ("--callers", os.path.join(ROOT, "local", "callers.yaml"))
INVOKE = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${PrivateApi}/${StageName}"
ROUTES = ("GET /dev/public", "POST /dev/public", "GET /dev/private", "POST /dev/private")


def variant(*changes):
    return write_template(os.path.join(tempfile.mkdtemp(dir=work), "template.yaml"), *changes)


def text_file(name, text):
    path = os.path.join(tempfile.mkdtemp(dir=work), name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def line_of(path, text):
    with open(path, encoding="utf-8") as file:
        return next(n for n, line in enumerate(file, 1) if text in line)


def check(*arguments, template=os.path.join(ROOT, "template.yaml"), code=0):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    r = subprocess.run([os.path.join(build, "apigw"), "check", "--template", template, *arguments], capture_output=True,
                       text=True, timeout=120, cwd=work, env=environment)
    equal(r.returncode, code) if r.returncode == code else equal((r.returncode, r.stdout, r.stderr), code)
    return r.stderr if code in (2, 3) else r.stdout


def report(*arguments, **more):
    return json.loads(check("--json", *arguments, **more))


def lints(path, *arguments, code=1):
    return {l["name"]: l for l in report(*arguments, template=path, code=code)["lints"]}


def cell(r, caller, label):
    method, path = label.split(" ")
    return next(c for c in r["cells"] if (c["caller"], c["method"], c["path"]) == (caller, method, path))


# ---- the matrix ----

def matrix():
    r = report(*CALLERS)
    equal([c["name"] for c in r["callers"]], ["unsigned", "PublicFunctionRole", "PrivateFunctionRole", "alice", "bob", "mallory"])
    equal([c["kind"] for c in r["callers"]], ["unsigned", "role", "role", "user", "user", "user"])
    allowed = {name: [cell(r, name, label)["allowed"] for label in ROUTES] for name in (c["name"] for c in r["callers"])}
    opened, both, read = [True, True, False, False], [True] * 4, [True, True, True, False]
    equal(allowed, {"unsigned": opened, "PublicFunctionRole": both, "PrivateFunctionRole": opened, "alice": read, "bob": both,
                    "mallory": opened})
    equal((r["ok"], r["refusal"], r["lints"], r["expectations"]), (True, None, [], None))
    equal(cell(r, "unsigned", ROUTES[2])["errorType"], "MissingAuthenticationTokenException")


def as_the_gateway():
    r = report(*CALLERS)
    with Gateway(build) as g:
        for name in ("unsigned", "PublicFunctionRole", "alice", "mallory"):
            for method in ("GET", "POST"):
                said, body = cell(r, name, f"{method} /dev/private"), b"" if method == "POST" else None
                a = send(method, g.private, {}, body) if name == "unsigned" else call(g.keys(name), method, g.private)
                equal((a.status, a.error_type), (said["status"], said["errorType"]))


def statements():
    r = report(*CALLERS)
    path = CALLERS[1]
    alice = cell(r, "alice", "GET /dev/private")
    equal((alice["because"], alice["statement"]), ("statement", {"file": path, "line": line_of(path, "Effect: Allow"), "policy": "get-private"}))
    post = cell(r, "alice", "POST /dev/private")
    assert post["because"] == "no-statement" and "the method in its Resource is GET, not POST" in post["why"], post
    equal(post["statement"]["policy"], "get-private")
    assert post["fix"].endswith("${PrivateApi}/dev/POST/private'}"), post
    assert "no statement of mallory allows" in cell(r, "mallory", "GET /dev/private")["why"]


def fix_works():
    fix = cell(report(*CALLERS), "alice", "POST /dev/private")["fix"]
    with open(CALLERS[1], encoding="utf-8") as file:
        text = file.read().replace("            Statement:\n", f"            Statement:\n              - {fix}\n", 1)
    more = report("--callers", text_file("callers.yaml", text))
    assert cell(more, "alice", "POST /dev/private")["allowed"]


def explicit_deny():
    deny = "          - {Effect: Deny, Action: 'execute-api:*', Resource: '*'}\n          - Effect: Allow\n            Action: execute-api:Invoke\n"
    path = variant(("          - Effect: Allow\n            Action: execute-api:Invoke\n", deny))
    c = cell(report(template=path), "PublicFunctionRole", "GET /dev/private")
    equal((c["allowed"], c["because"], c["statement"]["line"]), (False, "explicit-deny", line_of(path, "Effect: Deny")))


def condition():
    path = variant(("            Action: execute-api:Invoke\n",
                    "            Action: execute-api:Invoke\n            Condition: {IpAddress: {aws:SourceIp: 10.0.0.0/8}}\n"))
    c = cell(report(template=path), "PublicFunctionRole", "GET /dev/private")
    assert not c["allowed"] and "its Condition on aws:SourceIp does not hold" in c["why"], c
    c = cell(report("--source-ip", "10.1.2.3", template=path), "PublicFunctionRole", "GET /dev/private")
    assert c["allowed"] and c["why"].endswith("under its Condition"), c


def user_agent():
    deny = "          - {Effect: Deny, Action: 'execute-api:*', Resource: '*', Condition: {StringLike: {aws:UserAgent: '%s'}}}\n          - Effect: Allow\n            Action: execute-api:Invoke\n"
    allow = "          - Effect: Allow\n            Action: execute-api:Invoke\n"
    verdict = lambda path, *arguments: cell(report(*arguments, template=path), "PublicFunctionRole", "GET /dev/private")["because"]
    equal(verdict(variant((allow, deny % "*"))), "explicit-deny")
    curl = variant((allow, deny % "curl/*"))
    equal((verdict(curl), verdict(curl, "--user-agent", "curl/8.5.0")), ("statement", "explicit-deny"))


ITEMS = ("Path: /private, Method: GET}}", "Path: '/items/{id}', Method: GET}}")


def items(*resources):
    """The role may call these; a minus before one: may not. A template with a route /items/{id}."""
    lines = "".join("          - {Effect: %s, Action: execute-api:Invoke, Resource: !Sub '%s/GET/%s'}\n" %
                    ("Deny" if r[0] == "-" else "Allow", INVOKE, r.lstrip("-")) for r in resources)
    allow = "          - Effect: Allow\n            Action: execute-api:Invoke\n"
    return variant(ITEMS, (allow, lines + allow))


def some_values():
    for path, allowed, because, allow, deny in ((items("items/*"), True, "statement", 0, 1), (items("items/x"), "some", "some", 1, 1),
                                                (items("items/1*"), "some", "some", 1, 1), (items("item"), False, "no-statement", 1, 0),
                                                (items("items/*", "-items/9"), True, "statement", 0, 1),
                                                (items("items/1", "-items/*"), False, "explicit-deny", 1, 0)):
        ignore = ("--ignore", "opens-nothing")
        c = cell(report(*ignore, template=path), "PublicFunctionRole", "GET /dev/items/{id}")
        equal((c["allowed"], c["because"]), (allowed, because))
        for verb, code in (("allow", allow), ("deny", deny)):
            line = text_file("expect.txt", verb + " PublicFunctionRole GET /dev/items/{id}\n")
            check(*ignore, "--expect", line, template=path, code=code)
    path = items("items/1*")
    c = cell(report("--ignore", "opens-nothing", template=path), "PublicFunctionRole", "GET /dev/items/{id}")
    assert c["why"].startswith(f"allowed for some values: by {path}:{line_of(path, 'GET/items/1*')}, policy invoke-private-api, Resource arn:"), c
    assert c["why"].endswith("/dev/GET/items/1*") and c["statement"]["line"] == line_of(path, "GET/items/1*"), c
    rest = text_file("expect.txt", "allow * * /dev/public\nallow PublicFunctionRole POST /dev/private\ndeny everything else\n")
    out = check("--ignore", "opens-nothing", "--expect", rest, template=path, code=1)
    assert ":3: expected deny for PublicFunctionRole GET /dev/items/{id}, but it is allowed for some values: by " in out, out
    assert re.search(r"^PublicFunctionRole +open +open +(some +allowed|allowed +some)$", out, re.M), out
    path = items("items/*", "-items/9")
    why = cell(report("--ignore", "opens-nothing", template=path), "PublicFunctionRole", "GET /dev/items/{id}")["why"]
    assert f", but not for all values: {path}:{line_of(path, 'items/9')}, policy " in why and why.endswith("/dev/GET/items/9 denies some"), why


def any_method():
    path = variant(("Get: {Type: Api, Properties: {RestApiId: !Ref PrivateApi, Path: /private, Method: GET}}",
                    "Get: {Type: Api, Properties: {RestApiId: !Ref PrivateApi, Path: /private, Method: ANY}}"))
    r = report(template=path)
    methods = [x["method"] for x in r["routes"] if x["api"] == "PrivateApi"]
    equal(sorted(methods), ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"])
    assert cell(r, "PublicFunctionRole", "GET /dev/private")["allowed"]
    assert not cell(r, "PublicFunctionRole", "PUT /dev/private")["allowed"]


def assumed():
    equal(report(*CALLERS)["assumes"], [])
    r = report("--parameter", "UseAccessRole=true")
    equal(r["assumes"], [{"caller": "PublicFunctionRole", "role": "ApiAccessRole"}])
    assert not cell(r, "PublicFunctionRole", "GET /dev/private")["allowed"] and cell(r, "ApiAccessRole", "GET /dev/private")["allowed"]
    assert "PublicFunctionRole may assume ApiAccessRole, and then call what that may\n" in check("--parameter", "UseAccessRole=true")


def authorization_off():
    r = report("--parameter", "PrivateAuth=NONE")
    equal({c["because"] for c in r["cells"]}, {"open"})


def api_key():
    r = report("--parameter", "ApiKeyMode=REQUIRED", "--parameter", "ApiKeyValue=" + "k" * 30)
    equal(next(x["authorization"] for x in r["routes"] if x["path"] == "/dev/private"), "AWS_IAM+key")
    assert cell(r, "PublicFunctionRole", "GET /dev/private")["allowed"]
    assert "k" * 30 not in json.dumps(r)
    path = variant(("UsagePlanId: !Ref UsagePlan}", "UsagePlanId: !Ref UsagePlan}\n    DeletionPolicy: Delete"), ("      Enabled: true\n", "      Enabled: false\n"))
    r = report("--parameter", "ApiKeyMode=REQUIRED", "--parameter", "ApiKeyValue=" + "k" * 30, template=path, code=1)
    equal(cell(r, "PublicFunctionRole", "GET /dev/private")["because"], "no-key")
    equal([l["name"] for l in r["lints"]], ["api-key-closed"])


def table():
    out = check(*CALLERS)
    assert re.search(r"^caller +GET /dev/public +POST /dev/public +GET /dev/private +POST /dev/private$", out, re.M), out
    assert re.search(r"^unsigned +open +open +denied +denied$", out, re.M), out
    assert re.search(r"^alice +open +open +allowed +denied$", out, re.M), out
    assert f"alice GET /dev/private: allowed by {CALLERS[1]}:" in out and "0 errors, 0 warnings" in out, out


def why():
    out = check(*CALLERS, "--why", "alice", "POST", "/dev/private")
    assert out.startswith("alice POST /dev/private of PrivateApi: denied, 403 AccessDeniedException\n"), out
    assert "user/alice" in out and "GET, not POST" in out and "to allow  {Effect: Allow" in out, out
    assert check(*CALLERS, "--why", "unsigned", "GET", "PublicApi:/dev/public").startswith("unsigned GET /dev/public of PublicApi: open, 200")
    assert "there is no caller eve; there are unsigned" in check(*CALLERS, "--why", "eve", "GET", "/dev/private", code=2)
    assert "there is no route GET /private; there are GET /dev/public" in check("--why", "unsigned", "GET", "/private", code=2)


# ---- expectations ----

def expect(text, code=0, *arguments):
    path = text_file("expect.txt", text)
    return path, check(*CALLERS, "--expect", path, *arguments, code=code)


ALL = """# who may call
allow * * /dev/public
allow PublicFunctionRole * /dev/private
allow bob * /dev/private      # both methods
allow alice GET /dev/private
deny mallory * PrivateApi:/dev/private
deny everything else
"""


def expectations():
    assert "6 expectations, 0 failures" in expect(ALL)[1]
    path, out = expect(ALL.replace("allow alice GET", "allow alice POST"), 1)
    assert f"{path}:5: expected allow for alice POST /dev/private, but it is denied: nearest is" in out, out
    assert f"{path}:7: expected deny for alice GET /dev/private, but it is allowed: allowed by" in out, out
    r = json.loads(expect("deny bob GET /dev/private\n", 1, "--json")[1])
    equal((r["ok"], r["expectations"]["lines"], r["expectations"]["failed"]),
          (False, 1, [{"line": 1, "expected": "deny", "caller": "bob", "api": "PrivateApi", "method": "GET", "path": "/dev/private"}]))


def bad_expectations():
    for text, sentence in (("allow eve GET /dev/private", ":1: there is no caller eve; there are unsigned PublicFunctionRole"),
                           ("\n\nallow bob GET /private", ":3: there is no route GET /private; there are GET /dev/public"),
                           ("deny * DELETE *", ":1: there is no route DELETE *"),
                           ("permit bob GET /dev/private", ":1: the line is neither allow|deny CALLER METHOD PATH nor deny everything else"),
                           ("allow bob GET", ":1: allow bob GET is neither"), ("allow bob GET /dev/private now", ":1: allow bob GET /dev/private now is neither"),
                           ("allow everything else", ":1: allow everything else is neither"),
                           ("deny everything else\ndeny everything else", ":2: deny everything else is in line 1 already")):
        path, said = expect(text, 2)
        assert said.startswith("apigw check: " + path + sentence) and said.count("\n") == 1, said
    assert "No such file" in check("--expect", os.path.join(work, "none"), code=2)


# ---- the ten traps of API Gateway and SAM, and the others ----

def finding(name, level, *changes, words=(), code=None, arguments=()):
    path = variant(*changes)
    found = lints(path, *arguments, code=code if code is not None else 1 if level == "error" else 0)
    assert name in found, f"{name} is not among {list(found)}"
    l = found[name]
    assert l["level"] == level and l["fix"] and l["file"] == path and l["line"] > 0 and all(w in l["reason"] for w in words), l
    assert f"[{name}]\n    -> " in check(*arguments, template=path, code=code if code is not None else 1 if level == "error" else 0)
    return path, l


def authorizer_dropped():
    finding("authorizer-dropped", "error", ("DefaultAuthorizer: !Ref PrivateAuth", "DefaultAuthorizer: !If [WithXRay, AWS_IAM, NONE]"), words=("deploy the API open",))


def key_text():
    finding("api-key-text", "error", ("ApiKeyRequired: !Ref ApiKeyMode", "ApiKeyRequired: 'false'"), words=("ON here",))


def not_redeployed():
    body = "DefinitionBody: {openapi: 3.0.1, paths: {/private: {get: {security: !If [WithXRay, [{AWS_IAM: []}], []]}}}}"
    finding("not-redeployed", "error", ("      Name: !Sub ${AWS::StackName}-private\n      StageName", f"      {body}\n      StageName"), words=("the stage keeps the authorization it had",))


def method_open():
    events = "        Get: {Type: Api, Properties: {RestApiId: !Ref PrivateApi, Path: /private, Method: GET}}\n"
    wider = events + "        Any: {Type: Api, Properties: {RestApiId: !Ref PrivateApi, Path: '/{proxy+}', Method: ANY, Auth: {Authorizer: NONE}}}\n"
    path, l = finding("method-open", "warning", (events, wider), words=("by ANY /{proxy+} that path is open to PUT, DELETE, PATCH, HEAD, OPTIONS",))
    equal(l["line"], line_of(path, events.strip()))
    with Gateway(build, template=path) as g:
        equal((send("GET", g.private).status, send("PUT", g.private).status), (403, 200))


def caller_credentials():
    finding("caller-credentials", "error", ("        InvokeRole: NONE ", "        # InvokeRole: NONE "), words=("lambda:InvokeFunction",))


def stray_stage():
    finding("stray-stage", "warning", ("    OpenApiVersion: 3.0.1", "    # OpenApiVersion: 3.0.1"), words=("a second stage",))


def built_twice():
    metadata = "    Metadata: {BuildMethod: makefile}\n    Properties:\n      CodeUri: .\n      Handler: public"
    private = "    Metadata: {BuildMethod: makefile}\n    Properties:\n      # CodeUri stays"
    finding("built-twice", "warning", ("    Properties:\n      CodeUri: .\n      Handler: public", metadata), ("    Properties:\n      # CodeUri stays", private), words=("2 functions",))


def architecture():
    bootstrap = os.path.join(build, "bootstrap")
    other = "x86_64" if os.uname().machine == "aarch64" else "arm64"
    same = "arm64" if other == "x86_64" else "x86_64"
    equal(report("--bootstrap", bootstrap, "--parameter", "Architecture=" + same)["lints"], [])
    r = report("--bootstrap", bootstrap, "--parameter", "Architecture=" + other, code=1)
    equal({l["name"] for l in r["lints"]}, {"architecture"})
    assert "No such file" in check("--bootstrap", os.path.join(work, "none"), code=3)


def traced_headers():
    finding("traced-headers", "warning", ('HttpMethod: "*", ThrottlingBurstLimit: 20', 'HttpMethod: "*", DataTraceEnabled: true, ThrottlingBurstLimit: 20'), words=("x-amz-security-token",))


def unsigned_is_denied():
    c = cell(report(), "unsigned", "GET /dev/private")
    equal((c["status"], c["because"]), (403, "unsigned"))


def needs_nothing():
    r = subprocess.run([os.path.join(build, "apigw"), "check", "--template", os.path.join(ROOT, "template.yaml")], capture_output=True, timeout=120,
                       cwd=work, env={})
    equal((r.returncode, os.path.exists(os.path.join(work, ".apigw"))), (0, False))


def resources():
    get = f"!Sub {INVOKE}/GET/private\n"
    stageless = INVOKE.replace("/${StageName}", "")
    for name, level, new in (("stage-missing", "error", f"!Sub {stageless}/GET/private\n"), ("slash", "error", f"!Sub {INVOKE}/GET//private\n"),
                             ("slash", "error", f"!Sub {INVOKE}/GET/private/\n"), ("path-parameter", "error", f"!Sub '{INVOKE}/GET/private/{{id}}'\n"),
                             ("verb-case", "error", f"!Sub {INVOKE}/get/private\n"), ("opens-nothing", "error", f"!Sub {INVOKE}/GET/privat\n"),
                             ("wide", "warning", "'*'\n"), ("wide", "warning", f"!Sub {stageless}/*\n"), ("wide", "warning", f"!Sub {INVOKE}/*\n"),
                             ("wide", "warning", "!Sub 'arn:${AWS::Partition}:execute-api:*:*:*/*/GET/private'\n")):
        path, l = finding(name, level, ("- " + get, "- " + new), words=("policy invoke-private-api",))
        equal(l["line"], line_of(path, new.strip()) - 3)
        equal([x["name"] for x in report(template=path, code=1 if level == "error" else 0)["lints"]], [name])


def anchor():
    finding("anchor", "error", ("    Timeout: 5\n", "    Timeout: &t 5\n"), words=("CloudFormation does not read them",))


def code_uri_global():
    finding("code-uri-global", "warning", ("    MemorySize: 128\n", "    MemorySize: 128\n    CodeUri: .\n"), words=("sam deploy",))


def circle():
    mine = "PRIVATE_API_URL: !Sub https://${PublicApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}/${StageName}/private"
    url = "PRIVATE_API_URL: !Sub https://${PrivateApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}/${StageName}/private"
    l = finding("circular-reference", "error", (url, mine), words=("PublicApi needs PublicFunction needs PublicApi",))[1]
    equal(len([x for x in lints(l["file"])]), 1)
    role = "        - PolicyName: logs\n          PolicyDocument:\n            Version: \"2012-10-17\"\n            Statement:\n"
    own = role + "              - {Effect: Allow, Action: execute-api:Invoke, Resource: !Sub 'arn:aws:execute-api:us-east-1:123456789012:${PublicApi}/dev/GET/public'}\n"
    finding("circular-reference", "error", (role, own), words=("PublicApi needs PublicFunction needs PublicFunctionRole needs PublicApi",))


def unseen():
    finding("policy-unseen", "warning", ("  PrivateFunctionRole:\n    Type: AWS::IAM::Role\n    Properties:\n",
                                         "  PrivateFunctionRole:\n    Type: AWS::IAM::Role\n    Properties:\n      ManagedPolicyArns: [arn:aws:iam::aws:policy/ReadOnlyAccess]\n"), words=("ReadOnlyAccess",))
    finding("policy-ignored", "error", ("      Timeout: 5\n", "      Timeout: 5\n      Policies: [{Statement: [{Effect: Allow, Action: execute-api:Invoke, Resource: '*'}]}]\n"), words=("beside Role",))


def suppressed():
    path = variant(("    OpenApiVersion: 3.0.1", "    # OpenApiVersion: 3.0.1"), (f"- !Sub {INVOKE}/GET/private\n", f"- !Sub {INVOKE}/get/private\n"))
    equal(set(lints(path)), {"stray-stage", "verb-case"})
    equal(set(lints(path, "--ignore", "verb-case", code=0)), {"stray-stage"})
    equal(lints(path, "--ignore", "verb-case", "--ignore=stray-stage", code=0), {})
    assert "there is no lint verbcase; there are authorizer-dropped" in check("--ignore", "verbcase", code=2)
    dropped = variant(("DefaultAuthorizer: !Ref PrivateAuth", "DefaultAuthorizer: !If [WithXRay, AWS_IAM, NONE]"))
    equal(set(lints(dropped, "--ignore", "authorizer-dropped")), {"authorizer-dropped"})


def no_action():
    old = "            Action: execute-api:Invoke\n"
    finding("no-action", "error", (old, "            Action: execute-api:Invok\n"), words=("Invoke, InvalidateCache, ManageConnections",))


def principal_missing():
    trust = "      AssumeRolePolicyDocument:\n"
    path = variant(("Resources:\n", "Resources:\n  EveRole:\n    Type: AWS::IAM::Role\n    Properties:\n" + trust +
                    "        Version: '2012-10-17'\n        Statement:\n          - {Effect: Allow, Action: sts:AssumeRole, Principal: {AWS: 'arn:aws:iam::123456789012:user/eve'}}\n"))
    l = lints(path, code=0)["principal-missing"]
    assert l["level"] == "warning" and l["line"] == line_of(path, "user/eve") and "user/eve is not in this template or callers file" in l["reason"], l


def config_parameter():
    path = variant()
    with open(os.path.join(os.path.dirname(path), "samconfig.toml"), "w", encoding="utf-8") as file:
        file.write('version = 0.1\n[default.deploy.parameters]\nparameter_overrides = "Nothing=1 PrivateAuth=NONE"\n')
    r = report(template=path)
    equal({c["because"] for c in r["cells"]}, {"open"})
    l = next(l for l in r["lints"] if l["name"] == "parameter-ignored")
    assert l["file"].endswith("samconfig.toml") and l["line"] == 3 and l["reason"].startswith("Nothing of parameter_overrides is no parameter"), l
    assert "there is no parameter Nothing" in check("--parameter", "Nothing=1", template=path, code=3)


def lint_only():
    path = variant((f"- !Sub {INVOKE}/GET/private\n", f"- !Sub {INVOKE}/get/private\n"))
    r = report("--lint-only", template=path, code=1)
    equal((r["cells"], [l["name"] for l in r["lints"]]), ([], ["verb-case"]))
    assert "caller" not in check("--lint-only") and "0 errors" in check("--lint-only")


# ---- input that cannot be used ----

def unreadable():
    for path, words in ((os.path.join(work, "none.yaml"), "No such file"), (text_file("t.yaml", "a: [\n"), "t.yaml:"),
                        (variant(("    Type: AWS::Logs::LogGroup", "    Type: AWS::Lambda::Url")), "write it as FunctionUrlConfig of its function"),
                        (variant(("      Timeout: 5\n", "      Timeout: soon\n")), "Timeout is not a whole number")):
        said = check(template=path, code=3)
        assert said.startswith("apigw check: ") and words in said and said.count("\n") == 1, said
        r = subprocess.run([os.path.join(build, "apigw"), "check", "--json", "--template", path], capture_output=True, text=True, timeout=120)
        j = json.loads(r.stdout)
        equal((r.returncode, r.stderr, j["ok"], j["cells"], "apigw check: " + j["refusal"] + "\n"), (3, said, False, [], said))
    assert "No such file" in check("--callers", os.path.join(work, "none"), code=3)


def usage():
    for arguments, words in ((("--nonsense",), "unknown flag --nonsense"), (("extra",), "what is extra?"), (("--why", "bob"), "--why wants CALLER METHOD PATH"),
                             (("--lint-only", "--expect", "x"), "--lint-only makes no matrix for --expect"), (("--parameter", "x"), "--parameter wants NAME=VALUE, not x"),
                             (("--parameter", "A=1", "--parameter", "A=2"), "--parameter is given twice for A"), (("--expect",), "--expect needs a value"),
                             (("--why", "bob", "GET", "/x", "--json"), "--why goes with neither"), (("--callers-account", "123456789012"), "--callers-account wants --callers")):
        said = check(*arguments, code=2)
        assert said.startswith("apigw check: " + words) and "usage: apigw check" in said, said
    assert "usage: apigw check" in check("--help")


code = run_cases([
    ("every caller of the template and the callers file has a row, every route a column", matrix),
    ("the verdicts are those that the running gateway gives", as_the_gateway),
    ("a cell names the statement that allows it, or the nearest one and the part that differs", statements),
    ("the statement that check proposes opens the route", fix_works),
    ("an explicit deny is named with its line", explicit_deny),
    ("a condition is judged by the address that is given", condition),
    ("a condition on aws:UserAgent is judged by the one that is sent", user_agent),
    ("a parameter of which some values are allowed is neither allowed nor denied", some_values),
    ("a route of every method is a column for each", any_method),
    ("who may assume a role of the template is named", assumed),
    ("without authorization every cell is open", authorization_off),
    ("a route that wants an API key is judged with one, which is not shown", api_key),
    ("the table has a row for each caller and a line for each reason", table),
    ("--why tells all about one cell", why),
    ("expectations hold, fail by line, and deny everything else", expectations),
    ("a line that is no expectation, or names nobody, is refused by number", bad_expectations),
    ("trap 1: an authorizer that SAM drops is an error", authorizer_dropped),
    ("trap 2: an ApiKeyRequired that reads off and is on is an error", key_text),
    ("trap 3: a switch that does not redeploy is an error", not_redeployed),
    ("trap 4: AWS_IAM with the caller's credentials is an error", caller_credentials),
    ("methods that go past AWS_IAM to an open, wider route are a warning, and are served", method_open),
    ("trap 5: a second stage is a warning", stray_stage),
    ("trap 6: a BuildMethod that builds twice is a warning", built_twice),
    ("trap 7: a bootstrap for another architecture is an error", architecture),
    ("trap 8: requests with their tokens in the log are a warning", traced_headers),
    ("trap 9: what sam local would serve unsigned is denied", unsigned_is_denied),
    ("trap 10: nothing is needed but the template, and nothing is written", needs_nothing),
    ("a mistake in the Resource of a statement is found once, with its line", resources),
    ("an anchor is an error", anchor),
    ("CodeUri in Globals is a warning", code_uri_global),
    ("resources that need each other are an error, with the circle", circle),
    ("policies that are not seen, or not looked at, are found", unseen),
    ("a lint is ignored by name, a refusal is not", suppressed),
    ("an action that does not exist is an error", no_action),
    ("a principal that is in no file is a warning", principal_missing),
    ("a parameter of samconfig.toml that the template lacks is ignored, and named", config_parameter),
    ("--lint-only makes no matrix", lint_only),
    ("a template that cannot be read is one sentence and exit code 3", unreadable),
    ("wrong usage is one sentence and exit code 2", usage),
])
shutil.rmtree(work, ignore_errors=True)
sys.exit(code)
