# SPDX-License-Identifier: Apache-2.0
"""The routes that apigw reads are those that SAM makes, with their authorization and function; API Gateway may call that
function for each of them; a function URL has SAM's AuthType and grants. And SAM does with each template in refused/ what
stands at its top. sam_agrees.py BUILD_DIR; 77 without aws-sam-translator."""
import glob, json, os, re, subprocess, sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
build = os.path.abspath(sys.argv[1])
try:
    from sam import Sam
except ImportError:
    print("not run: aws-sam-translator is missing")
    sys.exit(77)


def read(path):
    r = subprocess.run([os.path.join(build, "apigw"), "check", "--json", "--template", path], capture_output=True, text=True, timeout=120)
    assert r.returncode in (0, 1), r.stderr
    report = json.loads(r.stdout)
    assert report["refusal"] is None, report["refusal"]
    return report


def equal(actual, expected):
    assert actual == expected, f"expected {expected!r}, got {actual!r}"


def routes(path):
    ours, sam = read(path)["routes"], Sam(path)
    assert sam.error is None, sam.error
    expected = {key: (authorization, function) for key, (authorization, function, _) in sam.routes.items()}
    expected.update({(name, "ANY", "/"): (auth.replace("NONE", "open"), f) for name, (auth, _, f) in sam.urls.items()})
    equal({(r["api"], r["method"], r["path"]): (r["authorization"], r["function"]) for r in ours}, expected)
    assert not any(c for _, _, c in sam.routes.values()), "with credentials callers would need lambda:InvokeFunction too"


def permissions(path):
    sam = Sam(path)
    for (api, method, route), (_, function, _) in sam.routes.items():
        inside = re.sub(r"{\w+\+}", "one/two", route[len(sam.stages[api]):] if route.startswith("/") else "/any/path")
        inside = re.sub(r"{\w+}", "one", inside)
        assert sam.may_call(api, method, inside, function), f"{api} may not call {function} for {method} {inside}"


def urls(path):
    """NONE: everybody may, by the URL alone; AWS_IAM: nobody may by a grant of SAM's."""
    sam, cells = Sam(path), {(c["caller"], c["api"]): c["allowed"] for c in read(path)["cells"] if c["method"] == "ANY"}
    both = [("lambda:InvokeFunction", None, True), ("lambda:InvokeFunctionUrl", "NONE", None)]
    for name, (auth, _, function) in sam.urls.items():
        equal((name, sam.public(function)), (name, both if auth == "NONE" else []))
        equal((name, cells["unsigned", name]), (name, auth == "NONE"))
    equal({api for _, api in cells}, set(sam.urls))


def refused(path):
    """The line "# SAM: ..." at the top of a template that apigw refuses."""
    with open(path, encoding="utf-8") as f:
        what = f.read().split("\n")[2][len("# SAM: "):]
    sam = Sam(path)
    equal(sam.error is not None, what == "error")
    if what == "leaves it open":
        equal({authorization for authorization, _, _ in sam.routes.values()}, {"open"})
    elif what == "uses the caller's credentials":
        assert sam.routes and all(c for _, _, c in sam.routes.values()), sam.routes
    elif what == "permits another path":
        assert sam.routes and not any(sam.may_call(api, m, "/x/y", f) for (api, m, _), (_, f, _) in sam.routes.items()), sam.permissions
    elif what == "permits nobody":
        assert sam.urls and not any(sam.public(f) for _, _, f in sam.urls.values()), sam.urls
    else:
        assert what in ("error", "takes it"), what


def main():
    read_ones = [os.path.join(ROOT, "template.yaml"), *sorted(glob.glob(os.path.join(ROOT, "templates", "*.yaml"))),
                 *sorted(glob.glob(os.path.join(HERE, "accepted", "*.yaml")))]
    cases = [(path, case, sentence) for path in read_ones for case, sentence in (
        (routes, "the routes are SAM's"), (permissions, "each may call its function"), (urls, "the URLs are SAM's"))]
    cases += [(path, refused, "SAM does what is said") for path in sorted(glob.glob(os.path.join(HERE, "refused", "*.yaml")))]
    failed = 0
    for path, case, sentence in cases:
        try:
            case(path)
            print(f"ok      {os.path.relpath(path, ROOT)}: {sentence}", flush=True)
        except Exception as problem:  # a failed case must not hide the next ones
            failed += 1
            print(f"FAILED  {os.path.relpath(path, ROOT)}: {sentence}\n        {type(problem).__name__}: {problem}", flush=True)
    print(f"{len(cases) - failed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
