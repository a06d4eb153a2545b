# SPDX-License-Identifier: Apache-2.0
"""Response streaming: chunks, trailers, the prelude, back-pressure, and every way in which a stream can break."""
from trial import *
from wire import TRAILERS

MODE, TYPE = "Lambda-Runtime-Function-Response-Mode", "Lambda-Runtime-Function-Error-Type"
PRELUDE_TYPE = "application/vnd.awslambda.http-integration-response"
LARGEST = 200 * 1024 * 1024


@case("stream", "a stream has mode, chunks, declared trailers and its content type; the connection lives on")
async def streams(t):
    await t.start()
    for size, piece in ((1, 1), (10, 3), (100000, 4096), (3000000, 1000000)):
        rq = await t.turn(order(f"!stream {size} {piece} text/event-stream"), invocation_id=f"delivery-{size}")
        equal((rq.chunked, rq.size, rq.field(MODE)), (True, size, "streaming"))
        equal(rq.field("Content-Type"), "text/event-stream")
        assert rq.body == b"s" * size
        equal(rq.trailers, [], "trailers of a stream that ended well")
    await t.turn(b"buffered after it")
    await t.fine()


@case("stream", "a stream without bytes is a stream")
async def empty_stream(t):
    await t.start()
    rq = await t.turn(order("!stream 0 1 text/plain"))
    equal((rq.chunked, rq.size, rq.trailers), (True, 0, []))
    await t.fine()


@case("stream", "each write is on its way before the next one: the first chunk arrives while the handler still works")
async def unbuffered(t):
    await t.start()
    await t.deliver(order(f"!stream {LARGEST} 16384 a/b"))
    rq = await t.post("response", read=False)
    assert await rq.read_chunk(), "no first chunk"
    t.signal(signal.SIGKILL)
    await t.ended(-signal.SIGKILL)


@case("stream", "a stream without a content type is application/octet-stream or application/json")
async def no_type(t):
    await t.start()
    rq = await t.turn(order("!stream 5 5"))
    assert rq.field("Content-Type") in ("application/octet-stream", "application/json"), rq.fields
    await t.fine()


@case("stream", "a failure after the first byte goes out in the two trailers, and the process lives on")
async def fails_late(t):
    await t.start()
    rq = await t.turn(order("!stream 100000 4096 text/plain\ntype=Function.HalfWay\nmessage=half \xc3\xbcber\nstack=a.c:1"))
    equal(rq.size, 100000)
    equal(sorted(n.lower() for n, _ in rq.trailers), sorted(TRAILERS))
    equal(rq.trailer(TYPE), "Function.HalfWay")
    equal({k: rq.error_body[k] for k in ("errorMessage", "errorType", "stackTrace")},
          {"errorMessage": "half \u00fcber", "errorType": "Function.HalfWay", "stackTrace": ["a.c:1"]})
    await t.turn()
    await t.fine()


@case("stream", "a failure without a type gets one that Lambda passes on; a long message fits into the trailer")
async def plain_failure(t):
    await t.start()
    rq = await t.turn(order("!stream 10 10 text/plain\n"))
    assert re.fullmatch(r"Function\.[A-Z][A-Za-z]+", rq.trailer(TYPE)), rq.trailers
    equal(rq.error_body["errorMessage"], "the sentence of err")
    rq = await t.turn(order("!stream 10 10 text/plain\nmessage=" + "m" * 5000))
    assert rq.error_body["errorMessage"].startswith("mmm"), rq.trailers
    await t.fine()


@case("stream", "a failure before the first byte of a stream that has begun goes out in the trailers too")
async def fails_early(t):
    await t.start()
    rq = await t.turn(order("!stream 0 1 text/plain\ntype=Function.Early"))
    equal((rq.size, rq.trailer(TYPE)), (0, "Function.Early"))
    await t.fine()


@case("stream", "the HTTP prelude is status, headers and cookies, then 8 NUL bytes, then the body")
async def prelude(t):
    await t.start()
    fields = "Content-Type: text/html\nSet-Cookie: a=1; Path=/\nX-Twice: 1\nSet-Cookie: b=2\nX-Twice: 2\n\n"
    rq = await t.turn(order(f"!stream-http \n{fields}first|\x00\x00 second|"))
    equal((rq.field("Content-Type"), rq.field(MODE)), (PRELUDE_TYPE, "streaming"))
    head, body = rq.body.split(b"\0" * 8, 1)
    head = json.loads(head)
    equal(head["statusCode"], 201)
    equal({k.lower(): v for k, v in head["headers"].items()}, {"content-type": "text/html", "x-twice": "1, 2"})
    equal(head["cookies"], ["a=1; Path=/", "b=2"])
    equal(body, b"first\x00\x00 second")
    await t.fine()


@case("stream", "200 MB against a slow reader: the handler waits, memory does not grow", slow=True)
async def back_pressure(t):
    await t.start()
    await t.turn(order("!stream 4000000 65536 a/b"))
    before = t.memory_kb("VmHWM")
    await t.deliver(order(f"!stream {LARGEST} 65536 a/b"))
    rq = await t.post("response", read=False)
    await t.quiet(0.3)  # nobody reads
    held = t.memory_kb("VmHWM") - before
    await rq.read(keep=False)
    grown = t.memory_kb("VmHWM") - before
    equal(rq.size, LARGEST)
    assert max(held, grown) < 4096, f"grown by {held} KB while nobody read, by {grown} KB in the end"
    await rq.accept()
    await t.turn()
    await t.fine()


def refused_midway(status, error_type):
    async def refused(t):
        await t.start()
        await t.deliver(order(f"!stream {LARGEST} 65536 a/b"))
        rq = await t.post("response", read=False)
        await rq.read_chunk()
        body = json.dumps({"errorMessage": "m", "errorType": error_type}).encode()
        await rq.connection.send(response(status, body, [("Connection", "close")]))
        rq.connection.half_close()
        await t.said("the stream is broken")
        rq.cut()
        await t.said(str(status), "/response")
        await t.turn()
        await t.fine(connections=2)
    case("stream", f"{status} {error_type} in the middle of a stream stops it; the next event is served")(refused)


refused_midway(413, "RequestEntityTooLarge")
refused_midway(410, "InvokeTimeout")


def refused_at_end(status, error_type):
    async def refused(t):
        await t.start()
        await t.deliver(order("!stream 1000 100 a/b"))
        await (await t.post("response")).refuse(status, error_type)
        await t.said(str(status), error_type)
        await t.turn()
        await t.fine()
    case("stream", f"{status} {error_type} to a whole stream is logged, and the next event served")(refused)


for number, name in ((400, "InvalidRequestID"), (400, "TruncatedHTTPRequest"), (403, "InvalidStateTransition"),
                     (410, "InvokeTimeout"), (413, "RequestEntityTooLarge")):
    refused_at_end(number, name)


@case("stream", "400 InvalidFunctionResponseMode ends the process: next would be refused with 403")
async def bad_mode(t):
    await t.start()
    await t.deliver(order("!stream 1000 100 a/b"))
    await (await t.post("response")).refuse(400, "InvalidFunctionResponseMode")
    await t.lost("InvalidFunctionResponseMode")


@case("stream", "500 to a whole stream ends the process")
async def lost_at_end(t):
    await t.start()
    await t.deliver(order("!stream 1000 100 a/b"))
    await (await t.post("response")).status(500)
    await t.lost("500", "/response")


@case("stream", "500 in the middle of a stream ends the process")
async def lost_midway(t):
    await t.start()
    await t.deliver(order(f"!stream {LARGEST} 65536 a/b"))
    rq = await t.post("response", read=False)
    await rq.read_chunk()
    await rq.connection.send(response(500, b"{}", [("Connection", "close")]))
    rq.connection.half_close()
    await t.said("the stream is broken")
    rq.cut()
    await t.lost("500")


@case("stream", "a stream whose connection is reset is not sent again: the process ends and says so")
async def reset_midway(t):
    await t.start()
    await t.turn()
    await t.deliver(order(f"!stream {LARGEST} 65536 a/b"))
    rq = await t.post("response", read=False)
    await rq.read_chunk()
    rq.reset()
    await t.lost("/response")
    await t.said("the stream is broken")


@case("stream", "a stream that gets no answer ends the process")
async def unanswered(t):
    await t.start()
    await t.deliver(order("!stream 1000 100 a/b"))
    (await t.post("response")).cut()
    await t.lost("/response")


@case("stream", "a stream on a connection that Lambda closed before takes a new one")
async def closed_before_stream(t):
    await t.start()
    await (await t.next()).answer(t.event(order("!stream 1000 100 a/b"), more=[("Connection", "close")]), close=True)
    await (await t.post("response")).accept()
    await t.fine(connections=2)


@case("stream", "a handler that ends the process in the middle of a stream cuts it: no last chunk is sent")
async def exits_midway(t):
    await t.start()
    await t.deliver(order("!cut 1000"))
    rq = await t.post("response", read=False)
    try:
        await rq.read()
    except Gone:
        equal(rq.size, 1000)
        rq.cut()
        return await t.ended(7)
    raise AssertionError("the stream ended as if it were whole")


@case("stream", "a content type with a control byte cannot add a field to a stream")
async def injected(t):
    await t.start()
    rq = await t.request(f"GET {NEXT}")
    await rq.answer(t.event(order("!stream 5 5 text/plain\rX-Injected: 1")))
    rq = await t.request()
    await rq.read()
    equal(rq.all("X-Injected"), [])
    await rq.accept()
    await t.fine()
