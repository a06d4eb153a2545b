# SPDX-License-Identifier: Apache-2.0
"""What apigw start makes of other templates, of wrong input, and of functions that do not start. start.py BUILD_DIR"""
import concurrent.futures

from apigw import *

build = os.path.abspath(sys.argv[1])
work = tempfile.mkdtemp(prefix="apigw-start-")
FAKE = os.path.join(build, "fake_bootstrap")
GET_ARN = "              - !Sub arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${PrivateApi}/${StageName}/GET/private\n"
POST_ARN = GET_ARN.replace("/GET/", "/POST/")
URL = "PRIVATE_API_URL: !Sub https://${PrivateApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}/${StageName}/private"


def variant(name, *changes):
    return write_template(os.path.join(work, name + ".yaml"), *changes)


def start_fails(*arguments, code=1, folder=work, keys_stay=False):
    """Runs apigw start to its end, which must come by itself; returns its last line of standard error."""
    r = subprocess.run([os.path.join(build, "apigw"), "start", *arguments], cwd=folder, capture_output=True, text=True, timeout=120)
    assert r.returncode == code and "ready" not in r.stdout, f"exit {r.returncode}: {r.stdout} {r.stderr}"
    assert os.path.exists(os.path.join(folder, ".apigw", "credentials")) == keys_stay
    return r.stderr.strip()


def refuses(name, changes, *words):
    path = variant(name, *changes)
    said = start_fails("--template", path, "--port", "0")
    assert re.search(re.escape(path) + r":\d+: ", said) and all(w in said for w in words), said


def without_statement():
    path = variant("no-statement", ("Action: execute-api:Invoke", "Action: execute-api:ManageConnections"))
    with Gateway(build, template=path) as g:
        role = g.keys("PublicFunctionRole")
        for method in ("GET", "POST"):
            refused(call(role, method, g.private), "AccessDeniedException", "is not authorized to perform: execute-api:Invoke")
            a = send(method, g.public, {}, b"" if method == "POST" else None)
            equal((a.status, a.json()["errorType"], a.json()["upstreamStatus"]), (502, "AccessDeniedException", 403))
            assert a.json()["requestId"] in g.log() and "execute-api:Invoke" in a.json()["message"], a


def get_only():
    path = variant("get-only", (POST_ARN, ""))
    with Gateway(build, template=path) as g:
        equal((send("GET", g.public).status, send("POST", g.public, {}, b"x").status), (200, 502))
        refused(call(g.keys("PublicFunctionRole"), "POST", g.private), "AccessDeniedException", "/POST/private")


def denied():
    deny = "          - {Effect: Deny, Action: 'execute-api:*', Resource: '*'}\n          - Effect: Allow\n            Action: execute-api:Invoke\n"
    path = variant("deny", ("          - Effect: Allow\n            Action: execute-api:Invoke\n", deny))
    with Gateway(build, template=path) as g:
        refused(call(g.keys("PublicFunctionRole"), "GET", g.private), "AccessDeniedException", "with an explicit deny")


def auth_off():
    with Gateway(build, "--parameter", "PrivateAuth=NONE") as g:
        a = send("GET", g.private)
        equal((a.status, a.json()["userArn"]), (200, None))
        assert any("/dev/private" in l and "open" in l for l in g.lines), g.lines


def api_key():
    key = "e2e-key-" + "0123456789" * 3
    with Gateway(build, "--parameter", "ApiKeyMode=REQUIRED", "--parameter", "ApiKeyValue=" + key) as g:
        assert any(re.match(r"\s+GET\s+/dev/private\s+AWS_IAM\+key\s+PrivateFunction$", l) for l in g.lines), g.lines
        for method in ("GET", "POST"):
            a = send(method, g.public, {}, b"" if method == "POST" else None)
            equal((a.status, a.json()["method"]), (200, method))
            bob, forbidden = g.keys("bob"), '{"message":"Forbidden"}'
            refused(call(bob, method, g.private), "ForbiddenException", forbidden)
            refused(call(bob, method, g.private, {"x-api-key": key + "x"}), "ForbiddenException", forbidden)
            equal(call(bob, method, g.private, {"X-API-Key": key}).status, 200)
            refused(send(method, g.private, {"x-api-key": key}), "MissingAuthenticationTokenException", "Missing Authentication Token")
            refused(call(g.keys("mallory"), method, g.private), "AccessDeniedException", "not authorized to perform")
        assert key not in g.log() and key not in "".join(g.lines)
    wrong = variant("wrong-key", ("PRIVATE_API_KEY: !If [WithApiKey, !Ref ApiKeyValue,", "PRIVATE_API_KEY: !If [WithApiKey, wrong-key,"))
    with Gateway(build, "--parameter", "ApiKeyMode=REQUIRED", "--parameter", "ApiKeyValue=" + key, template=wrong) as g:
        a = send("GET", g.public)
        equal((a.status, a.json()["errorType"], a.json()["upstreamStatus"]), (502, "ForbiddenException", 403))


def api_key_drawn():
    path = variant("drawn-key", ("      Value: !Ref ApiKeyValue\n", ""), ("    Condition: WithApiKey\n", ""), ("    Condition: WithApiKey\n", ""),
                   ("    Condition: WithApiKey\n", ""), ("    Condition: WithApiKey\n", ""), ("ApiKeyRequired: !Ref ApiKeyMode", "ApiKeyRequired: 'false'"))
    with Gateway(build, template=path) as g:
        assert "ApiKeyRequired is ON here" in g.log(), g.log()
        with open(os.path.join(g.folder, ".apigw", "credentials")) as f:
            key = re.search(r"^# x-api-key of ApiKey: (\w{40})$", f.read(), re.M).group(1)
        refused(call(g.keys("bob"), "GET", g.private), "ForbiddenException", "Forbidden")
        equal(call(g.keys("bob"), "GET", g.private, {"x-api-key": key}).status, 200)


def resource_policy(*statements):
    return ("        InvokeRole: NONE ", "        ResourcePolicy: {CustomStatements: [" + ", ".join(statements) + "]}\n        InvokeRole: NONE ")


def resource_policies():
    everyone = "{Effect: Allow, Principal: '*', Action: execute-api:Invoke, Resource: 'execute-api:/*/GET/*'}"
    with Gateway(build, template=variant("everyone", resource_policy(everyone))) as g:
        assert any("AWS_IAM+policy" in l for l in g.lines), g.lines
        equal(call(g.keys("mallory"), "GET", g.private).status, 200)
        refused(call(g.keys("mallory"), "POST", g.private), "AccessDeniedException", "because no identity-based policy")
        equal(call(g.keys("bob"), "POST", g.private).status, 200)
        refused(send("GET", g.private), "MissingAuthenticationTokenException", "Missing Authentication Token")
    elsewhere = "{Effect: Deny, Principal: '*', Action: execute-api:Invoke, Resource: 'execute-api:/*', Condition: {NotIpAddress: {aws:SourceIp: 192.0.2.0/24}}}"
    with Gateway(build, template=variant("elsewhere", resource_policy(everyone, elsewhere))) as g:
        refused(call(g.keys("bob"), "GET", g.private), "AccessDeniedException", "with an explicit deny in a resource-based policy")
    with Gateway(build, "--parameter", "PrivateAuth=NONE", template=variant("open", resource_policy(everyone))) as g:
        equal(send("GET", g.private).status, 200)
        refused(send("POST", g.private, {}, b"x"), "AccessDeniedException", "User: anonymous is not authorized to perform")


def visitors():
    path = os.path.join(work, "visitors.yaml")
    with open(path, "w") as f:
        f.write("Resources:\n" + "".join("  %s: {Type: AWS::IAM::User, Properties: {UserName: %s%s}}\n" % (n, n.lower(), p) for n, p in (
            ("Guest", ", Policies: [{PolicyName: p, PolicyDocument: {Statement: {Effect: Allow, Action: 'execute-api:*', Resource: '*'}}}]"), ("Beggar", ""))))
    with Gateway(build, "--callers-account", "210987654321", callers=path) as g:
        refused(call(g.keys("guest"), "GET", g.private), "AccessDeniedException", "because no resource-based policy")
    allowed = "{Effect: Allow, Principal: {AWS: '210987654321'}, Action: execute-api:Invoke, Resource: 'execute-api:/*/GET/*'}"
    with Gateway(build, "--callers-account", "210987654321", template=variant("guests", resource_policy(allowed)), callers=path) as g:
        a = call(g.keys("guest"), "GET", g.private)
        equal((a.status, a.json()["userArn"]), (200, "arn:aws:iam::210987654321:user/guest"))
        refused(call(g.keys("guest"), "POST", g.private), "AccessDeniedException", "because no resource-based policy")
        refused(call(g.keys("beggar"), "GET", g.private), "AccessDeniedException", "because no identity-based policy")


def conditions():
    path = variant("conditions", (POST_ARN, POST_ARN + "            Condition: {StringEquals: {aws:PrincipalTag/team: a}}\n"))
    with Gateway(build, template=path) as g:
        assert "the condition key aws:PrincipalTag/team is not known here: its statement never allows" in g.log()
        refused(call(g.keys("PublicFunctionRole"), "GET", g.private), "AccessDeniedException", "because no identity-based policy")
        assert "could not be evaluated: aws:PrincipalTag/team is not known" in g.log(), g.log()
    for condition, status in (("{IpAddress: {aws:SourceIp: 127.0.0.0/8}, Bool: {aws:SecureTransport: true}}", 200), ("{StringLike: {aws:UserAgent: 'no-such/*'}}", 403),
                              ("{StringLike: {aws:userid: '*:lambda-iam-c-PublicFunction'}, ArnLike: {aws:PrincipalArn: 'arn:aws:iam::*:role/*-PublicFunctionRole'}}", 200),
                              ("{DateLessThan: {aws:CurrentTime: '2020-01-01T00:00:00Z'}}", 403), ("{Null: {aws:username: false}}", 403)):
        with Gateway(build, template=variant("condition", (POST_ARN, POST_ARN + f"            Condition: {condition}\n"))) as g:
            equal((condition, call(g.keys("PublicFunctionRole"), "GET", g.private).status), (condition, status))


def other_names():
    with Gateway(build, "--parameter", "StageName=live", "--stack-name", "mine", "--account", "210987654321") as g:
        a = call(g.keys("bob"), "GET", g.private)
        assert g.private.endswith("/live/private"), g.private
        equal(a.status, 200)  # callers.yaml has a parameter StageName too, and gets the same value
        equal(send("GET", g.public).json()["userArn"],
              "arn:aws:sts::210987654321:assumed-role/mine-PublicFunctionRole/mine-PublicFunction")


def ports():
    with three_ports() as port, Gateway(build, port=str(port)) as g:
        equal((g.public, g.private), (f"http://127.0.0.1:{port}/dev/public", f"http://127.0.0.1:{port + 1}/dev/private"))
        said = start_fails("--template", os.path.join(ROOT, "template.yaml"), "--port", str(port))
        assert f"cannot listen on 127.0.0.1:{port}" in said, said


def templates_refused():
    refuses("if-authorizer", [("DefaultAuthorizer: !Ref PrivateAuth", "DefaultAuthorizer: !If [WithXRay, AWS_IAM, NONE]")], "DefaultAuthorizer")
    refuses("caller-credentials", [("        InvokeRole: NONE", "        # none")], "InvokeRole")
    refuses("operator", [(GET_ARN, "              - '*'\n            Condition: {Bool2: {aws:SecureTransport: true}}\n"), (POST_ARN, "")], "Bool2")
    refuses("value", [(GET_ARN, "              - '*'\n            Condition: {IpAddress: {aws:SourceIp: here}}\n"), (POST_ARN, "")], "here")
    refuses("not-action", [("Action: execute-api:Invoke", "NotAction: s3:GetObject")], "NotAction")
    refuses("path-parameter", [("Path: /private, Method: GET", "Path: '/private/x{id}', Method: GET")], "x{id}")
    refuses("runtime", [("Runtime: provided.al2023", "Runtime: python3.13")], "python3.13")
    refuses("resource-policy", [("        InvokeRole: NONE", "        ResourcePolicy: {IpRangeWhitelist: [10.0.0.0/8]}\n        InvokeRole: NONE")], "IpRangeWhitelist")
    refuses("boundary", [("  PublicFunctionRole:\n    Type: AWS::IAM::Role\n    Properties:\n",
                          "  PublicFunctionRole:\n    Type: AWS::IAM::Role\n    Properties:\n      PermissionsBoundary: arn:aws:iam::aws:policy/x\n")], "PermissionsBoundary")
    refuses("unknown-function", [("Timeout: 15", "Timeout: !Cidr [a, b]")], "Cidr")
    refuses("duplicate", [("Timeout: 15", "Timeout: 15\n      Timeout: 16")], "Timeout")
    refuses("anchor", [("Timeout: 15", "Timeout: &t 15")], "anchor")
    refuses("http-api", [("Resources:\n", "Resources:\n  Other:\n    Type: AWS::ApiGatewayV2::Api\n")], "AWS::ApiGatewayV2::Api")
    refuses("function-url", [("      Timeout: 15\n", "      Timeout: 15\n      FunctionUrlConfig: {AuthType: !Ref PrivateAuth}\n")], "AuthType")
    refuses("syntax", [("Resources:\n", "Resources: [\n")])


def parameters_refused():
    template = os.path.join(ROOT, "template.yaml")
    for parameter, words in (("ApiKeyMode=REQUIRED", "ApiKeyValue"), ("PrivateAuth=off", "PrivateAuth"), ("Nonsense=1", "Nonsense")):
        said = start_fails("--template", template, "--port", "0", "--parameter", parameter)
        assert words in said, said


def files_refused():
    said = start_fails("--template", os.path.join(work, "absent.yaml"))
    assert "absent.yaml" in said and "No such file" in said, said
    said = start_fails("--template", os.path.join(ROOT, "template.yaml"), "--callers", os.path.join(work, "absent.yaml"))
    assert "absent.yaml" in said, said
    os.makedirs(os.path.join(work, "blocked"), exist_ok=True)
    open(os.path.join(work, "blocked", ".apigw"), "w").close()
    said = start_fails("--template", os.path.join(ROOT, "template.yaml"), "--port", "0", folder=os.path.join(work, "blocked"))
    assert "cannot" in said and ".apigw" in said, said


def usage():
    for arguments in (["--prot", "1"], ["--port", "x"], ["--port", "70000"], ["--template"], ["extra"], ["--account", "1"], ["--concurrency", "0"], ["--concurrency=65"],
                      ["--parameter", "novalue"], ["--port", "1", "--port", "2"], ["--frob"], ["--region", "a b"],
                      ["--callers-account", "210987654321"], ["--callers", "x", "--callers-account", "1"], ["--account=12345678901x"], ["--stack-name", "1x"]):
        assert start_fails(*arguments, code=2).startswith("apigw start: "), arguments
    assert start_fails("--prot", "1", code=2).startswith("apigw start: unknown flag --prot (is it --port?)\nusage: "), "no hint"
    equal(subprocess.run([os.path.join(build, "apigw"), "strat"], capture_output=True).returncode, 2)
    equal(subprocess.run([os.path.join(build, "apigw"), "start", "--help"], capture_output=True).returncode, 0)


def install(path, text, mode=0o755):
    """As a build does: the file is there at once, or another one takes its place."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path + ".new", "wb") as file:
        file.write(text.encode() if isinstance(text, str) else text)
    os.chmod(path + ".new", mode)
    os.rename(path + ".new", path)


def foreign_program():
    """The first bytes of our own bootstrap, for a machine that nobody has."""
    with open(os.path.join(build, "bootstrap"), "rb") as file:
        head = bytearray(file.read(4096))
    head[18:20] = b"\x02\x00"
    return bytes(head)


def bootstraps_refused():
    path = os.path.join(work, "bad", "bootstrap")

    def with_bootstrap(text, mode=0o755):
        install(path, text, mode)
        return start_fails("--template", os.path.join(ROOT, "template.yaml"), "--port", "0", "--bootstrap", path).splitlines()[-1]

    none = os.path.join(work, "none")
    equal(start_fails("--template", os.path.join(ROOT, "template.yaml"), "--bootstrap", none).splitlines()[-1],
          f"apigw start: no bootstrap: {none}: No such file or directory (build it, or give --bootstrap)")
    equal(with_bootstrap("#!/bin/sh\n", 0o644), f"apigw start: {path} cannot be executed: Permission denied (chmod +x?)")
    started = "apigw start: PublicFunction did not start: "
    equal(with_bootstrap("#!/bin/sh\nexit 3\n"), started + f"bootstrap ended before its first GET /invocation/next: exit status 3; it is {path}")
    equal(with_bootstrap("not a program\n\0"), started + f"cannot execute {path}: Exec format error: it is neither an ELF program nor a script that begins with #!")
    assert with_bootstrap(foreign_program()).startswith(started + f"cannot execute {path}: Exec format error: it is for sparc, and this machine is ")
    equal(with_bootstrap("#!/no/such/shell\n"), started + f"cannot execute {path}: No such file or directory: its interpreter is not on this machine")
    equal(silent_start.result().splitlines()[-1], started + f"bootstrap made no GET /invocation/next within 10 s; it is {os.path.join(work, 'silent', 'bootstrap')}")
    equal(with_bootstrap(f"#!/bin/sh\n_HANDLER=init-error exec {FAKE}\n"), started + f"init failed: Ordered: as ordered; it is {path}")


def start_silent():
    """Takes 10 seconds, so it goes on beside the other cases."""
    path = os.path.join(work, "silent", "bootstrap")
    install(path, "#!/bin/sh\nexec sleep 600\n")
    return start_fails("--template", os.path.join(ROOT, "template.yaml"), "--port", "0", "--bootstrap", path, folder=os.path.dirname(path))


def per_function():
    fake, template = os.path.join(work, "own", "bootstrap"), os.path.join(ROOT, "template.yaml")
    install(fake, f"#!/bin/sh\n_HANDLER=proxy exec {FAKE}\n")
    with Gateway(build, "--bootstrap", "PublicFunction=" + fake) as g:
        equal(json.loads(send("GET", g.public).body)["resource"], "/public")  # the event, by the fake one
        equal(call(g.keys("bob"), "GET", g.private).json()["method"], "GET")
        assert f"program PublicFunction {fake}" in g.lines and "program PrivateFunction " + os.path.join(build, "bootstrap") in g.lines, g.lines
    for value, words in (("Nobody=" + fake, "has no function Nobody; it has PublicFunction PrivateFunction"), ("PublicFunction=/none", "no bootstrap: /none")):
        assert words in start_fails("--template", template, "--bootstrap", value), value
    built = os.path.join(work, "built")  # as sam build leaves it: the template beside a folder of each function
    install(os.path.join(built, "PublicFunction", "bootstrap"), f"#!/bin/sh\n_HANDLER=proxy exec {FAKE}\n")
    path = variant("built/template", ("CodeUri: .\n", "CodeUri: PublicFunction\n"))
    with Gateway(build, template=path) as g:
        equal(json.loads(send("GET", g.public).body)["resource"], "/public")
        equal(call(g.keys("bob"), "GET", g.private).status, 200)


def starts_beside_each_other():
    """Each waits in its init for the other's."""
    bootstraps = []
    for own, other in (("Public", "Private"), ("Private", "Public")):
        bootstraps.append(os.path.join(work, "beside", own, "bootstrap"))
        install(bootstraps[-1], f"#!/bin/sh\n: > ../{own}.begun\nuntil [ -e ../{other}.begun ]; do sleep 0.05; done\nexec {build}/bootstrap\n")
    with Gateway(build, "--bootstrap", "PublicFunction=" + bootstraps[0], "--bootstrap", "PrivateFunction=" + bootstraps[1]) as g:
        equal(send("GET", g.public).status, 200)


def until(condition):
    deadline = time.time() + 60
    while not condition():
        assert time.time() < deadline, "it does not come"
        time.sleep(0.02)


def watch():
    path = os.path.join(work, "watched", "bootstrap")
    with open(os.path.join(build, "bootstrap"), "rb") as file:
        real = file.read()
    install(path, real)
    template = variant("watched")
    with Gateway(build, "--watch", "--bootstrap", path, template=template) as g:
        equal(send("GET", g.public).json()["message"], "Hi from AWS_IAM auth enabled API")
        install(path, f"#!/bin/sh\n_HANDLER=proxy exec {FAKE}\n")
        until(lambda: g.log().count(path + " has changed: idle environments that end now: 1, busy ones that end after their invocation: 0") == 2)
        equal(json.loads(send("GET", g.public).body)["resource"], "/public")
        install(path, "half a program")
        until(lambda: g.log().count("cannot execute " + path) >= 2)
        equal(send("GET", g.public).status, 502)
        assert re.search(r"GET PublicApi/dev/public 502 .*cannot execute ", g.log()), g.log()
        os.unlink(path)
        with open(path, "wb") as file:  # written where it is
            file.write(real)
        os.chmod(path, 0o755)
        until(lambda: send("GET", g.public).status == 200)
        with open(template, "a", encoding="utf-8") as file:
            file.write("# changed\n")
        until(lambda: f"the template {template} has changed: restart to read it" in g.log())


def side_by_side(*cases):
    with concurrent.futures.ThreadPoolExecutor(len(cases)) as pool:
        for done in [pool.submit(case) for case in cases]:
            done.result()


def by_hand():
    template = variant("short", ("Timeout: 15", "Timeout: 1"))

    def started_by_hand(*flag):
        with Gateway(build, *flag, template=template) as g:
            printed = "\n".join(g.lines)  # and not in the log: the lines hold the keys
            lines = printed.split("# PublicFunction: start it from another terminal; this one waits:\n")[1].split("gdb --args ")[0]
            equal(len(g.children()), 1)
            assert "export _HANDLER='public'\n" in lines and "export PATH=" not in lines
            program = "exec " + os.path.join(build, "bootstrap")
            with concurrent.futures.ThreadPoolExecutor(1) as pool:
                for _ in range(2):
                    waiting = pool.submit(send, "GET", g.public)
                    until(lambda: "PublicFunction has been waiting for 3 s: start its process (AWS_LAMBDA_RUNTIME_API=127.0.0.1:" in g.log())
                    child = subprocess.Popen(["sh", "-c", lines + program], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                    equal(waiting.result(60).json()["message"], "Hi from AWS_IAM auth enabled API")
                    child.kill()
                    child.wait(120)
    side_by_side(lambda: started_by_hand("--gdb", "PublicFunction"), lambda: started_by_hand("--only-runtime-api=PublicFunction"))
    assert "has no function Nobody" in start_fails("--template", os.path.join(ROOT, "template.yaml"), "--gdb", "Nobody")


def reserved():
    with Gateway(build, "--bootstrap", FAKE, template=variant("reserved", ("Handler: public", "Handler: proxy\n      ReservedConcurrentExecutions: 1"))) as g:
        token = os.path.join(work, "token")
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            first = pool.submit(send, "POST", g.public, {"Content-Type": "text/plain"}, f"await {token} HANDLER".encode())
            until(lambda: os.path.exists(token))
            refused(send("GET", g.public), "InternalServerErrorException", "Internal server error", 500)
            assert "more than ReservedConcurrentExecutions" in g.log(), g.log()
            os.unlink(token)
            first.result(60)
        equal(send("GET", g.public).status, 200)


def bad_urls():
    for value, words in (("http://example.com/dev/private", "use https://"), ("ftp://x/", "https://"), ("https://example.com/x", "PRIVATE_API_SERVICE"),
                         ("https://a.execute-api.us-east-1.amazonaws.com:99999/x", "port")):
        said = start_fails("--template", variant("url", (URL, f"PRIVATE_API_URL: {value}")), "--port", "0")
        assert words in said and "init failed" in said and "PublicFunction did not start" in said, said
    said = start_fails("--template", variant("no-url", (URL, "UNUSED: x")), "--port", "0")
    assert "PRIVATE_API_URL is not set" in said, said
    said = start_fails("--template", variant("handler", ("Handler: public", "Handler: publik")), "--port", "0")
    assert '_HANDLER is \\"publik\\"' in said, said


def timeouts():
    slow = os.path.join(work, "slow")
    with open(slow, "w") as f:  # takes one event and never answers
        f.write('#!/bin/sh\ncurl -s "http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/next" >/dev/null\nexec sleep 600\n')
    os.chmod(slow, 0o755)

    def stopped():
        with Gateway(build, "--bootstrap", slow, template=variant("in-1-s", ("Timeout: 15", "Timeout: 1"))) as g:
            began = time.monotonic()
            a = send("GET", g.public)  # the function would take longer than send waits
            equal((a.status, a.body), (502, b'{"message": "Internal server error"}'))
            assert time.monotonic() - began > 0.9 and "Task timed out after 1.00 seconds" in g.log(), g.log()

    def told_before():
        with Gateway(build, "--bootstrap", slow, template=variant("in-4-s", ("Timeout: 15", "Timeout: 4"))) as g:
            equal(send("GET", g.public).status, 502)
            assert "PublicFunction has been running for 3 s (time-out 4 s)" in g.log(), g.log()
    side_by_side(stopped, told_before)


def parallel():
    """8 requests that each wait until 4 processes are there: with 4 environments they take two rounds, with fewer none ends."""
    with Gateway(build, "--bootstrap", FAKE, "--concurrency=4", template=variant("proxies", ("Handler: public", "Handler: proxy"))) as g:
        meeting = tempfile.mkdtemp(dir=work)

        def post(order):
            return send("POST", g.public, {"Content-Type": "text/plain"}, order.encode())

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(post, [f"meet {meeting} 4 reply-pid"] * 8))
            equal({a.status for a in answers}, {200})
            first = {a.body for a in answers}
            equal(len(first), 4)
            words = ["exit", "crash", "reply-pid", "reply-pid"]
            answers = list(pool.map(post, [f"meet {tempfile.mkdtemp(dir=work)} 1 {w}" for w in words]))
            equal([a.status for a in answers], [502, 502, 200, 200])
        assert "bootstrap ended: exit status 7" in g.log() and "bootstrap ended: signal: Killed" in g.log(), g.log()
        equal(post("reply-pid").status, 200)
        equal({"environment %d is ready" % n in g.log() for n in (1, 2, 3, 4)}, {True})
        assert "environment 5" not in g.log()


def one_a_folder():
    with Gateway(build) as g:
        said = start_fails("--template", os.path.join(ROOT, "template.yaml"), "--port", "0", folder=g.folder, keys_stay=True)
        assert f"another apigw (process {g.process.pid})" in said, said
        equal(call(g.keys("bob"), "GET", g.private).status, 200)


def every_signal():
    for how in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGTERM):
        with Gateway(build) as g:
            equal((how, g.stop(how)), (how, 0))
            assert not os.path.exists(os.path.join(g.folder, ".apigw", "credentials"))


def unread():
    with open("/dev/full", "w") as full:
        r = subprocess.run([os.path.join(build, "apigw"), "start", "--template", os.path.join(ROOT, "template.yaml"), "--port", "0"],
                           cwd=work, stdout=full, stderr=subprocess.PIPE, text=True, timeout=120)
    assert r.returncode == 1 and "standard output cannot be written" in r.stderr, r


def no_call_leaves():
    with Gateway(build, "--parameter", "UseAccessRole=true") as g:
        equal(send("GET", g.public).status, 200)
        for pid in g.children():
            with open(f"/proc/{pid}/environ", "rb") as f:
                assert re.search(rb"AWS_ENDPOINT_URL_STS=http://127\.0\.0\.1:\d+\0", f.read())


def runs(pid):
    try:
        return os.path.basename(os.readlink(f"/proc/{pid}/exe")) == "bootstrap"
    except OSError:
        return False


def killed():
    g = Gateway(build)
    with g:
        children = g.children()
        equal(len(children), 2)
        g.stop(signal.SIGKILL)
        until(lambda: not any(map(runs, children)))


beside = concurrent.futures.ThreadPoolExecutor(1)
silent_start = beside.submit(start_silent)
code = run_cases([
    ("without an execute-api:Invoke statement the role gets 403 and public answers 502 naming it", without_statement),
    ("a statement scoped to GET does not admit POST", get_only),
    ("an explicit Deny wins over an Allow", denied),
    ("--parameter PrivateAuth=NONE opens the private API", auth_off),
    ("an API key is wanted besides the signature: two different 403, and public sends its own", api_key),
    ("a key without Value gets one in the credentials file, and ApiKeyRequired: 'false' is on", api_key_drawn),
    ("a resource policy decides besides the caller's, and alone where the method is open", resource_policies),
    ("a caller of another account needs both policies", visitors),
    ("conditions are evaluated, what is not known denies and is said", conditions),
    ("stage, stack name and account are as given", other_names),
    ("--port is the first API's port, the next API gets the next one, a port in use is named", ports),
    ("a template that cannot be honoured is refused with file, line and feature", templates_refused),
    ("a parameter that the template does not take is refused by name", parameters_refused),
    ("a file that cannot be read or written is named", files_refused),
    ("wrong usage is exit code 2", usage),
    ("a bootstrap that is missing, not executable, ends at once or is no program is named", bootstraps_refused),
    ("each function may have a program of its own, and that of CodeUri is taken", per_function),
    ("all functions are started before one is waited for", starts_beside_each_other),
    ("--watch: a rebuilt program answers the next request, a broken one is named, a changed template is told", watch),
    ("--gdb and --only-runtime-api: the printed lines start a process that is served, and so is the next one", by_hand),
    ("ReservedConcurrentExecutions throttles", reserved),
    ("a function's bad environment stops the start and says which variable", bad_urls),
    ("a function that does not answer is stopped at its Timeout", timeouts),
    ("8 requests at once on --concurrency 4 are served by 4 processes, and the end of one touches no other", parallel),
    ("bug: a second gateway in one folder is refused (it overwrote the first one's keys)", one_a_folder),
    ("bug: every ending signal removes the keys (SIGQUIT did not)", every_signal),
    ("bug: lines that nobody can read end the start (a script would wait for ready for ever)", unread),
    ("bug: no call to STS leaves this machine", no_call_leaves),
    ("no bootstrap outlives a gateway that was killed", killed),
])
shutil.rmtree(work, ignore_errors=True)
sys.exit(code)
