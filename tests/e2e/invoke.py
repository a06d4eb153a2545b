# SPDX-License-Identifier: Apache-2.0
"""One invocation by apigw invoke, of the real bootstrap and of one that does as it is told. invoke.py BUILD_DIR"""

from apigw import *

build = os.path.abspath(sys.argv[1])
work = tempfile.mkdtemp(prefix="apigw-invoke-")
TEMPLATE = os.path.join(ROOT, "template.yaml")
FAKE = os.path.join(build, "fake_bootstrap")
FAKE_TEMPLATE = """Transform: AWS::Serverless-2016-10-31
Resources:
%s"""
FUNCTION = """  %s:
    Type: AWS::Serverless::Function
    Properties: {Runtime: provided.al2023, Handler: %s, CodeUri: ., Timeout: 60}
"""
HANDLERS = {"Plain": "plain", "Proxy": "proxy", "Exits": "exits", "Crashes": "crashes", "InitError": "init-error", "Sleeps": "sleeps"}


def environment():
    return {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}


def arguments(function, *options, template=TEMPLATE):
    return [os.path.join(build, "apigw"), "invoke", function, "--template", template, *options]


def invoke(function, *options, code=0, template=TEMPLATE, stdin=b"", folder=work):
    r = subprocess.run(arguments(function, *options, template=template), input=stdin, capture_output=True, timeout=60, cwd=folder, env=environment())
    assert r.returncode == code, f"exit {r.returncode}: {r.stdout[:500]} {r.stderr[-1500:]}"
    return r.stdout, r.stderr.decode()


def fake(function, event, *options, code=0):
    path = os.path.join(work, "fake.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(FAKE_TEMPLATE % "".join(FUNCTION % item for item in HANDLERS.items()))
    return invoke(function, "--bootstrap", FAKE, "-e", "-", *options, code=code, template=path, stdin=event)


def order(word, *options, function="Proxy", code=0):
    return fake(function, json.dumps({"body": word}).encode(), *options, code=code)


def sentence(said, *words):
    line = said.strip().splitlines()[-1]
    assert line.startswith("apigw invoke: ") and all(w in line for w in words), said


def events():
    by_name, _ = invoke("PrivateFunction", "-e", "rest-get-role")
    path = os.path.join(ROOT, "events", "rest-get-role.json")
    with open(path, "rb") as file:
        bytes_of = file.read()
    equal(invoke("PrivateFunction", "-e", path)[0], by_name)
    equal(invoke("PrivateFunction", "--event=-", stdin=bytes_of)[0], by_name)
    reply = json.loads(by_name)
    equal((reply["statusCode"], json.loads(reply["body"])["method"]), (200, "GET"))
    out, log = invoke("lambda-iam-c-PrivateFunction", "-e", "rest-post-user")
    equal(json.loads(json.loads(out)["body"])["method"], "POST")


def exact():
    event = b' {"any" : "text", "n":1.50}\n'
    equal(fake("Plain", event)[0], event)
    equal(fake("Plain", '"\\u00fc"'.encode())[0], b'"\\u00fc"')


def no_event():
    fake("Plain", b"{}")
    equal(invoke("Plain", "--bootstrap", FAKE, template=os.path.join(work, "fake.yaml"))[0], b"{}")


def lambda_environment():
    own = dict(line.split("=", 1) for line in order("environment")[0].decode().splitlines())
    equal((own["_HANDLER"], own["AWS_LAMBDA_FUNCTION_NAME"], own["AWS_REGION"]), ("proxy", "lambda-iam-c-Proxy", "us-east-1"))
    assert own["AWS_ACCESS_KEY_ID"].startswith("ASIA") and own["AWS_SESSION_TOKEN"] and "HOME" not in own, list(own)


def error():
    out, _ = order("error", code=1)
    equal(json.loads(out), {"errorMessage": "as ordered", "errorType": "Ordered"})


def ended():
    for function, word, words in (("Proxy", "exit", "bootstrap ended: exit status 7"), ("Proxy", "crash", "bootstrap ended: signal: "), ("Exits", "x", "bootstrap ended before its first GET"),
                                  ("Crashes", "x", "bootstrap ended before its first GET"), ("InitError", "x", "init failed: Ordered: as ordered")):
        out, log = order(word, function=function, code=4)
        assert words in log and out == b"", (function, word, log)
        sentence(log, function, "no answer: " + words)


def timed_out():
    out, log = order("hang", "--timeout", "1", code=5)
    assert "Task timed out after 1.00 seconds" in log and out == b"", log
    sentence(log, "Proxy: no answer: the function timed out")
    sentence(order("x", "--timeout", "1", function="Sleeps", code=5)[1], "no answer: bootstrap made no GET /invocation/next within 10 s")


def refused():
    for function, options, words in (("Nobody", (), ("has no function Nobody; it has PublicFunction PrivateFunction",)),
                                     ("PrivateFunction", ("-e", "nothing"), ("no event of that name in " + os.path.join(ROOT, "events"), " rest-get-role ")),
                                     ("PrivateFunction", ("-e", "./none.json"), ("there is no file ./none.json",)),
                                     ("PrivateFunction", ("-e", "-"), ("the event on standard input: not JSON",)),
                                     ("PrivateFunction", ("--bootstrap", "none"), ("no bootstrap: none: No such file",)),
                                     ("PrivateFunction", ("--bootstrap", TEMPLATE), ("cannot be executed",)),
                                     ("PrivateFunction", ("--parameter", "Nix=1"), ("Nix",))):
        out, log = invoke(function, *options, code=3, stdin=b"{x")
        equal((out, log.count("\n")), (b"", 1))
        sentence(log, *words)
    sentence(invoke("F", code=3, template=os.path.join(work, "none.yaml"))[1], "No such file")


def usage():
    for options, words in (((), "which function?"), (("A", "B"), "more than one function"), (("A", "--timeout", "0"), "--timeout wants a number from 1 to 900, not 0"),
                           (("A", "--port", "x"), "--port wants a number from 1 to 65000, not x"), (("A", "--nonsense"), "unknown flag --nonsense"),
                           (("A", "-e"), "--event needs a value")):
        r = subprocess.run([os.path.join(build, "apigw"), "invoke", *options], capture_output=True, text=True, cwd=work, timeout=60)
        assert r.returncode == 2 and r.stderr.startswith("apigw invoke: " + words) and "usage: apigw invoke" in r.stderr, r


def beside_a_gateway():
    port = str(three_free_ports())
    with Gateway(build, port=port) as g:
        out, _ = invoke("PublicFunction", "-e", "rest-get-public", "--port", port, folder=g.folder)
        reply = json.loads(out)
        equal((reply["statusCode"], json.loads(reply["body"])["userArn"]),
              (200, "arn:aws:sts::123456789012:assumed-role/lambda-iam-c-PublicFunctionRole/lambda-iam-c-PublicFunction"))
        assert os.path.exists(os.path.join(g.folder, ".apigw", "credentials"))
    out, _ = invoke("PublicFunction", "-e", "rest-get-public", "--port", port)
    equal((json.loads(out)["statusCode"], os.path.exists(os.path.join(work, ".apigw"))), (502, False))


def by_hand():
    folder = tempfile.mkdtemp(dir=work)
    own = {**environment(), "TMPDIR": folder}
    for flag in ("--gdb", "--only-runtime-api"):
        p = subprocess.Popen(arguments("PrivateFunction", "-e", "rest-get-role", flag), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=work, env=own)
        lines = []
        for line in p.stderr:
            if line.startswith("gdb --args "):
                break
            lines.append(line)
        assert any(l.startswith("export _HANDLER='private'") for l in lines) and not any("export PATH=" in l for l in lines), lines
        child = subprocess.Popen(["sh", "-c", "".join(lines) + "exec ./bootstrap"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        out = p.communicate(timeout=60)[0]
        equal((p.returncode, json.loads(out)["statusCode"]), (0, 200))
        child.wait(30)
        equal(os.listdir(folder), [])


def nothing_stays():
    out = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout
    assert work not in out, out


code = run_cases([
    ("the event is a file, standard input, or one of events/ by its name", events),
    ("event and reply are passed on byte for byte", exact),
    ("without an event the function gets an empty object", no_event),
    ("the process has Lambda's environment, with keys, and nothing of this shell", lambda_environment),
    ("an error of the function is printed, and the exit code is 1", error),
    ("a process that ends without an answer is exit code 4", ended),
    ("a function that takes too long is exit code 5", timed_out),
    ("what cannot be used is one sentence and exit code 3", refused),
    ("wrong usage is one sentence and exit code 2", usage),
    ("beside a running gateway the function calls its API with the keys of that run", beside_a_gateway),
    ("a bootstrap that is started by hand from the printed lines is served", by_hand),
    ("no process stays", nothing_stays),
])
shutil.rmtree(work, ignore_errors=True)
sys.exit(code)
