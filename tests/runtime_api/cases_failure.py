# SPDX-License-Identifier: Apache-2.0
"""POST /invocation/{id}/error and /init/error: what a failure says, and crashes."""
from trial import *
from wire import ERROR_TYPE, judge_error

TYPE, CAUSE = "Lambda-Runtime-Function-Error-Type", "Lambda-Runtime-Function-XRay-Error-Cause"
INIT_ERROR = f"POST {BASE}/init/error"


@case("failure", "a failure is posted with its sentence and a type, logged, and the process lives on")
async def fails(t):
    await t.start()
    rq = await t.turn(order("!fail the sentence of this failure"), tail="error")
    equal(rq.json["errorMessage"], "the sentence of this failure")
    equal(rq.json["errorType"], rq.field(TYPE))
    equal(rq.field("Content-Type"), "application/json")
    await t.said("the sentence of this failure")
    await t.turn()
    await t.fine()


@case("failure", "a handler that fails without saying why is an error all the same")
async def fails_silently(t):
    await t.start()
    rq = await t.turn(order("!silent"), tail="error")
    assert rq.json["errorMessage"], rq.json
    await t.turn()
    await t.fine()


@case("failure", "type, message, stack and cause of lambda_set_failure are sent as given")
async def set_failure(t):
    await t.start()
    cause = '{"working_directory":"/var/task","exceptions":[],"paths":[],"message":"m"}'
    lines = f'type=Function.BadInput\nmessage=not "this" \\ way\nstack=a.c:1\nstack=b.c:2\ncause={cause}'
    rq = await t.turn(order(f"!failure\n{lines}"), tail="error")
    equal(rq.json["errorMessage"], 'not "this" \\ way')
    equal((rq.json["errorType"], rq.field(TYPE)), ("Function.BadInput", "Function.BadInput"))
    equal(rq.json["stackTrace"], ["a.c:1", "b.c:2"])
    equal(rq.field(CAUSE), cause)
    rq = await t.turn(order("!fail plain"), tail="error")
    equal((rq.json["stackTrace"], rq.json["errorMessage"]), ([], "plain"), "the failure after it")
    await t.fine()


@case("failure", "without a message the sentence of err is the message, and a cause is made")
async def defaults(t):
    await t.start()
    rq = await t.turn(order("!failure\ntype=Function.BadInput\nstack=main.c:7"), tail="error")
    equal(rq.json["errorMessage"], "the sentence of err")
    cause = json.loads(rq.field(CAUSE))
    equal(cause["exceptions"][0]["type"], "Function.BadInput")
    equal(cause["exceptions"][0]["message"], "the sentence of err")
    assert isinstance(cause["working_directory"], str) and isinstance(cause["paths"], list), cause
    await t.fine()


@case("failure", "a type that is no Category.Reason stays in the body, and the field says Function.Unknown")
async def odd_types(t):
    await t.start()
    for text in ("ValueError", "Function.", "Function.lower", "Function.With space", "Function.Two.Dots", "Other.Reason",
                 "Function.D\xc3\xa4", "Runtime.1"):
        rq = await t.turn(order(f"!failure\ntype={text}"), tail="error")
        equal(rq.json["errorType"], text.encode("latin-1").decode())
        equal(rq.field(TYPE), "Function.Unknown", text)
    await t.fine()


@case("failure", "a type with a line break cannot add a field")
async def injected_type(t):
    await t.start()
    rq = await t.turn(order("!failure\ntype=Function.A\rX-Injected: 1"), tail="error")
    equal((rq.field(TYPE), rq.all("X-Injected")), ("Function.Unknown", []))
    await t.fine()


@case("failure", "a message of any bytes becomes valid JSON, and a long one arrives")
async def odd_messages(t):
    await t.start()
    rq = await t.turn(order(b"!failure\nmessage=a\x00\x01\xff\xc3(\xed\xa0\x80 \"end"), tail="error")
    assert rq.json["errorMessage"].startswith("a\x00\x01") and rq.json["errorMessage"].endswith(' "end'), rq.json
    rq.body.decode("utf-8")
    rq = await t.turn(order("!failure\nmessage=" + "m" * 100000), tail="error")
    assert set(rq.json["errorMessage"]) <= set("m."), "a long message"
    await t.fine()


@case("failure", "a cause with a control byte, or one over 1 MiB, is not sent as it is")
async def odd_causes(t):
    await t.start()
    for cause in ('{"message":"a\rb"}', '{"message":"a\tb"}', '{"message":"' + "c" * 1048576 + '"}'):
        rq = await t.turn(order(f"!failure\ncause={cause}"), tail="error")
        assert rq.field(CAUSE) != cause, cause[:40]
    await t.fine()


@case("failure", "a body of its own is sent with its content type instead of the customary one")
async def own_body(t):
    await t.start()
    await t.deliver(order('!failure\ntype=Function.Custom\nbody={"code":7}\ncontent_type=application/problem+json'))
    rq = await t.post("error", body_is_ours=True)
    await rq.accept()
    equal((rq.body, rq.field("Content-Type")), (b'{"code":7}', "application/problem+json"))
    equal(rq.field(TYPE), "Function.Custom")
    await t.fine()


# --- init -------------------------------------------------------------------------------------------------------------

def failed_init(name, answer):
    async def init_error(t):
        await t.start("init-fails")
        rq = await t.request(INIT_ERROR)
        await rq.read()
        body = judge_error(rq)
        equal(rq.all("Lambda-Runtime-Invocation-Id"), [])
        assert "told to fail" in body["errorMessage"], body
        await answer(rq)
        await t.lost()
        assert "told to fail" in t.text, "the log does not say why"
    case("init", f"a failed init is posted once, the process ends and asks for no event ({name})")(init_error)


failed_init("202", lambda rq: rq.accept())
failed_init("403", lambda rq: rq.status(403))
failed_init("500", lambda rq: rq.status(500))
failed_init("no HTTP", lambda rq: rq.answer(b"\x00\r\n\r\n", close=True))


async def cut(rq):
    rq.cut()


failed_init("no answer", cut)


@case("init", "a failed init with concurrency is posted once, by the process and not by every worker")
async def init_error_once(t):
    await t.start("init-fails", AWS_LAMBDA_MAX_CONCURRENCY="4")
    rq = await t.request(INIT_ERROR)
    await rq.read()
    await rq.accept()
    await t.lost()
    equal(len(t.connections), 1)


@case("init", "an init that is done posts nothing, and runs before the first next")
async def init_done(t):
    await t.start("init")
    rq = await t.next()
    await t.said("hook init")
    await t.deliver(rq=rq)
    await (await t.post("response")).accept()
    await t.fine()


# --- crashes ----------------------------------------------------------------------------------------------------------

def crashes(name, number, given):
    async def reported(t):
        t.crashes = True
        await t.start()
        await t.turn()
        await t.deliver(order(f"!crash {given}"), invocation_id="delivery-7")
        rq = await t.post("error")
        await rq.accept()
        body = rq.json
        assert name in body["errorMessage"], body
        assert body["stackTrace"] and all(isinstance(line, str) for line in body["stackTrace"]), body
        assert ERROR_TYPE.fullmatch(body["errorType"]), body
        await t.ended(-number)
        assert name in t.text, "no log line names the signal"
    case("crash", f"{name} in a handler is posted to /error with a stack, then the signal ends the process")(reported)


crashes("SIGSEGV", signal.SIGSEGV, 0)
for number in (signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL):
    crashes(number.name, number, int(number))


@case("crash", "a crash of init is posted to /init/error")
async def init_crash(t):
    t.crashes = True
    await t.start("init-crashes")
    rq = await t.request(INIT_ERROR)
    await rq.read()
    await rq.accept()
    assert "SIGSEGV" in judge_error(rq)["errorMessage"], rq.json
    await t.ended(-signal.SIGSEGV)


@case("crash", "a crash whose report nobody reads ends the process all the same")
async def unread_crash(t):
    t.crashes = True
    await t.start()
    await t.deliver(order(f"!crash {int(signal.SIGABRT)}"))
    await t.post("error")
    await t.ended(-signal.SIGABRT)


@case("crash", "with concurrency the crash is posted under the id of the invocation that crashed")
async def concurrent_crash(t):
    t.crashes = True
    await t.start(AWS_LAMBDA_MAX_CONCURRENCY="3")
    parked = [await t.next() for _ in range(3)]
    for i, rq in enumerate(parked[:2]):
        await rq.answer(t.event(order(f"!wait {t.fifo(str(i))}"), request_id=f"waits-{i}"))
    await t.deliver(order(f"!crash {int(signal.SIGSEGV)}"), rq=parked[2], request_id="crashes")
    await (await t.post("error", "crashes")).accept()
    await t.ended(-signal.SIGSEGV)


@case("crash", "a handler that exits ends the process with its code and without a reply")
async def exits(t):
    await t.start()
    await t.deliver(order("!exit 7"))
    await t.ended(7)
