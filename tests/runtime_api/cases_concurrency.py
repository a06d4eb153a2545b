# SPDX-License-Identifier: Apache-2.0
"""AWS_LAMBDA_MAX_CONCURRENCY: as many workers with a connection each, and nothing shared but the process."""
from trial import *

FOUR = {"AWS_LAMBDA_MAX_CONCURRENCY": "4", "AWS_LAMBDA_LOG_FORMAT": "json"}


async def parked(t, n=4):
    """n waiting GETs, each on a connection of its own."""
    found = [await t.next() for _ in range(n)]
    equal(len({rq.connection.number for rq in found}), n, "connections of the waiting workers")
    return found


async def all_fine(t, n=4):
    """Every worker waits again, no connection more; then the environment is taken away."""
    found = await parked(t, n)
    await t.quiet()
    equal(len(t.connections), n)
    for rq in found:
        try:
            await rq.status(500)
        except Gone:  # the first 500 is enough for it to leave
            pass
    await t.lost("500")


@case("concurrency", "with 4 there are exactly 4 waiting GETs, on 4 connections")
async def exactly_four(t):
    await t.start(**FOUR)
    for rq in await parked(t):
        await t.deliver(b"one each", rq=rq)
    for _ in range(4):
        rq = await t.any_post()
        equal(rq.body, b"one each")
        await rq.accept()
    await all_fine(t)


@case("concurrency", "4 invocations that end in reverse order are answered in that order, each under its id")
async def out_of_order(t):
    await t.start(**FOUR)
    fifos = [t.fifo(str(i)) for i in range(4)]
    for i, rq in enumerate(await parked(t)):
        await rq.answer(t.event(order(f"!wait {fifos[i]}"), request_id=f"r-{i}", invocation_id=f"d-{i}"))
    for i in (3, 1, 0, 2):
        await t.write_fifo(fifos[i], f"reply {i}")
        rq = await t.post("response", f"r-{i}")
        equal(rq.body, b"reply %d" % i)
        await rq.accept()
    await all_fine(t)


@case("concurrency", "one invocation that fails does not touch the other three")
async def one_fails(t):
    await t.start(**FOUR)
    fifos = [t.fifo(str(i)) for i in range(4)]
    for i, rq in enumerate(await parked(t)):
        await rq.answer(t.event(order(f"!wait {fifos[i]}"), request_id=f"r-{i}"))
    await t.write_fifo(fifos[2], "fail")
    await (await t.post("error", "r-2")).accept()
    for i in (0, 1, 3):
        await t.write_fifo(fifos[i], "fine")
        await (await t.post("response", f"r-{i}")).accept()
    await all_fine(t)


@case("concurrency", "410 and 413 for one worker are its own affair")
async def one_refused(t):
    await t.start(**FOUR)
    found = await parked(t)
    for i, status in enumerate((410, 413, 400, 202)):
        await t.deliver(rq=found[i], request_id=f"r-{i}")
        await (await t.post("response", f"r-{i}")).status(status)
    await all_fine(t)


@case("concurrency", "a worker whose connection is cut while it waits takes a new one; the others keep theirs")
async def one_cut(t):
    await t.start(**FOUR)
    found = await parked(t)
    found[1].cut()
    again = await t.next()
    equal(again.connection.number, 5)
    await t.deliver(rq=again)
    await (await t.post("response")).accept()
    await t.next()
    equal(len(t.connections), 5)


@case("concurrency", "500 for one worker ends the whole process, waiting workers too")
async def one_lost(t):
    await t.start(**FOUR)
    found = await parked(t)
    await t.deliver(rq=found[0])
    await (await t.post("response")).status(500)
    await t.lost()
    assert "500" in t.text, "the log does not say why"


@case("concurrency", "403 on one next ends the whole process")
async def one_forbidden(t):
    await t.start(**FOUR)
    await (await parked(t))[3].status(403)
    await t.lost()
    assert "403" in t.text, "the log does not say why"


@case("concurrency", "the trace id comes with the invocation, and never in the environment that all threads share")
async def no_trace_variable(t):
    await t.start(AWS_LAMBDA_MAX_CONCURRENCY="1")
    seen = await t.show(more=[("Lambda-Runtime-Trace-Id", "Root=1-2-3")])
    equal((seen["trace_id"], seen["variable"]), ("Root=1-2-3", "(absent)"))
    await t.fine()


@case("concurrency", "lines of parallel invocations carry their own request ids and never mix")
async def log_lines(t):
    await t.start(**FOUR)
    for i in range(200):
        rq = await t.next()
        await t.deliver(order(f"!log line of {i} " + "x" * 500), rq=rq, request_id=f"r-{i}")
        await (await t.post("response", f"r-{i}")).accept()
    for rq in await parked(t):
        await t.deliver(order("!log at once " + "y" * 1500), rq=rq)
    for _ in range(4):
        await (await t.any_post()).accept()
    await all_fine(t)
    records = [r for r in log_records(t) if "line of" in r["message"]]
    equal([r["requestId"] for r in records], [f"r-{r['message'].split()[2]}" for r in records])
    equal(len(records), 200)
    equal(len([r for r in log_records(t) if "at once" in r["message"]]), 4)


@case("concurrency", "2,000 invocations over 4 workers: every reply is its event, under its id, on 4 connections", slow=True)
async def many(t):
    await t.start(**FOUR)
    waiting, bodies, answered = await parked(t), {}, 0
    while answered < 2000:
        while waiting and len(bodies) + answered < 2000:
            rq = waiting.pop()
            body = b"event %d " % t.number + b"z" * (t.number * 37 % 3000)
            bodies[await t.deliver(body, rq=rq)] = body
        rq = await t.request()
        if rq.method == "GET":
            waiting.append(rq)
            continue
        await rq.read()
        equal(rq.body, bodies.pop(rq.path.split("/")[-2]))
        answered += 1
        await rq.accept()
    equal(len(t.connections), 4)


@case("concurrency", "a stream, its failure and a buffered reply go on at the same time")
async def streams(t):
    await t.start(**FOUR)
    found = await parked(t)
    await t.deliver(order("!stream 100000000 65536 a/b"), rq=found[0], request_id="endless")
    endless = await t.post("response", "endless", read=False)
    await t.deliver(order("!stream 1000 100 a/b\ntype=Function.Half"), rq=found[1], request_id="half")
    half = await t.post("response", "half")
    equal(half.trailer("Lambda-Runtime-Function-Error-Type"), "Function.Half")
    await half.accept()
    await t.deliver(b"plain", rq=found[2], request_id="plain")
    await (await t.post("response", "plain")).accept()
    await endless.read(keep=False)
    equal(endless.size, 100000000)
    await endless.accept()
    equal(len(t.connections), 4)


@case("concurrency", "the watchdog answers for a handler at its deadline; what it returns later is dropped")
async def watchdog(t):
    await t.start("watchdog", AWS_LAMBDA_MAX_CONCURRENCY="2")
    found, path = await parked(t, 2), t.fifo("late")
    await found[0].answer(t.event(order(f"!wait {path}"), request_id="slow", invocation_id="d-1",
                                  deadline_ms=int(time.time() * 1000) + 300))
    rq = await t.post("error", "slow")
    assert re.search("time|deadline", rq.json["errorMessage"], re.I), rq.json
    await rq.accept()
    await t.deliver(b"meanwhile", rq=found[1], request_id="quick")
    await (await t.post("response", "quick")).accept()
    await t.next()
    await t.write_fifo(path, "too late")
    await t.next()
    await t.quiet()


@case("concurrency", "the watchdog leaves alone who is in time, and who has no deadline")
async def watchdog_in_time(t):
    await t.start("watchdog", AWS_LAMBDA_MAX_CONCURRENCY="2")
    found = await parked(t, 2)
    deadline_s = time.time() + 5
    await t.deliver(b"in time", rq=found[0], request_id="a", deadline_ms=int(deadline_s * 1000))
    await (await t.post("response", "a")).accept()
    await t.deliver(b"no deadline", rq=found[1], fields=[("Lambda-Runtime-Aws-Request-Id", "b")], request_id="b")
    await (await t.post("response", "b")).accept()
    await parked(t, 2)
    await t.quiet(max(0, deadline_s - time.time()) + 0.2)


def bad_number(text):
    async def refused(t):
        await t.start(AWS_LAMBDA_MAX_CONCURRENCY=text)
        rq = await t.request()
        if rq.method == "POST":
            equal(rq.path, f"{BASE}/init/error")
            await rq.read()
            await rq.accept()
        else:
            await rq.status(500)
        await t.ended(None)
        assert "AWS_LAMBDA_MAX_CONCURRENCY" in t.text, "the log does not name the variable"
    case("concurrency", f"AWS_LAMBDA_MAX_CONCURRENCY={text!r} is named in the log and harms nothing")(refused)


for word in ("0", "-1", "four", "99999999999999999999"):
    bad_number(word)
