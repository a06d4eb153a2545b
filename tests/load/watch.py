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


def settled(pid):
    """What it holds once that no longer becomes less: the measure for later."""
    least, since = holdings(pid), time.monotonic()
    while time.monotonic() - since < 1:
        time.sleep(0.1)
        now = holdings(pid)
        if any(now[k] < least[k] for k in now):
            least, since = {k: min(now[k], least[k]) for k in now}, time.monotonic()
    return least
