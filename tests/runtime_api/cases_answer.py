# SPDX-License-Identifier: Apache-2.0
"""POST /invocation/{id}/response: what is sent, and what each of Lambda's answers means."""
from trial import *

LIMIT_BYTES = 6291556


def goes_on(status, error_type):
    async def refused(t):
        await t.start()
        await t.deliver(b'{"marker":"PAYLOAD"}')
        await (await t.post("response")).refuse(status, error_type)
        if not t.foreign:
            await t.said(str(status), "/response")
            await t.said(error_type)
        await t.turn(b"the next one")
        assert "PAYLOAD" not in t.text, "a payload in the log"
        await t.fine()
    case("answer", f"{status} {error_type} to a response is logged, and the next event is served")(refused)


for number, name in ((400, "InvalidRequestID"), (400, "TruncatedHTTPRequest"), (403, "InvalidStateTransition"),
                     (410, "InvokeTimeout"), (413, "RequestEntityTooLarge")):
    goes_on(number, name)


def goes_on_after_error(status, error_type):
    async def refused(t):
        await t.start()
        await t.deliver(order("!fail as told"))
        await (await t.post("error")).refuse(status, error_type)
        await t.said(str(status), "/error")
        await t.turn(b"the next one")
        await t.fine()
    case("answer", f"{status} {error_type} to an error is logged, and the next event is served")(refused)


for number, name in ((400, "InvalidRequestID"), (403, "InvalidStateTransition"), (410, "InvokeTimeout"),
                     (413, "RequestEntityTooLarge")):
    goes_on_after_error(number, name)


def ends(status):
    async def lost(t):
        await t.start()
        await t.deliver()
        await (await t.post("response")).status(status, b'{"errorMessage":"gone","errorType":"ServerError"}')
        await t.lost(str(status), "/response")
    case("answer", f"{status} to a response ends the process at once, with a clear last line")(lost)


for number in (500, 503):
    ends(number)


@case("answer", "500 to an error ends the process at once, with a clear last line")
async def error_500(t):
    await t.start()
    await t.deliver(order("!fail as told"))
    await (await t.post("error")).status(500)
    await t.lost("500", "/error")


@case("answer", "200 is as good as 202")
async def ok(t):
    await t.start()
    await t.deliver()
    await (await t.post("response")).status(200, b"")
    await t.turn()
    await t.fine()


@case("answer", "a refusal whose body is no JSON, is empty or is 60 KB long is still a refusal")
async def odd_refusals(t):
    await t.start()
    for body in (b"", b"<html>", b"[1]", b"{", b'{"errorType":7}', b"\xff\xfe", b"x" * 60000):
        await t.deliver()
        await (await t.post("response")).status(413, body)
        await t.said("413")
    await t.turn()
    await t.fine()


@case("answer", "a chunked, an open-ended and an interim answer to a post are read as they are")
async def odd_acceptances(t):
    await t.start()
    await t.deliver()
    await (await t.post("response")).answer(b"HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n")
    await t.deliver()
    await (await t.post("response")).answer(b"HTTP/1.1 100 Continue\r\n\r\n" + response(202))
    await t.deliver()
    await (await t.post("response")).answer(b"HTTP/1.1 202 Accepted\r\nConnection: close\r\n\r\n{}", close=True)
    await t.turn()
    await t.fine(connections=2)


@case("answer", "a late answer to a post is waited for")
async def late(t):
    await t.start()
    await t.deliver()
    rq = await t.post("response")
    await t.quiet(1.5)
    await rq.accept()
    await t.turn()
    await t.fine()


@case("answer", "a post that gets no answer is not sent twice: the process ends and says so")
async def none(t):
    await t.start()
    await t.turn()
    await t.deliver()
    (await t.post("response")).cut()
    await t.lost("/response")


@case("answer", "a post whose connection is reset is not sent twice: the process ends and says so")
async def reset(t):
    await t.start()
    await t.turn()
    await t.deliver()
    (await t.post("response")).reset()
    await t.lost("/response")


@case("answer", "an answer to a post that is cut in its header ends the process")
async def cut_header(t):
    await t.start()
    await t.deliver()
    await (await t.post("response")).answer(b"HTTP/1.1 202 Acc", close=True)
    await t.lost("/response")


@case("answer", "an answer to a post that is cut in its body never leads to a second post")
async def cut_body(t):
    await t.start()
    await t.deliver()
    await (await t.post("response")).answer(response(202, b'{"status":"OK"}')[:-4], close=True)
    rq = await t.next_or_end()
    if rq:
        await rq.status(500)
    await t.lost("/response" if not rq else "500")


@case("answer", "bytes that are no HTTP as the answer to a post end the process")
async def no_http(t):
    await t.start()
    await t.deliver()
    await (await t.post("response")).answer(b"\x00\x01\x02 nonsense\r\n\r\n", close=True)
    await t.lost("/response")


@case("answer", "a connection that Lambda closed while the handler ran is replaced, and the reply is sent once")
async def closed_before_post(t):
    await t.start()
    for _ in range(2):
        await t.turn()
        path = t.fifo(f"go-{t.number}")
        rq = await t.next()
        await rq.answer(t.event(order(f"!wait {path}")))
        await rq.connection.close_known()
        await t.write_fifo(path, "done")
        post = await t.post("response")
        equal(post.body, b"done")
        await post.accept()
    await t.fine(connections=3)


# --- sizes ------------------------------------------------------------------------------------------------------------

@case("answer", "a reply of exactly 6,291,556 bytes is sent", slow=True)
async def largest(t):
    await t.start()
    rq = await t.turn(order(f"!big {LIMIT_BYTES}"))
    equal(rq.size, LIMIT_BYTES)
    await t.turn()
    await t.fine()


@case("answer", "a reply of one byte more is not sent: an error that names the limit is", slow=True)
async def too_large(t):
    await t.start()
    rq = await t.turn(order(f"!big {LIMIT_BYTES + 1}"), tail="error")
    assert str(LIMIT_BYTES) in rq.json["errorMessage"], rq.json
    await t.turn()
    await t.fine()


@case("answer", "an empty reply has a length of 0 and no chunks")
async def empty(t):
    await t.start()
    rq = await t.turn(order("!big 0"))
    equal((rq.body, rq.field("Content-Length"), rq.chunked), (b"", "0", False))
    await t.fine()


@case("answer", "large replies are sent without waiting for 100 Continue", slow=True)
async def no_expect(t):
    await t.start()
    for _ in range(3):
        await t.turn(order("!big 3000000"))  # every request is judged: it has no Expect
    await t.fine()


# --- fields -----------------------------------------------------------------------------------------------------------

@case("answer", "an invocation id is echoed byte for byte on a response and on an error, and not kept for the next event")
async def invocation_ids(t):
    await t.start()
    for text in ("a", "00000000-0000-0000-0000-000000000001", "~!@#$%^&*()_+ with spaces;=,", "gr\xfc\xdf\xff", "x" * 1000):
        await t.turn(invocation_id=text)
        await t.turn(order("!fail as told"), tail="error", invocation_id=text)
        await t.turn()
    await t.fine()


@case("answer", "an invocation id with a control byte is not sent back, and the reply is")
async def hostile_invocation_id(t):
    await t.start()
    for text in ("a\x01b", "a\x0bb", "a\x7fb"):
        await t.turn(more=[("Lambda-Runtime-Invocation-Id", text)])
    await t.fine(connections=None)


@case("answer", "a content type that is set is sent, and only for that reply")
async def content_type(t):
    await t.start()
    equal((await t.turn(order("!type text/html; charset=utf-8"))).field("Content-Type"), "text/html; charset=utf-8")
    equal((await t.turn()).field("Content-Type"), "application/json")
    await t.fine()


@case("answer", "a content type with a control byte is not sent, and that is logged")
async def hostile_content_type(t):
    await t.start()
    rq = await t.turn(order("!type text/html\rX-Injected: 1"))
    equal((rq.field("Content-Type"), rq.all("X-Injected")), ("application/json", []))
    await t.said("ontent")
    await t.fine()


@case("answer", "the user agent is name/version, and the program's own if it has one")
async def user_agent(t):
    await t.start(SUBJECT_AGENT="subject/7.1")
    rq = await t.turn()
    equal(rq.field("User-Agent"), "subject/7.1")
    await t.fine()


@case("answer", "the trace variable is set for its invocation and gone for the next")
async def trace_variable(t):
    await t.start()
    for trace in ("Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1", "Root=2;Lineage=a:1"):
        equal((await t.show(more=[("Lambda-Runtime-Trace-Id", trace)]))["variable"], trace)
    equal((await t.show())["variable"], "(absent)")
    await t.fine()


@case("answer", "with AWS_LAMBDA_LOG_FORMAT=JSON a line holds level, message, requestId, traceId and tenantId")
async def json_log(t):
    await t.start(AWS_LAMBDA_LOG_FORMAT="json", AWS_LAMBDA_LOG_LEVEL="info")
    await t.turn(order("!log \xfc\x01 \"quoted\""), request_id="logged", more=[
        ("Lambda-Runtime-Trace-Id", "Root=1"), ("Lambda-Runtime-Aws-Tenant-Id", "blue")])
    await t.fine()
    line = next(r for r in log_records(t) if "quoted" in r.get("message", ""))
    equal([line.get(k) for k in ("level", "requestId", "traceId", "tenantId")], ["WARN", "logged", "Root=1", "blue"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["timestamp"]), line
