# SPDX-License-Identifier: Apache-2.0
"""crashes.py PROGRAM PROGRAM.debug BOOTSTRAP [EMULATOR]: crash_program (tests/unit) and bootstrap, as they are packaged, die of
every signal. Judged are the POST, the log line, the end, and what scripts/frames.sh makes of the frames; one line a check."""
import json, os, queue, re, resource, signal, socket, subprocess, sys

from serve import EVENT, Fake

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ID = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"
SOURCE = "tests/unit/crash_program.c"
# What crashes, its signal, its type, functions that the report has to name, innermost first.
CRASHES = [
    ("null", "SIGSEGV", "Runtime.SegmentationFault", ["crash_null"]),
    ("call", "SIGSEGV", "Runtime.SegmentationFault", ["crash_call"]),
    ("strlen", "SIGSEGV", "Runtime.SegmentationFault", ["crash_strlen"]),
    ("sort", "SIGSEGV", "Runtime.SegmentationFault", ["crash_null", "compare", "crash_sort"]),
    ("stack", "SIGSEGV", "Runtime.StackOverflow", ["crash_stack", "crash_stack"]),
    ("abort", "SIGABRT", "Runtime.Aborted", ["crash_abort"]),
    ("bus", "SIGBUS", "Runtime.BusError", ["crash_bus"]),
    ("ill", "SIGILL", "Runtime.IllegalInstruction", ["crash_ill"]),
    ("fpe", "SIGFPE", "Runtime.ArithmeticError", ["crash_fpe"]),
]
CALLERS = ["crash_by_name", "handle", "lambda_run"]  # a full stack has 40 frames of its own
failed = 0


def check(sentence, condition, *what):
    global failed
    failed += not condition
    print(f"{'ok    ' if condition else 'FAILED'} {sentence}", *(() if condition else what))


def start(fake, command, handler="private", **more):
    return subprocess.Popen(command, env=fake.environment(handler, **more), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (0, 0)))


def end(process):
    """Exit status and log; the emulator adds lines of its own."""
    try:
        said = process.communicate(timeout=60)[0].decode(errors="replace")
    except subprocess.TimeoutExpired:
        process.kill()
        said = process.communicate()[0].decode(errors="replace")
    return process.returncode, [line for line in said.splitlines() if not line.startswith("qemu: ")]


def judge(name, fake, process, wanted, kind, path):
    status, log = end(process)
    number = getattr(signal, wanted)
    check(f"{name}: ends by {wanted}", status == -number, status, log)
    ours = [line for line in log if "\tFATAL\t" in line]
    check(f"{name}: one FATAL line with the type", len(ours) == 1 and "\tFATAL\tcrashed: " + kind in ours[0], log)
    try:
        body = json.loads(fake.take(1)[1]) if path else None
    except queue.Empty:
        body = {}
    posts = [(p, fields["Lambda-Runtime-Function-Error-Type"]) for p, fields in fake.posts]
    check(f"{name}: posted" if path else f"{name}: not posted", posts == ([(path, kind)] if path else []), posts)
    if path:
        check(f"{name}: the body says the same", body.get("errorType") == kind and body.get("signal") == wanted, body)
    return ours[0] if ours else "", body


def functions(text, debug):
    """The functions that the frames of a text resolve to, innermost first, and all that was printed."""
    done = subprocess.run(["sh", f"{ROOT}/scripts/frames.sh", debug], input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True)
    return re.findall(r"(\S+) at \S+$", done.stdout, re.MULTILINE), done.stdout


def in_order(wanted, names):
    rest = iter(names)
    return all(name in rest for name in wanted)


def crash(emulator, program, debug, name, wanted, kind, named):
    fake = Fake()
    fake.give(name)
    log, body = judge(name, fake, start(fake, [*emulator, program]), wanted, kind, f"/2018-06-01/runtime/invocation/{ID}/error")
    for text in (log, json.dumps(body)):
        names, printed = functions(text, debug)
        check(f"{name}: frames resolve", in_order([*named, *([] if name == "stack" else CALLERS)], names), printed)
    if name == "null":
        with open(f"{ROOT}/{SOURCE}") as f:
            line = next(n for n, text in enumerate(f, 1) if "line of the fault" in text)
        check("null: the first frame is the very line", f"crash_null at {SOURCE}:{line}\n" in printed, printed)
    return log


def killed_from_outside(emulator, bootstrap):
    fake = Fake()
    process = start(fake, [*emulator, bootstrap])
    fake.asked.wait(60)
    process.send_signal(signal.SIGSEGV)
    judge("bootstrap killed in next", fake, process, "SIGSEGV", "Runtime.SegmentationFault", None)

    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(60)
        fake = Fake()
        fake.give({**EVENT, "resource": "/public", "path": "/public"})
        process = start(fake, [*emulator, bootstrap], "public", PRIVATE_API_SERVICE="execute-api", PRIVATE_API_REGION="us-east-1",
                        PRIVATE_API_URL=f"http://127.0.0.1:{silent.getsockname()[1]}/dev/private")
        caller = silent.accept()[0]  # the handler waits for an answer that does not come
        process.send_signal(signal.SIGABRT)
        log, _ = judge("bootstrap killed in an invocation", fake, process, "SIGABRT", "Runtime.Aborted",
                       f"/2018-06-01/runtime/invocation/{ID}/error")
        check("bootstrap killed in an invocation: the log has its id", f"\t{ID}\tFATAL" in log, log)
        caller.close()


def main():
    program, debug, bootstrap, *emulator = sys.argv[1:]
    for row in CRASHES:
        log = crash(emulator, program, debug, *row)
    fake = Fake()
    judge("in init", fake, start(fake, [*emulator, program], CRASH_IN_INIT="bus"), "SIGBUS", "Runtime.BusError",
          "/2018-06-01/runtime/init/error")
    _, printed = functions(log, f"{os.path.dirname(bootstrap)}/bootstrap.debug")
    check("symbols of another build are refused", "this crash is of build" in printed, printed)
    killed_from_outside(emulator, bootstrap)
    if not emulator:  # the kernel keeps a container's first process from its own raise
        fake = Fake()
        fake.give("abort")
        status, log = end(start(fake, ["unshare", "--pid", "--fork", program]))
        check("process 1 of a container: reported, and ends", status == 128 + signal.SIGABRT and len(fake.posts) == 1, status, log)
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
