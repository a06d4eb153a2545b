#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every row of the Runtime API, and every way in which it can go wrong, against a real process. run.py SUBJECT [WORD]...
Each case is a server that plays a script (see trial.py). WORDs choose cases by their group or by a part of their sentence.
  --foreign             SUBJECT is another runtime's echo: cases that need our subject are left out, differences are reported
  --jobs N              so many cases at once
  SUBJECT_WRAPPER       runs the subject under a tool, e.g. "valgrind -q --error-exitcode=99"
  RUNTIME_API_GROUPS    these groups alone, e.g. "concurrency,stream" """
import argparse, asyncio, os, sys, time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cases_answer, cases_concurrency, cases_failure, cases_lifecycle, cases_next, cases_stream  # they fill CASES
from trial import CASES, WRAPPER, Gone, NeedsSubject, Trial

CASE_S = 320


async def run_case(function, asked):
    """What is wrong, as text; None: nothing. NeedsSubject is raised through."""
    trial, wrong = Trial(os.path.abspath(asked.subject), asked.foreign), []
    try:
        await asyncio.wait_for(function(trial), CASE_S)
    except NeedsSubject:
        raise
    except asyncio.TimeoutError:
        wrong.append(f"not done after {CASE_S} s")
    except (AssertionError, Gone, OSError) as problem:
        wrong.append(str(problem) or type(problem).__name__)
    except Exception as problem:  # a case that is broken itself is a failed case
        wrong.append(f"{type(problem).__name__}: {problem}")
    finally:
        await trial.close()
    wrong += [f for f in trial.faults if f not in wrong]
    if not wrong:
        return None
    return "\n".join([w[:1500] for w in wrong] + ["| " + line[:300] for line in trial.text.splitlines()[-6:]])


class Report:
    def __init__(self, asked):
        self.asked, self.passed, self.failed, self.left_out = asked, 0, [], 0
        self.gate = asyncio.Semaphore(asked.jobs)
        self.slow = asyncio.Semaphore(1)  # those that move many megabytes, one at a time

    async def run(self, group, sentence, function, slow):
        async with self.slow if slow else self.gate:
            begin = time.monotonic()
            try:
                wrong = await run_case(function, self.asked)
            except NeedsSubject:
                self.left_out += 1
                return
            took = f" ({time.monotonic() - begin:.1f} s)" if time.monotonic() - begin > 2 else ""
        if wrong is None:
            self.passed += 1
            print(f"ok      {group}: {sentence}{took}", flush=True)
            return
        self.failed.append(sentence)
        word = "DIFFERS" if self.asked.foreign else "FAILED "
        print(f"{word} {group}: {sentence}{took}\n        " + wrong.replace("\n", "\n        "), flush=True)

    def end(self, seconds):
        left_out = f", {self.left_out} left out (they need our subject)" if self.left_out else ""
        print(f"{self.passed} passed, {len(self.failed)} failed{left_out}, {seconds:.0f} s")
        return 1 if self.failed and not self.asked.foreign else 0


def chosen(words):
    groups = [g for g in os.environ.get("RUNTIME_API_GROUPS", "").split(",") if g]
    cases = [c for c in CASES if not groups or c[0] in groups]
    return [c for c in cases if not words or any(w == c[0] or w in c[1] for w in words)]


async def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("subject")
    parser.add_argument("words", nargs="*")
    parser.add_argument("--foreign", action="store_true")
    parser.add_argument("--jobs", type=int, default=3 if WRAPPER else 6)
    asked = parser.parse_args()
    if not os.access(asked.subject, os.X_OK):
        sys.exit(f"run.py: {asked.subject} is not there: build it first")
    cases, report, begin = chosen(asked.words), Report(asked), time.monotonic()
    if not cases:
        sys.exit("run.py: no case of that name")
    await asyncio.gather(*(report.run(*c) for c in cases))
    return report.end(time.monotonic() - begin)


if __name__ == "__main__":
    try:
        sys.exit(asyncio.run(main()))
    except KeyboardInterrupt:
        sys.exit(130)
