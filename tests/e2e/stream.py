# SPDX-License-Identifier: Apache-2.0
"""Streamed replies from a function of the real runtime through the real apigw to curl. stream.py BUILD_DIR STREAMER EXAMPLE
STREAMER is built from streamer.c. No case measures time: a function that is to be in the middle waits for a file that the
client makes when it has read the first part."""
from apigw import *

build, streamer, example = (os.path.abspath(a) for a in sys.argv[1:4])
work = tempfile.mkdtemp(prefix="apigw-stream-")
TEMPLATE = os.path.join(ROOT, "tests", "e2e", "stream.yaml")
g = Gateway(build, "--bootstrap", streamer, "--concurrency", "1", template=TEMPLATE, callers=None)
files = 0


def new_file():
    global files
    files += 1
    return os.path.join(work, str(files))


def make(path):
    open(path, "w").close()


def await_file(path):
    for _ in range(3000):
        if os.path.exists(path):
            return
        time.sleep(0.01)
    raise AssertionError(f"{path} was not made")


def url(name, path, gateway=g, **query):
    host = urllib.parse.urlsplit(gateway.listening[name + "Url"]).netloc
    return f"http://{host}{path}" + ("?" + urllib.parse.urlencode(query) if query else "")


class Curl:
    """curl -N in the middle of a transfer."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen(["curl", "-sN", "--max-time", "60", *arguments], stdout=subprocess.PIPE)

    def line(self):
        return self.process.stdout.readline()

    def end(self):
        rest = self.process.stdout.read()
        return rest, self.process.wait(120)


def first_before_last():
    file = new_file()
    c = Curl(url("Streaming", "/hold", file=file))
    equal(c.line(), b"first\n")
    assert not os.path.exists(file)  # so the function has not written more
    make(file)
    equal(c.end(), (b"last\n", 0))


def head():
    file = new_file()
    make(file)
    a = send("GET", url("Streaming", "/hold", file=file))
    equal((a.status, a.headers["content-type"], a.headers["x-own"], a.body), (201, "text/x", "yes", b"first\nlast\n"))
    equal((a.headers["transfer-encoding"], a.headers.get("content-length")), ("chunked", None))
    assert a.headers["x-amzn-requestid"], a.headers
    out = subprocess.run(["curl", "-si", url("Streaming", "/hold", file=file)], capture_output=True, check=True).stdout
    equal(re.findall(rb"(?i)^set-cookie: (.*)\r$", out, re.M), [b"a=1", b"b=2"])


def without_prelude():
    for path, content_type in (("/typed", "text/y"), ("/untyped", "application/octet-stream")):
        a = send("GET", url("Streaming", path))
        equal((a.status, a.headers["content-type"], a.body), (200, content_type, path[1:].encode()))


def whole():
    a = send("GET", url("Streaming", "/whole"))
    equal((a.status, a.body), (203, b"whole"))


def broken(name, then, *words):
    file = new_file()
    c = Curl(url(name, "/hold", file=file, then=then))
    equal(c.line(), b"first\n")
    make(file)
    equal(c.end(), (b"", 18))  # curl: a partial file
    equal(send("GET", url(name, "/untyped")).body, b"untyped")
    for word in words:
        assert word in g.log(), (word, g.log())


def fails():
    broken("Streaming", "fail", "Streaming: the function failed in the middle of its streamed reply: Function.HandlerError")


def exits():
    broken("Streaming", "exit", "bootstrap ended")


def times_out():
    broken("Hasty", "hang", "Hasty: Task timed out after 2.00 seconds")


def no_answer():
    for path, words in (("/broken-prelude", "the prelude of a stream: "), ("/early", "")):
        a = send("GET", url("Streaming", path))
        equal((path, a.status, a.body), (path, 502, b"Internal Server Error"))
        assert words in g.log(), g.log()


def leaves():
    file = new_file()
    c = Curl(url("Streaming", "/much", file=file))
    equal(len(c.process.stdout.read(100000)), 100000)
    c.process.kill()
    c.end()
    await_file(file)  # it was not stopped, and did not wait for a reader
    equal(send("GET", url("Streaming", "/untyped")).body, b"untyped")


def much():
    out = subprocess.run(["curl", "-sN", "-o", "/dev/null", "-w", "%{size_download}", url("Streaming", "/much")], capture_output=True)
    equal((out.stdout, out.returncode), (str(64 << 20).encode(), 0))


def head_request():
    out = subprocess.run(["curl", "-sI", url("Streaming", "/much")], capture_output=True)
    assert out.returncode == 0 and out.stdout.startswith(b"HTTP/1.1 201 "), out
    equal(send("GET", url("Streaming", "/untyped")).body, b"untyped")


def old_client():
    out = subprocess.run(["curl", "-s0", url("Streaming", "/untyped")], capture_output=True)
    equal((out.stdout, out.returncode), (b"untyped", 0))
    file = new_file()
    c = Curl("-0", url("Streaming", "/hold", file=file, then="fail"))
    equal(c.line(), b"first\n")
    make(file)
    equal(c.end(), (b"", 56))  # curl: the connection was reset


def caller_without_streams():
    a = send("GET", url("Buffered", "/whole"))
    equal((a.status, a.body), (203, b"whole"))
    file = new_file()
    make(file)
    equal(send("GET", url("Buffered", "/hold", file=file)).status, 502)
    assert "Buffered streamed a prelude to a caller that takes no stream" in g.log(), g.log()
    equal(send("GET", url("Buffered", "/much")).status, 502)
    equal(send("GET", url("Buffered", "/whole")).status, 203)


def stop_in_the_middle():
    file = new_file()
    with Gateway(build, "--bootstrap", streamer, template=TEMPLATE, callers=None) as other:
        c = Curl(url("Streaming", "/hold", other, file=file))
        equal(c.line(), b"first\n")
        equal(other.stop(), 0)
        equal(c.end(), (b"", 18))


def shipped_example():
    with Gateway(build, "--bootstrap", example, template=TEMPLATE, callers=None) as other:
        a = send("GET", url("Streaming", "/", other))
        equal((a.status, a.headers["content-type"], a.body), (200, "text/plain", b"line 1\nline 2\nline 3\n"))


with g:
    code = run_cases([
        ("the client has the first part before the function has written the last", first_before_last),
        ("status, fields and cookies come from the prelude; the length is the server's", head),
        ("without a prelude a stream is 200 with its content type, or bytes", without_prelude),
        ("a whole reply is understood behind a URL that streams", whole),
        ("a function that fails in the middle is no clean end", fails),
        ("a process that ends in the middle is no clean end", exits),
        ("a time-out in the middle is no clean end", times_out),
        ("a stream without a head is 502", no_answer),
        ("a client that leaves neither stops the function nor blocks its environment", leaves),
        ("a stream may be longer than a whole reply", much),
        ("HEAD gets the head, and the environment is free again", head_request),
        ("HTTP/1.0 gets a stream too, and a reset when it breaks off", old_client),
        ("a URL that does not stream gets the bytes, prelude and all", caller_without_streams),
        ("the end of apigw breaks streams off", stop_in_the_middle),
        ("the example of the runtime streams", shipped_example),
    ])
shutil.rmtree(work, ignore_errors=True)
sys.exit(code)
