# SPDX-License-Identifier: Apache-2.0
"""Memory stays flat: thousands of requests after a warm-up move no process by more than a few pages. memory.py BUILD_DIR
Not for a build with sanitizers, which keep freed memory on purpose."""
from apigw import *

build = os.path.abspath(sys.argv[1])
WARM_UP, REQUESTS, ALLOWED_KB = 500, 4000, 128


def resident_kb(pid):
    with open(f"/proc/{pid}/status") as f:
        return int(re.search(r"VmRSS:\s+(\d+)", f.read())[1])


def requests(connection, path, n):
    for i in range(n):
        connection.request("GET", f"{path}?n={i}")
        r = connection.getresponse()
        r.read()
        equal(r.status, 200)


def flat():
    """On one connection, for the server's memory of a connection comes and goes with it."""
    with Gateway(build) as g:
        parts = urllib.parse.urlsplit(g.public)
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=120)
        pids = [g.process.pid, *g.children()]
        requests(connection, parts.path, WARM_UP)
        before = [resident_kb(p) for p in pids]
        requests(connection, parts.path, REQUESTS)
        grown = [resident_kb(p) - b for p, b in zip(pids, before)]
        connection.close()
        assert max(grown) <= ALLOWED_KB, f"grown by {grown} KB over {REQUESTS} requests"


sys.exit(run_cases([("bug: 4,000 requests leave gateway and functions as large as they were (setenv kept every trace id)", flat)]))
