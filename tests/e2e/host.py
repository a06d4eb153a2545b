# SPDX-License-Identifier: Apache-2.0
"""Where apigw start listens. What is tried here has a network of its own, so that nobody can reach it. host.py BUILD_DIR"""
import fcntl
import socket
import struct

from apigw import *

build = os.path.abspath(sys.argv[1])
INSIDE = "inside a network of its own"


def listening():
    """{port: address} of this network, as /proc shows it: little-endian hexadecimal digits."""
    with open("/proc/self/net/tcp", encoding="ascii") as f:
        rows = [line.split() for line in f][1:]
    places = [row[1].split(":") for row in rows if row[3] == "0A"]
    return {int(port, 16): address for address, port in places}


def start(*arguments):
    with Gateway(build, *arguments) as g:
        ports = [int(re.search(r":(\d+)", url).group(1)) for url in g.listening.values()]
        found = listening()
        others = [address for port, address in found.items() if port not in ports]
        return [found[port] for port in ports], others, g.log()


def on_loopback():
    apis, others, log = start()
    equal((set(apis), set(others), "warning" in log), ({"0100007F"}, {"0100007F"}, False))


def everywhere():
    apis, others, log = start("--host", "0.0.0.0")
    equal((set(apis), set(others)), ({"00000000"}, {"0100007F"}))
    assert "warning: the APIs and STS listen on every interface" in log, log


def refused_host():
    r = subprocess.run([os.path.join(build, "apigw"), "start", "--host", "192.0.2.1"], capture_output=True, text=True, timeout=30)
    assert r.returncode == 2 and "--host wants 127.0.0.1 or 0.0.0.0, not 192.0.2.1" in r.stderr, r


if sys.argv[2:] != [INSIDE]:
    ways = (["unshare", "-n"], ["unshare", "-rn"])  # of root, and of whoever may be root in a namespace
    namespace = next((w for w in ways if subprocess.run([*w, "true"], capture_output=True, check=False).returncode == 0), None)
    if not namespace:
        print("not run: this user may not make a network namespace")
        sys.exit(77)
    sys.exit(subprocess.run([*namespace, sys.executable, os.path.abspath(__file__), build, INSIDE], check=False).returncode)

with socket.socket() as s:  # lo begins switched off
    fcntl.ioctl(s, 0x8914, struct.pack("16sH14x", b"lo", 1))
sys.exit(run_cases([
    ("everything listens on loopback", on_loopback),
    ("--host 0.0.0.0 opens the APIs and STS with a warning, and never a Runtime API", everywhere),
    ("any other --host is wrong usage", refused_host),
]))
