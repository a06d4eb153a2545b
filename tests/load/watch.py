# SPDX-License-Identifier: Apache-2.0
"""What a process holds, as /proc tells it."""
import os, time


def count(pid, what):
    return len(os.listdir(f"/proc/{pid}/{what}"))


def resident_kb(pid):
    with open(f"/proc/{pid}/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmRSS:"))


def running(program):
    """The processes whose executable is `program`."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.readlink(f"/proc/{pid}/exe") == program:
                found.append(int(pid))
        except OSError:
            continue
    return found


def holdings(pid):
    return {"descriptors": count(pid, "fd"), "threads": count(pid, "task")}


def sockets(pid):
    """The inodes of its sockets."""
    found = set()
    try:
        for fd in os.listdir(f"/proc/{pid}/fd"):
            to = os.readlink(f"/proc/{pid}/fd/{fd}")
            if to.startswith("socket:["):
                found.add(to[8:-1])
    except OSError:
        pass
    return found


def serves_just(pid, clients):
    """Whether each of these processes has a connection that `pid` has accepted, and nobody else has one. A process that is only
    just starting has none; one that was asked for and not yet accepted is nobody's at its other end."""
    with open("/proc/net/tcp") as f:
        lines = [line.split() for line in f.readlines()[1:]]
    inodes = {(fields[1], fields[2]): fields[9] for fields in lines if fields[3] != "0A"}  # 0A: it listens
    server = sockets(pid)
    far = {inodes.get((b, a)) for (a, b), inode in inodes.items() if inode in server}
    own = [sockets(client) for client in clients]
    return all(o & far for o in own) and far <= set().union(*own)


def settled(pid):
    """What it holds once that has not changed for a second."""
    held, since = holdings(pid), time.monotonic()
    while time.monotonic() - since < 1:
        time.sleep(0.05)
        now = holdings(pid)
        if now != held:
            held, since = now, time.monotonic()
    return held
