#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Installs a build, moves what was installed, and uses it as strangers do: CMake, pkg-config, runtime/README.md's commands,
C and C++ programs against a Runtime API of our own. run.py BUILD_DIR
AWS_LAMBDA_CPP_PREFIX: where an aws-lambda-cpp is installed; the programs of shapes/ are then compared with it."""
import json, os, re, shutil, subprocess, sys, tempfile, zipfile

from compare import EVENTS, compare
from fake_lambda import Run, event
from tool import check_tool

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
EXAMPLES, SHAPES = os.path.join(ROOT, "runtime", "examples"), os.path.join(HERE, "shapes")
OURS_ALONE = ["throws", "later"]
STRICT = "-std=c++11 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror".split()
passed = failed = 0


def check(sentence, ok, detail=""):
    global passed, failed
    passed, failed = passed + bool(ok), failed + (not ok)
    if not ok:
        print(f"FAILED: {sentence}\n{str(detail)[:4000]}")


def sh(*command, **options):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300, **options)
    return done.returncode, done.stdout


def must(*command, **options):
    code, out = sh(*command, **options)
    if code:
        sys.exit(f"{' '.join(command)} failed with {code}:\n{out}")
    return out


class Machine:
    """A home with the installation in lambda/, the build's compilers, and its sanitizers in the flags."""

    def __init__(self, build, work):
        self.build, self.work, self.home = build, work, os.path.join(work, "home")
        with open(os.path.join(build, "CMakeCache.txt"), encoding="utf-8") as f:
            cache = dict(re.findall(r"^(\w+):\w+=(.*)$", f.read(), re.M))
        self.cc = cache["CMAKE_C_COMPILER"]
        clang = "clang" in os.path.basename(self.cc)
        self.cxx = shutil.which("clang++" if clang else "g++") or shutil.which("c++")
        self.sanitize = cache.get("SANITIZE", "")
        self.flags = [f"-fsanitize={self.sanitize}", "-fno-sanitize-recover=all"] if self.sanitize else []
        self.prefix = os.path.join(self.home, "lambda")
        flags = " ".join(self.flags)
        self.environment = {**os.environ, "HOME": self.home, "CC": self.cc, "CXX": self.cxx or "", "CFLAGS": flags,
                            "CXXFLAGS": flags, "PATH": os.path.join(work, "bin") + os.pathsep + os.environ["PATH"],
                            "PKG_CONFIG_PATH": os.path.join(self.prefix, "lib", "pkgconfig")}
        for name in ("DESTDIR", "MAKEFLAGS", "MFLAGS", "MAKELEVEL", "LAMBDA_EVENT"):
            self.environment.pop(name, None)
        os.makedirs(os.path.join(work, "bin"))
        os.makedirs(self.home)
        for name, compiler in (("cc", self.cc), ("c++", self.cxx)):
            wrapper = os.path.join(work, "bin", name)
            with open(wrapper, "w", encoding="utf-8") as f:
                f.write(f'#!/bin/sh\nexec {compiler} {flags} "$@"\n')
            os.chmod(wrapper, 0o755)

    def folder(self, name, *files):
        path = os.path.join(self.work, name)
        os.makedirs(path)
        for file in files:
            shutil.copy(file, path)
        return path


def install(m):
    first = os.path.join(m.work, "first")
    planned = must("make", "-n", "-C", ROOT, "install", "PREFIX=/somewhere", "DESTDIR=/stage", env=m.environment)
    check("make install installs build/ under DESTDIR and PREFIX",
          "DESTDIR='/stage' cmake --install build --prefix '/somewhere'" in planned, planned)
    must("cmake", "--install", m.build, "--prefix", first)
    os.rename(first, m.prefix)
    headers = set(os.listdir(os.path.join(m.prefix, "include", "lambda-iam-c")))
    wanted = {"lambda.h", "runtime_api.h", "apigw.h", "http.h", "http_msg.h", "sigv4.h", "sigv4_stages.h", "sigv4_verify.h", "sigv4a.h", "sigv4_explain.h", "sigv4_endpoint.h", "log.h", "json.h", "str.h"}
    private = {"http_client.h", "late_tls.h", "lifecycle.h", "crash.h", "sha256.h", "sigv4_judge.h", "sigv4_canonical.h", "runtime_error.h"}
    check("public headers are installed", wanted <= headers, headers)
    check("private headers are not", not private & headers, headers)
    for name in ("liblambda_runtime.a", "libsigv4.a", "liblambda_iam_c_http.a", "liblambda_iam_c_base.a"):
        check(f"{name} is installed", os.path.exists(os.path.join(m.prefix, "lib", name)))
    if os.path.exists(os.path.join(m.build, "apigw")):
        check_tool(os.path.join(m.prefix, "bin", "apigw"), check)


def headers_are_clean(m):
    source = os.path.join(HERE, "consumer", "mixed.cpp")
    include = os.path.join(m.prefix, "include")
    for compiler in filter(shutil.which, ("g++", "clang++")):
        for flags in ([], ["-fno-rtti"], ["-fno-exceptions", "-fno-rtti"]):
            code, out = sh(compiler, *STRICT, *flags, "-fsyntax-only", "-I", include, "-I", include + "/lambda-iam-c", source)
            check(f"{compiler} {' '.join(flags)} has nothing to say about the headers", code == 0, out)
    for folder, _, files in os.walk(os.path.join(include, "aws")):
        for name in files:
            code, out = sh(m.cxx, *STRICT, "-fsyntax-only", "-I", include, "-x", "c++", os.path.join(folder, name))
            check(f"{name} compiles alone", "error" not in out, out)
    for name in os.listdir(include + "/lambda-iam-c"):
        code, out = sh(m.cxx, *[w for w in STRICT if w != "-Wshadow"], "-fsyntax-only", "-x", "c++",
                       "-include", os.path.join(include, "lambda-iam-c", name), os.devnull)
        check(f"{name} is C++ too", code == 0, out)


def build_consumer(m, name, prefix, shapes, *more):
    folder = os.path.join(m.work, name)
    must("cmake", "-S", os.path.join(HERE, "consumer"), "-B", folder, f"-DCMAKE_PREFIX_PATH={prefix}", f"-DSHAPES={SHAPES}",
         f"-DEXAMPLES={EXAMPLES}", f"-DSANITIZE={m.sanitize}", f"-DONLY={';'.join(shapes)}", *more,
         env={**m.environment, "CFLAGS": "", "CXXFLAGS": ""})
    must("cmake", "--build", folder, "--parallel", "2", env={**m.environment, "MAKEFLAGS": ""})
    return folder


def hello(program, how):
    run = Run([program], [event('{"a":1}'), event("{}", 2)])
    check(f"hello.c, built {how}, answers", [p.body for p in run.posts] == [
        b'{"hello":"world","event_bytes":7}', b'{"hello":"world","event_bytes":2}'], run)
    check(f"hello.c, built {how}, exits with 1 when the environment is lost", run.code == 1, run)


def hello_cpp(program, how):
    run = Run([program], [event('{"a":1}'), event("{}", 2)])
    good, bad = run.posts if len(run.posts) == 2 else (None, None)
    check(f"hello.cpp, built {how}, answers", good and good.path == "/invocation/id-1/response" and
          good.body == b'{"hello":"world"}' and good.fields["content-type"] == "application/json", run)
    check(f"hello.cpp, built {how}, fails with its type", bad and bad.path == "/invocation/id-2/error" and
          json.loads(bad.body) == {"errorMessage": "the event is empty", "errorType": "Function.EmptyEvent", "stackTrace": []}
          and bad.fields["lambda-runtime-function-error-type"] == "Function.EmptyEvent", run)


def streaming(program):
    run = Run([program], [event("{}")])
    post = run.posts[0] if run.posts else None
    head, _, body = post.body.partition(b"\0" * 8) if post else (b"", b"", b"")
    check("streaming.c streams", post and post.fields.get("lambda-runtime-function-response-mode") == "streaming" and
          post.fields.get("content-type") == "application/vnd.awslambda.http-integration-response", run)
    check("its head comes first, then its lines", head and json.loads(head)["statusCode"] == 200 and
          body == b"line 1\nline 2\nline 3\n", run)


def throwing(folder):
    run = Run([os.path.join(folder, "throws")], [event(w, i) for i, w in enumerate(("standard", "own", "int", "memory", "no"))])
    paths = [p.path for p in run.posts]
    check("an exception is an error, and the loop goes on", paths == [
        *(f"/invocation/id-{i}/error" for i in range(4)), "/invocation/id-4/response"], run)
    errors = [json.loads(p.body) for p in run.posts[:4]]
    check("the type of the error is that of the exception", [e["errorType"] for e in errors] == [
        "std::out_of_range", "shop::sold_out", "int", "std::bad_alloc"], errors)
    check("its message is what()", errors[1]["errorMessage"] == 'no "tea"\n\ufffd left' and "substr" in errors[0]["errorMessage"],
          errors)
    check("a value that is no std::exception is said to be none", "std::exception" in errors[2]["errorMessage"], errors)


def later(folder):
    program = os.path.join(folder, "later")
    fields = {"Lambda_Runtime_Aws_Tenant_Id": "blue", "Lambda_Runtime_Invocation_Id": "delivery/1", "Content_Type": "text/csv"}
    run = Run([program], [event("ok", 1, **fields), event("error", 2, **fields), event("own error", 3)])
    check("tenant, content type and the delivery's id reach the handler",
          run.posts and run.posts[0].body == b"blue text/csv delivery/1", run)
    check("the delivery's id goes back", [p.fields.get("lambda-runtime-invocation-id") for p in run.posts] == [
        "delivery/1", "delivery/1", None], run)
    causes = [p.fields.get("lambda-runtime-function-xray-error-cause") for p in run.posts]
    check("the cause for X-Ray goes out as it is", causes[1:] == ['{"message":"because"}', '{"message":"why"}'], run)
    check("a success has none", causes[:1] == [None], run)
    check("log_error and log_info write lines with the request's id", re.search(r"id-1\tERROR\tshape an error of blue", run.out)
          and "INFO\tshape an info, 7" in run.out, run)
    check("log_debug does not at INFO", "a debug line" not in run.out, run)
    run = Run([program], [event("ok")], AWS_LAMBDA_LOG_LEVEL="DEBUG", AWS_LAMBDA_LOG_FORMAT="JSON")
    lines = [json.loads(line) for line in run.out.splitlines()]
    check("log_debug does at DEBUG, as JSON", any(
        l["message"] == "shape a debug line" and l["level"] == "DEBUG" and l["requestId"] == "id-1" for l in lines), run)
    run = Run([program, "init"])
    check("post_init_error posts its body", [(p.path, json.loads(p.body)["errorType"]) for p in run.posts] == [
        ("/init/error", "Runtime.NoTable")] and run.err.strip().endswith("1"), run)
    check("and its cause", run.posts and run.posts[0].fields.get("lambda-runtime-function-xray-error-cause") ==
          '{"message":"cause"}', run)


def own_loop(folder):
    run = Run([os.path.join(folder, "loop")], [event("first", 1, Lambda_Runtime_Invocation_Id="d1"), event("fail", 2),
                                               event("big", 3), event("old", 4)], [202, 202, 413, 400])
    said = re.findall(r"^\w+: -?\d+$", run.err, re.M)
    check("class runtime says how each call ended", said == ["first: 0", "fail: 0", "big: 413", "old: 400", "next: 500"], run)
    check("its user agent is the program's", {r.fields["user-agent"] for r in run.requests} == {"own-loop/1.2"}, run)
    check("it sends the delivery's id of the last event", [p.fields.get("lambda-runtime-invocation-id") for p in run.posts] == [
        "d1", None, None, None], run)
    run = Run([os.path.join(folder, "fields")], [event("{}", 1, Lambda_Runtime_Deadline_Ms=None, Content_Type=None)])
    check("without a deadline there is time", run.posts and run.posts[0].body.endswith(b" to come"), run)
    run = Run([os.path.join(folder, "outcomes")])
    check("outcome, response and version do what they say", run.code == 0 and run.err ==
          "100 7 8\n1 100\n5\n1 1 0 abc 418\n-1 599\n0\n", run)


def failures(folder):
    texts = ["café \U0001f600", "\x00\x7f", "a\"\\b\n" * 1000]
    run = Run([os.path.join(folder, "failures")], [event(text, i) for i, text in enumerate(texts)])
    check("any text of a failure arrives as it was", [json.loads(p.body) for p in run.posts] == [
        {"errorMessage": t, "errorType": "Type of " + t, "stackTrace": []} for t in texts], run)


def package(m, folder):
    zip_file = os.path.join(folder, "plain.zip")
    code, out = sh("cmake", "--build", folder, "--target", "aws-lambda-package-plain", env=m.environment)
    check("a program that needs what Lambda has is packaged", code == 0 and os.path.exists(zip_file), out)
    if code == 0:
        with zipfile.ZipFile(zip_file) as z:
            entries = [(i.filename, i.external_attr >> 16) for i in z.infolist()]
        check("its zip holds bootstrap and nothing else", entries == [("bootstrap", 0o100755)], entries)
    code, out = sh("cmake", "--build", folder, "--target", "aws-lambda-package-lacking", env=m.environment)
    check("one that needs more is refused by name", code and "it needs libabsent.so, which Lambda" in out, out)
    check("and has no zip", not os.path.exists(os.path.join(folder, "lacking.zip")))


def pkg_config(m):
    words = must("pkg-config", "--cflags", "--libs", "lambda-runtime", env=m.environment).split()
    folder = m.folder("pkg-config")
    for name, language in (("hello.cpp", [m.cxx, "-std=c++11"]), ("streaming.c", [m.cc])):
        must(*language, *m.flags, os.path.join(EXAMPLES, name), "-o", os.path.join(folder, name + ".out"), *words)
    hello_cpp(os.path.join(folder, "hello.cpp.out"), "with pkg-config")
    streaming(os.path.join(folder, "streaming.c.out"))
    words = must("pkg-config", "--cflags", "--libs", "sigv4", env=m.environment).split()
    must(m.cc, *m.flags, os.path.join(ROOT, "sigv4", "examples", "sign.c"), "-o", os.path.join(folder, "sign"), *words)
    check("pkg-config sigv4 needs no libcurl", "-lcurl" not in words, words)
    keys = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "token"}
    printed = must(os.path.join(folder, "sign"), "example.amazonaws.com", "/dev/private", env={**m.environment, **keys})
    check("a program with libsigv4.a signs for any client", "\nX-Amz-Security-Token: token\nAuthorization: AWS4-HMAC-SHA256 Credential="
          "AKIDEXAMPLE/" in printed, printed)


def readme(m):
    """Every command and every CMake file of runtime/README.md."""
    with open(os.path.join(ROOT, "runtime", "README.md"), encoding="utf-8") as f:
        blocks = re.findall(r"^```(\w+)\n(.*?)^```", f.read(), re.M | re.S)
    check("README.md has the blocks that are run here", [b[0] for b in blocks] == ["sh", "sh", "cmake", "cmake", "sh"], blocks)
    (_, installing), (_, in_c), (_, c_project), (_, cpp_project), (_, in_cpp) = blocks
    check("it installs to where this test has installed", "make install PREFIX=$HOME/lambda " in installing, installing)

    folder = m.folder("readme-c", os.path.join(EXAMPLES, "hello.c"))
    shutil.copytree(EXAMPLES, os.path.join(folder, "examples"))
    with open(os.path.join(folder, "event.json"), "w", encoding="utf-8") as f:
        f.write("[1]")
    out = must("sh", "-euc", in_c, cwd=folder, env=m.environment)
    check("its C commands build hello and run it once", '{"hello":"world","event_bytes":3}' in out, out)
    hello(os.path.join(folder, "hello"), "by the README")

    with open(os.path.join(folder, "CMakeLists.txt"), "w", encoding="utf-8") as f:
        f.write(c_project)
    must("sh", "-euc", "cmake -S . -B build -DCMAKE_PREFIX_PATH=$HOME/lambda && cmake --build build", cwd=folder, env=m.environment)
    hello(os.path.join(folder, "build", "hello"), "by the README's CMake file")

    folder = m.folder("readme-cpp", os.path.join(EXAMPLES, "hello.cpp"))
    with open(os.path.join(folder, "CMakeLists.txt"), "w", encoding="utf-8") as f:
        f.write(cpp_project)
    building, packaging = in_cpp.rstrip().rsplit("\n", 1)
    must("sh", "-euc", building, cwd=folder, env=m.environment)
    hello_cpp(os.path.join(folder, "build", "demo"), "by the README")
    code, out = sh("sh", "-euc", packaging, cwd=folder, env=m.environment)
    zipped = os.path.exists(os.path.join(folder, "build", "demo.zip"))
    check("its packaging makes a zip or says what Lambda lacks", zipped == (code == 0) and (zipped or "which Lambda" in out), out)


def compare_with_aws(m, folder):
    prefix = os.environ.get("AWS_LAMBDA_CPP_PREFIX")
    if not prefix:
        print("Not compared with aws-lambda-cpp: AWS_LAMBDA_CPP_PREFIX does not name its installation")
        return
    with open(os.path.join(prefix, "include", "aws", "lambda-runtime", "runtime.h"), encoding="utf-8") as f:
        has_content_type = bool(re.search(r"std::string content_type;", f.read()))
    theirs = build_consumer(m, "theirs", prefix, list(EVENTS), "-DSANITIZE=")
    compare(folder, theirs, has_content_type, check)


def main():
    work = tempfile.mkdtemp(prefix="lambda-install-")
    try:
        m = Machine(os.path.abspath(sys.argv[1]), work)
        if not m.cxx:
            print("there is no C++ compiler (g++ or clang++)")
            return 77
        install(m)
        headers_are_clean(m)
        folder = build_consumer(m, "ours", m.prefix, list(EVENTS) + OURS_ALONE)
        hello(os.path.join(folder, "hello"), "with find_package")
        hello_cpp(os.path.join(folder, "mixed"), "with find_package")
        streaming(os.path.join(folder, "streaming"))
        throwing(folder)
        later(folder)
        own_loop(folder)
        failures(folder)
        package(m, folder)
        pkg_config(m)
        readme(m)
        compare_with_aws(m, folder)
    finally:
        shutil.rmtree(work)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
