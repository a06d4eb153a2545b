# SPDX-License-Identifier: Apache-2.0
"""What happens around the invocations: SnapStart and SIGTERM."""
from trial import *
from wire import judge_error

SNAPSTART = {"AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start"}
REGISTER, EVENT_NEXT = f"POST {EXTENSION}/register", f"GET {EXTENSION}/event/next"


@case("snapstart", "before hook, GET /restore/next, after hook, then next on a connection made after the restore")
async def restored(t):
    await t.start("before,after", **SNAPSTART)
    rq = await t.request(f"GET {RESTORE_NEXT}")
    await t.said("hook before")
    assert "hook after" not in t.text, "the after hook ran before the restore"
    parked_on = rq.connection.number
    await rq.status(200)
    rq = await t.next()
    await t.said("hook after")
    assert rq.connection.number > parked_on, "the connection is older than the restore"
    await t.deliver(rq=rq)
    await (await t.post("response")).accept()
    await t.fine(connections=2)


@case("snapstart", "without hooks GET /restore/next is called all the same")
async def no_hooks(t):
    await t.start(**SNAPSTART)
    await (await t.request(f"GET {RESTORE_NEXT}")).status(200)
    await t.turn()
    await t.fine(connections=None)


@case("snapstart", "in every other kind of initialization /restore/next is never called, and no hook runs")
async def other_kinds(t):
    await t.start("before,after", AWS_LAMBDA_INITIALIZATION_TYPE="on-demand")
    await t.turn()
    await t.fine()
    assert "hook before" not in t.text and "hook after" not in t.text, t.text


@case("snapstart", "a before hook that fails is posted to /init/error, and the process ends")
async def before_fails(t):
    await t.start("before,before-fails", **SNAPSTART)
    rq = await t.request(f"POST {BASE}/init/error")
    await rq.read()
    equal((judge_error(rq)["errorType"], "told to fail" in rq.json["errorMessage"]), ("Runtime.BeforeSnapshotError", True))
    await rq.accept()
    await t.lost()


@case("snapstart", "an after hook that fails is posted to /restore/error, and the process ends")
async def after_fails(t):
    await t.start("after,after-fails", **SNAPSTART)
    await (await t.request(f"GET {RESTORE_NEXT}")).status(200)
    rq = await t.request(f"POST {BASE}/restore/error")
    await rq.read()
    equal((judge_error(rq)["errorType"], "told to fail" in rq.json["errorMessage"]), ("Runtime.AfterRestoreError", True))
    equal(rq.all("Lambda-Runtime-Invocation-Id"), [])
    await rq.accept()
    await t.lost()


def refused_restore(status):
    async def lost(t):
        await t.start("after", **SNAPSTART)
        await (await t.request(f"GET {RESTORE_NEXT}")).status(status)
        await t.lost()
        assert str(status) in t.text and "/restore/next" in t.text, t.text
        assert "hook after" not in t.text, "the after hook ran"
    case("snapstart", f"{status} to /restore/next ends the process, and no after hook runs")(lost)


for number in (403, 404, 500):
    refused_restore(number)


@case("snapstart", "a failed init under SnapStart is posted to /init/error before any restore")
async def init_fails(t):
    await t.start("init-fails,before", **SNAPSTART)
    rq = await t.request(f"POST {BASE}/init/error")
    await rq.read()
    await rq.accept()
    await t.lost()
    assert "hook before" not in t.text, "the before hook ran"


# --- SIGTERM ----------------------------------------------------------------------------------------------------------

async def registered(t, handler="shutdown", **variables):
    """The extension is registered and parked; the waiting GET /invocation/next."""
    await t.start(handler, **variables)
    rq = await t.request(REGISTER)
    await rq.read()
    equal(rq.json, {"events": []})
    assert rq.field("Lambda-Extension-Name"), rq.fields
    body = b'{"functionName":"f","functionVersion":"1","handler":"h"}'
    await rq.status(200, body, [("Lambda-Extension-Identifier", "id-4711")])
    found = {}
    for _ in range(2):
        rq = await t.request()
        found[rq.path] = rq
    equal(sorted(found), sorted([NEXT, f"{EXTENSION}/event/next"]))
    equal(found[f"{EXTENSION}/event/next"].all("Lambda-Extension-Identifier"), ["id-4711"])
    return found[NEXT]


@case("lifecycle", "a shutdown hook registers an extension without events before next; at SIGTERM it runs, exit 0")
async def sigterm(t):
    await t.start("shutdown")
    rq = await t.request(REGISTER)
    await rq.read()
    await rq.status(200, b"{}", [("Lambda-Extension-Identifier", "a")])
    await t.request()
    await t.request()
    assert "hook shutdown" not in t.text, "the hook ran too early"
    t.signal()
    await t.ended(0)
    equal(t.text.count("hook shutdown"), 1)


@case("lifecycle", "registration has a name, its identifier goes with event/next, and events are served beside it")
async def beside(t):
    rq = await registered(t)
    for _ in range(3):
        await t.deliver(rq=rq)
        await (await t.post("response")).accept()
        rq = await t.next()
    t.signal()
    await t.ended(0)
    await t.said("hook shutdown")


@case("lifecycle", "SIGTERM in the middle of an invocation runs the hook and ends with 0")
async def sigterm_midway(t):
    rq = await registered(t)
    await t.deliver(order("!hang"), rq=rq)
    await asyncio.sleep(0.05)
    t.signal()
    await t.ended(0)
    await t.said("hook shutdown")


@case("lifecycle", "a shutdown hook that does not return is ended after its 300 ms, logged, with exit code 1")
async def hook_hangs(t):
    await registered(t, "shutdown,shutdown-hangs")
    t.signal()
    await t.ended(1, "the shutdown hook did not return within 300 ms")


@case("lifecycle", "a second SIGTERM does not run the hook twice")
async def twice(t):
    await registered(t)
    t.signal()
    t.signal()
    await t.ended(0)
    equal(t.text.count("hook shutdown"), 1)


@case("lifecycle", "with concurrency SIGTERM runs the hook once")
async def concurrent(t):
    await t.start("shutdown", AWS_LAMBDA_MAX_CONCURRENCY="3")
    rq = await t.request(REGISTER)
    await rq.read()
    await rq.status(200, b"{}", [("Lambda-Extension-Identifier", "a")])
    lines = sorted([(await t.request()).line.split()[1] for _ in range(4)])
    equal(lines, sorted([f"{EXTENSION}/event/next", NEXT, NEXT, NEXT]))
    t.signal()
    await t.ended(0)
    equal(t.text.count("hook shutdown"), 1)


@case("lifecycle", "when the environment is lost the exit code is a failure, shutdown hook or not")
async def lost_with_hook(t):
    rq = await registered(t)
    await rq.status(500)
    await t.ended(None)


@case("lifecycle", "without a shutdown hook nothing is registered, and SIGTERM ends the process by itself")
async def no_hook(t):
    await t.start()
    await t.turn()
    await t.next()
    t.signal()
    await t.ended(-signal.SIGTERM)
    equal(len(t.connections), 1)


def refused_registration(status):
    async def refused(t):
        await t.start("shutdown")
        rq = await t.request(REGISTER)
        await rq.read()
        await rq.status(status, b'{"errorMessage":"no","errorType":"Extension.Refused"}')
        rq = await t.request()
        if rq.method == "POST":  # an init error is as good as going on without a hook
            equal(rq.path, f"{BASE}/init/error")
            await rq.read()
            await rq.accept()
        else:
            await rq.status(500)
        await t.ended(None)
        assert str(status) in t.text and "register" in t.text, "the log does not say what was refused"
    case("lifecycle", f"{status} to the registration is logged with its place")(refused)


for number in (400, 403, 500):
    refused_registration(number)


@case("lifecycle", "a registration without an identifier is logged with its place")
async def no_identifier(t):
    await t.start("shutdown")
    rq = await t.request(REGISTER)
    await rq.read()
    await rq.status(200, b"{}")
    rq = await t.request()
    await rq.read()
    await rq.status(202 if rq.method == "POST" else 500)
    await t.ended(None)
    assert "dentifier" in t.text, "the log does not name the field"
