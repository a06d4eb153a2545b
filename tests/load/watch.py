# SPDX-License-Identifier: Apache-2.0
"""What a process holds, as /proc tells it."""
import os, time

IDLE_S = 60


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


def is_connected(pid):
    """Whether it has a socket: a function that waits for its next event has one, and one that is just starting has none."""
    try:
        return any(os.readlink(f"/proc/{pid}/fd/{fd}").startswith("socket:") for fd in os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return False


def holdings(pid):
    return {"descriptors": count(pid, "fd"), "threads": count(pid, "task")}


def until_idle(pid, at_most):
    """Connections that ended are let go of by and by; True once there is no more than before."""
    limit = time.monotonic() + IDLE_S
    while True:
        now = holdings(pid)
        if all(now[k] <= at_most[k] for k in now):
            return now
        if time.monotonic() > limit:
            raise AssertionError(f"idle for {IDLE_S} s, and it holds {now}, before the load {at_most}")
        time.sleep(0.1)


def settled(pid):
    """What it holds once that no longer becomes less: the measure for later."""
    least, since = holdings(pid), time.monotonic()
    while time.monotonic() - since < 1:
        time.sleep(0.1)
        now = holdings(pid)
        if any(now[k] < least[k] for k in now):
            least, since = {k: min(now[k], least[k]) for k in now}, time.monotonic()
    return least
