# SPDX-License-Identifier: Apache-2.0
"""What apigw check says of a template is what its gateway does, for templates of every kind of API, another account's callers,
paths with parameters; called with signatures of botocore. templates.py BUILD_DIR"""
from apigw import *

build = os.path.abspath(sys.argv[1])
work = tempfile.mkdtemp(prefix="apigw-templates-")


def template(name):
    return os.path.join(ROOT, "templates", name + ".yaml")


def gateway(name, *options):
    return Gateway(build, *options, template=template(name), callers=None)


def service_of(api):
    return "lambda" if api.endswith("Url") else "execute-api"


def path_of(route):
    """A path that takes the route: "/items/x" for "/items/{id}"."""
    return re.sub(r"{[^}]*}", "x", route) if route.startswith("/") else "/no/route/of/its/own"


def check(path, *options):
    r = subprocess.run([os.path.join(build, "apigw"), "check", "--json", "--template", path, *options], capture_output=True, text=True, timeout=120)
    assert r.returncode in (0, 1), r.stderr
    return json.loads(r.stdout)


def implicit():
    with gateway("implicit-api") as g:
        items, reader = g.listening["ServerlessRestApi"] + "/items", g.keys("ReaderRole")
        assert g.listening["ServerlessRestApi"].endswith("/Prod"), g.listening
        for url in (items, items + "/1", items + "/a%20b"):
            equal((url, call(reader, "GET", url).status), (url, 200))
        refused(call(reader, "PUT", items + "/1", body=b"x"), "AccessDeniedException", "/Prod/PUT/items/1")
        refused(call(reader, "GET", items + "/1/more"), "MissingAuthenticationTokenException", "Missing Authentication Token")
        refused(call(reader, "GET", g.listening["ServerlessRestApi"] + "/files/a/b"), "AccessDeniedException", "/Prod/GET/files/a/b")
        refused(send("GET", items), "MissingAuthenticationTokenException", "Missing Authentication Token")


OTHERS = """Resources:
  carol:
    Type: AWS::IAM::User
    Properties:
      Policies:
        - PolicyName: call
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - {Effect: Allow, Action: execute-api:Invoke, Resource: "arn:aws:execute-api:*:*:*/dev/*/private"}
              - {Effect: Allow, Action: ["lambda:InvokeFunctionUrl", "lambda:InvokeFunction"], Resource: "arn:aws:lambda:*:*:function:*"}
  dave: {Type: AWS::IAM::User}
  erin:
    Type: AWS::IAM::User
    Properties:
      Policies:
        - PolicyName: half
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - {Effect: Allow, Action: "lambda:InvokeFunctionUrl", Resource: "arn:aws:lambda:*:*:function:*"}
"""


def others(account):
    path = os.path.join(work, "others.yaml")
    with open(path, "w", encoding="utf-8") as f:
        f.write(OTHERS)
    return "--callers", path, "--callers-account", account


def another_account():
    with gateway("cross-account", *others("111122223333")) as g:
        url, carol = g.listening["PrivateFunctionUrl"] + "/", g.keys("carol")
        a = call(carol, "GET", g.private)
        equal((a.status, a.json()["userArn"]), (200, "arn:aws:iam::111122223333:user/carol"))
        refused(call(carol, "POST", g.private, body=b"x"), "AccessDeniedException", "no resource-based policy allows")
        equal(call(carol, "GET", url, service="lambda").status, 200)
        equal(call(g.keys("dave"), "GET", url, service="lambda").status, 403)
        equal(call(g.keys("erin"), "GET", url, service="lambda").status, 403)
        refused(call(g.keys("dave"), "GET", g.private), "AccessDeniedException", "no identity-based policy allows")
    with gateway("cross-account", *others("444455556666")) as g:
        equal(call(g.keys("carol"), "GET", g.private).status, 403)
        equal(call(g.keys("carol"), "GET", g.listening["PrivateFunctionUrl"] + "/", service="lambda").status, 403)


def as_checked(path, *options):
    """Each cell of the matrix is called."""
    report, wrong = check(path, *options), []
    with Gateway(build, *options, template=path, callers=None) as g:
        for cell in report["cells"]:
            api, method = cell["api"], "GET" if cell["method"] == "ANY" else cell["method"]
            origin = re.match(r"http://[^/]+", g.listening[api])[0]
            url = origin + path_of(cell["path"])
            if not cell["path"].startswith("/"):
                url = g.listening[api] + path_of(cell["path"])
            a = send(method, url) if cell["caller"] == "unsigned" else call(g.keys(cell["caller"]), method, url, service=service_of(api))
            if (a.status != 403) != cell["allowed"]:
                wrong.append((cell["caller"], api, method, url, cell["why"], a.status))
    equal(wrong, [])
    assert report["cells"], "no cell"


def checked_templates():
    as_checked(template("http-api"))
    as_checked(template("function-url"))
    as_checked(template("implicit-api"))
    as_checked(template("cross-account"), *others("111122223333"))


def checked_kinds():
    as_checked(os.path.join(ROOT, "tests", "templates", "accepted", "globals.yaml"))
    as_checked(os.path.join(ROOT, "tests", "templates", "accepted", "conditions.yaml"))


def smallest_statements():
    """Written into dave's policy, the statements that check proposes open their cells."""
    path, options = template("function-url"), others("123456789012")
    report = check(path, *options)
    fix = next(c["fix"] for c in report["cells"] if (c["caller"], c["api"]) == ("PrivateFunctionRole", "PrivateFunctionUrl"))
    assert fix.startswith("[{Effect: Allow, Action: lambda:InvokeFunctionUrl, ") and fix.count("Effect") == 2, fix
    erin = next(c for c in report["cells"] if (c["caller"], c["api"]) == ("erin", "PrivateFunctionUrl"))
    assert "no statement of erin allows lambda:InvokeFunction" in erin["why"] and erin["fix"].count("Effect") == 1, erin
    with open(path, encoding="utf-8") as f:
        text = f.read()
    opened = os.path.join(work, "opened.yaml")
    role = "  # -------------------------------------------------------------------- logs\n"
    assert text.count(role) == 1
    policy = ("  Opened:\n    Type: AWS::IAM::Policy\n    Properties:\n      PolicyName: opened\n      Roles: [!Ref PrivateFunctionRole]\n"
              f"      PolicyDocument: {{Version: '2012-10-17', Statement: {fix}}}\n")
    with open(opened, "w", encoding="utf-8") as f:
        f.write(text.replace(role, policy + role))
    assert all(c["allowed"] for c in check(opened)["cells"] if c["caller"] == "PrivateFunctionRole"), "not opened"
    with gateway("function-url") as g:
        before = call(g.keys("PrivateFunctionRole"), "GET", g.listening["PrivateFunctionUrl"] + "/", service="lambda")
    with Gateway(build, template=opened, callers=None) as g:
        after = call(g.keys("PrivateFunctionRole"), "GET", g.listening["PrivateFunctionUrl"] + "/", service="lambda")
    equal((before.status, after.status), (403, 200))


def expectations():
    """A route is named as the template writes it, a function URL by any method."""
    lines = {"implicit-api": "allow ReaderRole GET /Prod/items/{id}\nallow ReaderRole GET ServerlessRestApi:/Prod/items\ndeny everything else\n",
             "function-url": "allow * GET PublicFunctionUrl:/\nallow PublicFunctionRole ANY PrivateFunctionUrl:/\ndeny everything else\n",
             "http-api": "allow * * /public\nallow PublicFunctionRole * /private\ndeny everything else\n"}
    path = os.path.join(work, "expect")
    for name, text in lines.items():
        for changed, code in ((text, 0), (text.replace("allow P", "deny P").replace("allow R", "deny R"), 1)):
            with open(path, "w", encoding="utf-8") as f:
                f.write(changed)
            r = subprocess.run([os.path.join(build, "apigw"), "check", "--template", template(name), "--expect", path],
                               capture_output=True, text=True, timeout=120)
            equal((name, changed, r.returncode), (name, changed, code))


code = run_cases([
    ("the implicit API: its stage, parameters in its paths, who may read them", implicit),
    ("callers of another account need both sides, of an API and of a URL", another_account),
    ("the matrix of every template is what its gateway does", checked_templates),
    ("the matrix of implicit APIs and URLs out of Globals is what their gateway does", checked_kinds),
    ("what check proposes opens a function URL, and is two statements", smallest_statements),
    ("expectations name routes with parameters and function URLs", expectations),
])
shutil.rmtree(work, ignore_errors=True)
sys.exit(code)
