#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What one invocation costs a runtime that echoes its event. runtime.py BUILD_DIR [NAME=]PROGRAM... [--peer PROGRAM]...
BUILD_DIR holds runtime_server and runtime_floor. The ratios are against the first peer.

Processor time, page faults and memory are read by runtime_server from the kernel, from one waiting GET next to another;
each figure is the median of ROUNDS rounds in which the programs take turns. System calls are strace's count and
instructions callgrind's (user space), of a long run less a short one. All on one core, server and program (`--core N`), for
then no wake-up of another core is measured; `--other-core N` puts the program on another one."""
import argparse, json, os, re, shutil, statistics, subprocess, sys, tempfile

# event bytes: events per round, events of the two counted runs
SIZES = {64: (10000, (50, 250)), 1024: (10000, (50, 250)), 102400: (2000, (20, 120)), 6000000: (40, (2, 8))}
ROUNDS, WARM_UP, FLAT_EVENTS, FLAT_BYTES, FLAT_KB = 5, 20, 200000, 1024, 128
NOT_MEASURED = "not measured"


class Bench:
    def __init__(self, asked):
        self.server, self.core, self.other = os.path.join(asked.build, "runtime_server"), asked.core, asked.other_core

    def run(self, size, n, command, warm_up=WARM_UP):
        """runtime_server's figures."""
        pin = ["taskset", "-c", str(self.core)] if shutil.which("taskset") else []
        inner = ["taskset", "-c", str(self.other)] if pin and self.other is not None else []
        done = subprocess.run([*pin, self.server, str(size), str(warm_up), str(n), *inner, *command],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"runtime.py: {' '.join(command)}: {done.stderr.strip()[-1000:]}")
        return json.loads(done.stdout)

    def counted(self, size, runs, tool, pattern, command):
        """What the tool counts for one event: the difference of two runs, so that the start is not in it."""
        if not shutil.which(tool[0]):
            return None
        counts = []
        for n in runs:
            with tempfile.NamedTemporaryFile("r") as out:
                self.run(size, n, [*(w.replace("OUT", out.name) for w in tool), *command], 0)
                found = re.search(pattern, out.read(), re.M)
            if not found:
                return None
            counts.append(int(found[1]))
        return (counts[1] - counts[0]) / (runs[1] - runs[0])

    def calls(self, size, runs, command):
        return self.counted(size, runs, ["strace", "-f", "-c", "-o", "OUT"], r"^100\.00 +\S+ +(?:\d+ +)?(\d+) .*total$", command)

    def instructions(self, size, runs, command):
        tool = ["valgrind", "--tool=callgrind", "--callgrind-out-file=OUT", "-q"]
        return self.counted(size, runs, tool, r"^(?:totals|summary): (\d+)", command)


def median(rounds, key):
    return statistics.median(r[key] for r in rounds)


def shown(number, form):
    return NOT_MEASURED if number is None else format(number, form)


def measure(bench, size, programs, peer):
    n, runs = SIZES[size]
    rounds = {name: [] for name in programs}
    for _ in range(ROUNDS):
        for name, command in programs.items():
            rounds[name].append(bench.run(size, n, command))
    against = median(rounds[peer], "cpu_us") if peer else None
    print(f"\n{size} bytes: median of {ROUNDS} rounds of {n} events\n"
          f"{'':24}{'CPU us':>10}{'user':>9}{'system':>9}{'ratio':>7}{'wall us':>10}{'calls':>14}{'instructions':>14}"
          f"{'faults':>9}{'peak KB':>9}")
    for name, command in programs.items():
        cpu = median(rounds[name], "cpu_us")
        ratio = f"{cpu / against:.2f}" if against else "-"
        print(f"{name:24}{cpu:10.1f}{median(rounds[name], 'user_us'):9.1f}{median(rounds[name], 'system_us'):9.1f}{ratio:>7}"
              f"{median(rounds[name], 'wall_us'):10.1f}{shown(bench.calls(size, runs, command), '.1f'):>14}"
              f"{shown(bench.instructions(size, runs, command), ',.0f'):>14}{median(rounds[name], 'faults'):9.2f}"
              f"{median(rounds[name], 'peak_kb'):9.0f}", flush=True)


def flat(bench, programs):
    """Memory after 1,000 events and after 200,000 more. Returns the names of ours that grew."""
    print(f"\nresident memory over {FLAT_EVENTS:,} events of {FLAT_BYTES} bytes, after the first 1,000:")
    grown = []
    for name, command in programs.items():
        got = bench.run(FLAT_BYTES, FLAT_EVENTS, command, 1000)
        growth = got["rss_kb"] - got["rss_kb_first"]
        print(f"{name:24}{got['rss_kb_first']} KB, then {got['rss_kb']} KB", flush=True)
        if growth > FLAT_KB and not name.startswith("peer"):
            grown.append(name)
    return grown


def read_programs(asked):
    programs, missing = {"floor (raw sockets)": [os.path.join(asked.build, "runtime_floor")]}, []
    texts = asked.programs + [f"peer{i + 1}={path}" for i, path in enumerate(asked.peer)]
    for name, _, path in (text.rpartition("=") for text in texts):
        if os.access(path, os.X_OK):
            programs[name or path] = [os.path.abspath(path)]
        else:
            missing.append(f"{name or 'program'} ({path})")
    return programs, missing


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("build")
    parser.add_argument("programs", nargs="*", metavar="[NAME=]PROGRAM")
    parser.add_argument("--peer", action="append", default=[], metavar="PROGRAM", help="another runtime's echo")
    parser.add_argument("--core", type=int, default=(os.cpu_count() or 1) - 1)
    parser.add_argument("--other-core", type=int)
    parser.add_argument("--size", type=int, action="append", choices=list(SIZES), help="this one alone")
    parser.add_argument("--no-flat", action="store_true", help="without the 200,000 events")
    asked = parser.parse_args()
    asked.build = os.path.abspath(asked.build)
    bench = Bench(asked)
    programs, missing = read_programs(asked)
    peer = next((p for p in programs if p.startswith("peer")), None)
    program_core = asked.core if asked.other_core is None else asked.other_core
    pinned = f"taskset: server on core {asked.core}, program on core {program_core}"
    print(f"An echo, keep-alive on loopback; {pinned if shutil.which('taskset') else 'not pinned: taskset is missing'}; "
          f"ratio: CPU against {peer or 'nothing'}")
    for name in (p for p in programs if p.startswith("peer")):
        print(f"{name} is {programs[name][0]}")
    for size in asked.size or SIZES:
        measure(bench, size, programs, peer)
    grown = [] if asked.no_flat else flat(bench, programs)
    for name in missing:
        print(f"not measured: {name}: no such program")
    if not peer:
        print('not measured: a peer (give PEERS="path/to/bootstrap ...", an echo)')
    if grown:
        sys.exit(f"runtime.py: memory grew by more than {FLAT_KB} KB: {', '.join(grown)}")


if __name__ == "__main__":
    main()
