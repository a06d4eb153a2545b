#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The gateway under load: every answer is judged, and afterwards it holds what it held before, and ends with 0.
run.py BUILD_DIR SECONDS [--wrk] [--valgrind] [--connections N] [--seed N]. Needs /usr/bin/python3 with botocore."""
import argparse, json, os, re, resource, shutil, subprocess, sys, tempfile, threading, time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "e2e")]
import watch
from apigw import Gateway, leaks, send
from judge import Judge
from plan import Planner

REQUESTS_A_SECOND = 256 # of all connections of the judge, again and again
WRK_CONNECTIONS, WRK_REQUESTS = 64, 3000
CONCURRENCY, FILL_S = 6, 120
ROUND_S = 10            # short of the 5 minutes that a signature is good for
# Of the second half's rounds over the first half's; what a sanitizer's allocator holds goes up and down by itself.
GROWTH_KB, GROWTH_SANITIZED_KB = 24 * 1024, 80 * 1024
COMPLAINTS = re.compile(r"AddressSanitizer|LeakSanitizer|runtime error:|ThreadSanitizer|==\d+==")
ASAN = "quarantine_size_mb=4:detect_leaks=1"  # what is kept back would look like growth


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build")
    parser.add_argument("seconds", type=float)
    parser.add_argument("--wrk", action="store_true", help="wrk with 64 connections beside the judge")
    parser.add_argument("--valgrind", action="store_true", help="apigw under valgrind")
    parser.add_argument("--connections", type=int, default=64, help="of the judge")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    return parser.parse_args()


class Loaded(Gateway):
    """Its functions are a copy of the program, so that no process of another run is taken for one of theirs."""

    def __init__(self, build, valgrind):
        self.program = os.path.join(tempfile.mkdtemp(prefix="load-"), "bootstrap")
        shutil.copy(os.path.join(build, "load_function"), self.program)
        super().__init__(build, "--bootstrap", self.program, "--concurrency", str(CONCURRENCY), template=os.path.join(HERE, "template.yaml"))
        self.arguments[:0] = ["env", "ASAN_OPTIONS=" + ASAN]
        if valgrind:
            self.arguments[2:2] = ["valgrind", "-q", "--error-exitcode=99", "--leak-check=full", "--show-leak-kinds=definite",
                                   "--errors-for-leak-kinds=definite"]

    def __exit__(self, *_):
        super().__exit__()
        shutil.rmtree(os.path.dirname(self.program), ignore_errors=True)


def lua_text(data):
    return '"' + "".join(f"\\{b:03d}" for b in data) + '"'


def write_lua(planned, path):
    with open(path, "w", encoding="ascii") as f:
        f.write("return {\n")
        for p in planned:
            echo = json.dumps(p.reply["body"]) if p.status == 200 else ""
            f.write(f'{{id="{p.id}", status={p.status}, echo={lua_text(echo.encode())}, raw={lua_text(p.raw)}}},\n')
        f.write("}\n")


def start_wrk(g, planner, seconds):
    """What wrk sends repeats, so nothing in it may stop a process for long or go to another port."""
    path = os.path.join(g.folder, "requests.lua")
    write_lua(planner.make("w", WRK_REQUESTS, without=("open", "torn", "stuck", "large")), path)
    return subprocess.Popen(["wrk", "-t2", f"-c{WRK_CONNECTIONS}", f"-d{seconds:.0f}s", "--timeout", "60s", "-s",
                             os.path.join(HERE, "wrk.lua"), g.private], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            env={**os.environ, "LOAD_REQUESTS": path})


def judge_wrk(process):
    """(number of answers, what is wrong)"""
    said = process.communicate()[0]
    found = re.search(r"^JUDGED (.*)$", said, re.M)
    if process.returncode or not found:
        return 0, [f"wrk ended with {process.returncode}: {said[-500:]}"]
    n = {k: int(v) for k, v in (part.split("=") for part in found.group(1).split())}
    bad = [line for line in said.splitlines() if line.startswith("WRONG ")]
    if n["wrong"] or n["sockets"]:
        bad.append(f"wrk: {n['wrong']} wrong answers, {n['sockets']} failed connections")
    for status in ("200", "403", "502"):  # what was on its way at the end is sent and not got
        if not 0 <= n["sent" + status] - n["got" + status] <= WRK_CONNECTIONS:
            bad.append(f"wrk: {n['sent' + status]} requests ask for {status}, {n['got' + status]} answers are that")
    return n["got200"] + n["got403"] + n["got502"], bad


def one_round(g, asked, planner, judge, number, seconds):
    each = max(1, round(REQUESTS_A_SECOND * seconds / asked.connections))
    plans = [planner.make(f"r{number}c{i}n", each) for i in range(asked.connections)]
    wrk = start_wrk(g, planner, seconds) if asked.wrk else None
    judge.run(plans, seconds)
    return judge_wrk(wrk) if wrk else (0, [])


def fill(g, planner, judge, wanted=None):
    """Requests that take their time, until every function has all the processes it may have, and the gateway serves them and nobody
    else: what it then holds can be compared, whichever processes ended before. wanted: what it is to hold; that is waited for."""
    limit = time.monotonic() + FILL_S
    plans = [[planner.one(f"f{i}{kind}{k}", kind) for k in range(4)] for i in range(2 * CONCURRENCY) for kind in ("slow", "open")]
    while True:
        judge.run(plans, 0.5)
        held, processes = watch.settled(g.process.pid), watch.running(g.program)
        n, alone = len(processes), watch.serves_just(g.process.pid, processes)
        if n == 2 * CONCURRENCY and alone and held == (wanted or held):
            return held
        assert n <= 2 * CONCURRENCY, f"{n} processes of two functions, each of which may have {CONCURRENCY}"
        assert time.monotonic() < limit, (f"{n} processes{'' if alone else ', not the only ones with a connection'}, after {FILL_S} s of "
                                          f"requests the gateway holds {held}, before the load {wanted}")


def is_sanitized(build):
    with open(os.path.join(build, "apigw"), "rb") as f:
        return b"__asan_init" in f.read()


def explained(g, wrong):
    """The first findings, each with what the gateway's log says of that request."""
    log = g.log().splitlines() if wrong else []
    return [f"{text}; log: {[line for line in log if id_ and id_ in line]}" for text, id_ in wrong[:10]] + \
        [text for text, _ in wrong[10:]]


def load(g, asked):
    """(what is wrong, the line that tells about the run)"""
    pid, planner, judge, wrong = g.process.pid, Planner(g, asked.seed), Judge(g), []
    before = fill(g, planner, judge)
    by_wrk, sizes, begin = 0, [], time.monotonic()
    rounds = max(2, round(asked.seconds / ROUND_S))
    for number in range(rounds):
        n, bad = one_round(g, asked, planner, judge, number, asked.seconds / rounds)
        by_wrk, wrong = by_wrk + n, wrong + bad
        after = fill(g, planner, judge, before)
        sizes.append(watch.resident_kb(pid))
    seconds = time.monotonic() - begin
    half = len(sizes) // 2
    if max(sizes[half:]) - max(sizes[:half]) > (GROWTH_SANITIZED_KB if is_sanitized(asked.build) else GROWTH_KB):
        wrong.append(f"resident memory grew from round to round: {sizes} KiB")
    last = send("POST", g.public + "?id=last&do=answer", {"Content-Type": "text/plain"}, b"last")
    if last.status != 200 or last.json()["body"] != "last":
        wrong.append(f"after the load: {last}")
    n = sum(judge.kinds.values())
    kinds = ", ".join(f"{k} {v}" for k, v in judge.kinds.most_common())
    return explained(g, judge.wrong) + wrong, (f"{n} answers judged ({kinds}), {by_wrk} by wrk; {(n + by_wrk) / seconds:.0f} a second; "
                                 f"held before {before}, after {after}; resident {sizes} KiB; seed {asked.seed}")


def stop_in_the_middle(g, asked):
    """SIGTERM while requests are on their way: they may end without an answer or with a 5xx, and never with another one's 200."""
    planner, judge = Planner(g, asked.seed + 1), Judge(g)
    plans = [planner.make(f"s{i}n", 20) for i in range(asked.connections)]
    sender = threading.Thread(target=judge.run, args=(plans, FILL_S))
    sender.start()
    while sum(judge.kinds.values()) < asked.connections and sender.is_alive():
        time.sleep(0.01)
    code = g.stop()
    sender.join()
    wrong = [f"while it stopped: {text}" for text, _ in judge.wrong if "got 200" in text or "got another answer" in text]
    return wrong + ([f"apigw ended with {code}"] if code else [])


def main():
    asked = arguments()
    asked.build = os.path.abspath(asked.build)
    if asked.wrk and not shutil.which("wrk"):
        print("load: wrk is not installed (Debian: wrk)", file=sys.stderr)
        return 1
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with Loaded(asked.build, asked.valgrind) as g:
        try:
            wrong, line = load(g, asked)
        except AssertionError as problem:
            wrong, line = [str(problem)], f"seed {asked.seed}"
        wrong += stop_in_the_middle(g, asked)
        if left := watch.running(g.program):
            wrong.append(f"processes are left: {left}")
        wrong += [f"in the log: {text}" for text in g.log().splitlines() if COMPLAINTS.search(text)][:20]
    print(line)
    for text in wrong[:20]:
        print("WRONG  " + text)
    print(f"{1 if not wrong else 0} passed, {1 if wrong else 0} failed" + (f" ({len(wrong)} findings)" if wrong else ""))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
