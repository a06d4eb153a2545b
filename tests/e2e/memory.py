# SPDX-License-Identifier: Apache-2.0
"""Memory stays flat: thousands of requests after a warm-up move no process by more than a few pages. memory.py BUILD_DIR
Not for a build with sanitizers, which keep freed memory on purpose."""
from apigw import *

build = os.path.abspath(sys.argv[1])
WARM_UP, REQUESTS, ALLOWED_KB = 500, 4000, 128


def resident_kb(pid):
    with open(f"/proc/{pid}/status") as f:
        return int(re.search(r"VmRSS:\s+(\d+)", f.read())[1])


def requests(url, n):
    parts = urllib.parse.urlsplit(url)
    c = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
    for i in range(n):
        c.request("GET", f"{parts.path}?n={i}")
        r = c.getresponse()
        r.read()
        equal(r.status, 200)
    c.close()


def flat():
    with Gateway(build) as g:
        pids = [g.process.pid, *g.children()]
        requests(g.public, WARM_UP)
        before = [resident_kb(p) for p in pids]
        requests(g.public, REQUESTS)
        grown = [resident_kb(p) - b for p, b in zip(pids, before)]
        assert max(grown) <= ALLOWED_KB, f"grown by {grown} KB over {REQUESTS} requests"


sys.exit(run_cases([("bug: 4,000 requests leave gateway and functions as large as they were (setenv kept every trace id)", flat)]))
