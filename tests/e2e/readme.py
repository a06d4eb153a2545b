# SPDX-License-Identifier: Apache-2.0
"""Runs what README.md tells to run: the commands of "Run it here", the smoke script's, and those that compile its handler.
readme.py BUILD_DIR CC SANITIZERS"""
from apigw import *

build, compiler = os.path.abspath(sys.argv[1]), sys.argv[2]
if sys.argv[3]:  # what the libraries are built with
    compiler += " -fsanitize=" + sys.argv[3]
with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as f:
    README = f.read()


def section(title):
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", README, re.M | re.S)
    assert found, f"README.md has no section {title!r}"
    return found[1]


def blocks(title):
    return re.findall(r"^```sh\n(.*?)^```", section(title), re.M | re.S)


def shell(g, text):
    """Runs a block in the gateway's folder, with this build's folder and this gateway's ports in the README's places."""
    text = text.replace("build/apigw", os.path.join(build, "apigw")).replace("scripts/", os.path.join(ROOT, "scripts/"))
    for url, port in ((g.public, "3000"), (g.private, "3001")):
        text = text.replace("127.0.0.1:" + port, urllib.parse.urlsplit(url).netloc)
    r = subprocess.run(["sh", "-eu", "-c", text], cwd=g.folder, capture_output=True, text=True, timeout=120)
    return r.returncode, r.stdout + r.stderr


def run_it_here():
    start, open_calls, signed_calls = blocks("Run it here")
    assert "make run" in start and "build/apigw start --callers local/callers.yaml" in start, start
    with Gateway(build) as g:
        code, out = shell(g, open_calls)
        assert code == 0 and '"params":{"client":"curl"}' in out and '{"message":"Missing Authentication Token"}' in out, out
        code, out = shell(g, signed_calls)
        assert code == 0 and out.count(':user/bob"') == 2, out


def signed_call():
    commands, = blocks("A signed call, and why it was refused")
    told = re.search(r"^```\n(cause:.*?)^```", section("A signed call, and why it was refused"), re.M | re.S)[1]
    with Gateway(build) as g:
        code, out = shell(g, commands)
        assert code == 0 and ':user/bob"' in out, out
        for line in told.splitlines():
            assert line.removesuffix("...").strip() in out, f"apigw call does not say: {line}\n{out}"


def who_may_call_what():
    checks, invocation = blocks("Who may call what")
    told = re.search(r"^```\n(alice.*?)^```", section("Who may call what"), re.M | re.S)[1]
    with tempfile.TemporaryDirectory() as folder:
        for name in ("template.yaml", "local", "events"):
            os.symlink(os.path.join(ROOT, name), os.path.join(folder, name))
        for text in (checks, invocation):
            r = subprocess.run(["sh", "-eu", "-c", text.replace("build/apigw", os.path.join(build, "apigw"))], cwd=folder,
                               capture_output=True, text=True, timeout=120)
            assert r.returncode == 0, r
            assert text == invocation or all(line in r.stdout for line in told.splitlines()), r.stdout
            assert text == checks or json.loads(r.stdout)["statusCode"] == 200, r.stdout


def smoke():
    script = [b for b in blocks("Is it really closed?") if "--public-url" in b]
    equal(len(script), 1)
    with Gateway(build) as g:
        local = script[0][script[0].index("sh scripts/smoke.sh --public-url"):]
        code, out = shell(g, local)
        assert code == 0 and "8 passed, 0 failed" in out, out


def doctor():
    assert "build/apigw doctor" in section("Will it start on Lambda?")
    r = subprocess.run([os.path.join(build, "apigw"), "doctor", os.path.join(build, "bootstrap")], capture_output=True, text=True)
    assert r.returncode in (0, 1) and "loader" in r.stdout, r


def own_handler():
    compile_it, start = blocks("A handler of your own")[0].split("build/apigw start ")
    assert compile_it.startswith("cc ") and start.startswith("--bootstrap ./hello "), (compile_it, start)
    with tempfile.TemporaryDirectory() as folder:
        for name, target in (("runtime", os.path.join(ROOT, "runtime")), ("base", os.path.join(ROOT, "base")), ("build", build)):
            os.symlink(target, os.path.join(folder, name))
        with open(os.path.join(folder, "hello.c"), "w", encoding="utf-8") as f:
            f.write(re.search(r"^```c\n(.*?)^```", section("A handler of your own"), re.M | re.S)[1])
        r = subprocess.run(["sh", "-eu", "-c", compiler + compile_it.removeprefix("cc")], cwd=folder, capture_output=True,
                           text=True, timeout=120)
        equal((r.returncode, r.stdout + r.stderr), (0, ""))
        with Gateway(build, "--bootstrap", os.path.join(folder, "hello")) as g:
            answer = send("GET", g.public)
            equal((answer.status, answer.body), (200, b"hello"))


def without_lambda():
    command = [b for b in blocks("A handler of your own") if "LAMBDA_EVENT" in b]
    equal(len(command), 1)
    r = subprocess.run(["sh", "-eu", "-c", command[0].replace("build/bootstrap", os.path.join(build, "bootstrap"))], cwd=ROOT,
                       capture_output=True, text=True, timeout=120)
    assert r.returncode == 0 and json.loads(r.stdout)["statusCode"] == 200, r


def story():
    demo = subprocess.run(["sh", os.path.join(ROOT, "local/demo.sh"), build], cwd=ROOT, capture_output=True, text=True, timeout=120)
    equal(demo.returncode, 0)
    told = re.search(r"^```\n(1\..*?)^```", section("What you will see"), re.M | re.S)[1]
    for line in told.splitlines():
        assert line.rstrip(".").strip() in demo.stdout, f"make demo does not print: {line}"


def links():
    for target in re.findall(r"\]\((?!https?://|#)([^)]+)\)", README):
        assert os.path.exists(os.path.join(ROOT, target)), f"README.md links to {target}, which is not there"


sys.exit(run_cases([
    ("the story in the README is the one make demo tells", story),
    ("the commands of \"Run it here\" do what the README says", run_it_here),
    ("the signed call is answered, and explained when it is refused", signed_call),
    ("callers are checked against routes, and an event is handled alone", who_may_call_what),
    ("the smoke script passes as the README calls it", smoke),
    ("apigw doctor judges a bootstrap", doctor),
    ("the README's own handler compiles by its command, and answers behind the gateway", own_handler),
    ("an event is handled without Lambda", without_lambda),
    ("every link to a file leads somewhere", links),
]))
