# SPDX-License-Identifier: Apache-2.0
"""GET /invocation/next: every field of a delivery, and every way in which an answer can be wrong."""
from trial import *

SIX_MB = 6 * 1024 * 1024
ID = "Lambda-Runtime-Aws-Request-Id"
FIELDS = {"Lambda-Runtime-Aws-Request-Id": "every-field", "Lambda-Runtime-Deadline-Ms": "1", "Content-Type": "a/b",
          "Lambda-Runtime-Invoked-Function-Arn": ARN, "Lambda-Runtime-Trace-Id": "Root=1-5bef4de7;Parent=53995c3f;Sampled=1",
          "Lambda-Runtime-Client-Context": '{"client":{"app_title":"a b"}}', "Lambda-Runtime-Aws-Tenant-Id": "tenant-1",
          "Lambda-Runtime-Cognito-Identity": '{"cognitoIdentityId":"a","cognitoIdentityPoolId":"b"}'}


@case("next", "an event comes back under its id, on one connection, with the customary fields")
async def echo(t):
    await t.start()
    for i in range(3):
        body = b'{"n":%d}' % i
        rq = await t.turn(body)
        equal(rq.body, body)
        assert t.foreign or rq.field("Content-Type") == "application/json"
    await t.fine()


@case("next", "every field of a delivery reaches the handler")
async def every_field(t):
    await t.start()
    seen = await t.show(request_id="every-field", fields=list(FIELDS.items()), invocation_id="delivery-1")
    equal(seen, {"request_id": "every-field", "invocation_id": "delivery-1", "arn": ARN, "content_type": "a/b",
                 "trace_id": FIELDS["Lambda-Runtime-Trace-Id"], "variable": FIELDS["Lambda-Runtime-Trace-Id"],
                 "client_context": FIELDS["Lambda-Runtime-Client-Context"], "tenant_id": "tenant-1",
                 "cognito_identity": FIELDS["Lambda-Runtime-Cognito-Identity"], "deadline_ms": "1", "remaining": "none"})
    await t.fine()


@case("next", "field names are read in lower case and in upper case")
async def any_case(t):
    await t.start()
    for fold in (str.lower, str.upper):
        name = fold("Case")
        fields = [(fold(n), name if n.endswith("Aws-Request-Id") else v) for n, v in FIELDS.items()]
        seen = await t.show(request_id=name, fields=fields)
        equal((seen["request_id"], seen["tenant_id"], seen["deadline_ms"]), (name, "tenant-1", "1"))
    await t.fine()


@case("next", "an event without optional fields is served: nothing is made up")
async def bare(t):
    await t.start()
    seen = await t.show(request_id="bare", fields=[("Lambda-Runtime-Aws-Request-Id", "bare")])
    for name in ("invocation_id", "arn", "trace_id", "client_context", "cognito_identity", "tenant_id", "content_type",
                 "variable"):
        equal(seen[name], "(absent)", name)
    equal(seen["deadline_ms"], str(2**63 - 1))
    await t.fine()


@case("next", "an empty field is an absent one")
async def empty_fields(t):
    await t.start()
    fields = [(n, "" if n != "Lambda-Runtime-Aws-Request-Id" else v) for n, v in FIELDS.items()]
    seen = await t.show(request_id="every-field", fields=fields)
    for name in ("arn", "trace_id", "client_context", "cognito_identity", "tenant_id", "content_type", "variable"):
        equal(seen[name], "(absent)", name)
    equal(seen["deadline_ms"], str(2**63 - 1))
    await t.fine()


@case("next", "an empty Lambda-Runtime-Invocation-Id is not echoed")
async def empty_invocation_id(t):
    await t.start()
    await t.turn(more=[("Lambda-Runtime-Invocation-Id", "")])
    await t.fine()


@case("next", "of a repeated request id the first one counts")
async def duplicates(t):
    await t.start()
    await t.turn(request_id="first", fields=[(ID, "first"), (ID, "second")])
    await t.fine()


@case("next", "a deadline that is huge, negative or no number is none, and that is logged")
async def deadlines(t):
    await t.start()
    for text in ("99999999999999999999999", "-5", "soon", "1e9", "12 34"):
        seen = await t.show(request_id="dl", fields=[(ID, "dl"), ("Lambda-Runtime-Deadline-Ms", text)])
        equal((seen["deadline_ms"], seen["remaining"]), (str(2**63 - 1), "some"), text)
        await t.said("Lambda-Runtime-Deadline-Ms")
    await t.fine()


@case("next", "the largest deadline that fits is kept")
async def largest_deadline(t):
    await t.start()
    seen = await t.show(deadline_ms=2**63 - 1)
    equal((seen["deadline_ms"], seen["remaining"]), (str(2**63 - 1), "some"))
    await t.fine()


@case("next", "bytes that are not ASCII stay as they are")
async def not_ascii(t):
    await t.start()
    text = "gr\u00fc\u00dfe \xff\xfe".encode("latin-1")
    seen = await t.show(more=[("Lambda-Runtime-Client-Context", text), ("Lambda-Runtime-Aws-Tenant-Id", "\u00fc".encode())])
    equal(seen["client_context"].encode("latin-1"), text)
    equal(seen["tenant_id"].encode("latin-1"), "\u00fc".encode())
    await t.fine()


@case("next", "an unknown field and a repeated unknown field change nothing")
async def unknown_fields(t):
    await t.start()
    await t.turn(more=[("Lambda-Runtime-Tomorrow", "1"), ("X", "1"), ("X", "2"), ("Date", "Thu, 01 Jan 2026 00:00:00 GMT")])
    await t.fine()


@case("next", "an empty event is an event")
async def empty_event(t):
    await t.start()
    equal((await t.turn(b"")).body, b"")
    await t.fine()


@case("next", "all 256 byte values pass through an event and its reply")
async def every_byte(t):
    await t.start()
    body = bytes(range(256)) * 3
    equal((await t.turn(body)).body, body)
    await t.fine()


@case("next", "an event of 6 MB comes back, and small ones after it", slow=True)
async def large_event(t):
    await t.start()
    body = bytes(i * 7 % 251 for i in range(4096)) * (SIX_MB // 4096)
    assert (await t.turn(body)).body == body
    equal((await t.turn(b"small")).body, b"small")
    await t.fine()


def chunked(body, size, t, extension=b"", trailer=b""):
    head = t.event().replace(b"Content-Length: 2\r\n\r\n{}", b"Transfer-Encoding: chunked\r\n\r\n")
    pieces = [body[i:i + size] for i in range(0, len(body), size)]
    return head + b"".join(b"%x%s\r\n%s\r\n" % (len(p), extension, p) for p in pieces) + b"0\r\n" + trailer + b"\r\n"


@case("next", "a chunked event is put together, with extensions and trailers too")
async def chunked_event(t):
    await t.start()
    for size, extension, trailer in ((1, b"", b""), (7, b";a=b", b""), (1000, b"", b"X-Trailer: 1\r\n")):
        body = b"chunks " * 20
        await (await t.next()).answer(chunked(body, size, t, extension, trailer))
        rq = await t.post("response")
        await rq.accept()
        equal(rq.body, body)
    await t.fine()


@case("next", "an event that arrives byte by byte is put together")
async def trickle(t):
    await t.start()
    rq = await t.next()
    data = t.event(b'{"slow":true}')
    for i in range(len(data)):
        await rq.connection.send(data[i:i + 1])
        await asyncio.sleep(0)
    rq.answered.set()
    post = await t.post("response")
    await post.accept()
    equal(post.body, b'{"slow":true}')
    await t.fine()


@case("next", "an answer that takes its time is waited for")
async def late_event(t):
    await t.start()
    rq = await t.next()
    await asyncio.sleep(1.5)
    await t.deliver(rq=rq)
    await (await t.post("response")).accept()
    await t.fine()


@case("next", "an interim answer (100, 103) before the event is passed over")
async def interim(t):
    await t.start()
    rq = await t.next()
    await rq.answer(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + t.event(b"hint"))
    post = await t.post("response")
    await post.accept()
    equal(post.body, b"hint")
    await t.fine()


@case("next", "an event that ends with its connection is whole; the reply takes a new connection")
async def until_close(t):
    await t.start()
    head = t.event().replace(b"Content-Length: 2\r\n\r\n{}", b"Connection: close\r\n\r\n")
    await (await t.next()).answer(head + b"open-ended", close=True)
    post = await t.post("response")
    await post.accept()
    equal(post.body, b"open-ended")
    await t.fine(connections=2)


@case("next", "Connection: close behind an event is obeyed")
async def connection_close(t):
    await t.start()
    await (await t.next()).answer(t.event(b"bye", more=[("Connection", "close")]), close=True)
    await (await t.post("response")).accept()
    await t.fine(connections=2)


# --- ids that cannot be answered --------------------------------------------------------------------------------------

@case("next", "a delivery without a request id is logged and passed over")
async def no_id(t):
    await t.start()
    await (await t.next()).answer(t.event(fields=[("Content-Type", "a/b")]))
    await t.said("Lambda-Runtime-Aws-Request-Id")
    await t.turn()
    await t.fine()


@case("next", "three deliveries in a row without a request id end the process: it does not spin")
async def no_id_again(t):
    await t.start()
    for _ in range(3):
        await (await t.next()).answer(t.event(fields=[]))
    await t.lost("Lambda-Runtime-Aws-Request-Id")


@case("next", "a request id that would change the path is never sent back")
async def hostile_ids(t):
    await t.start()
    for text in ("../../next", "a b", "a?b=c", "a#b", "a/../b", "%2e%2e", "x" * 300, "\xfc", "a;b", "\x7f"):
        await (await t.next()).answer(t.event(fields=[("Lambda-Runtime-Aws-Request-Id", text)]))
        await t.turn()
    await t.fine()


# --- statuses and connections -----------------------------------------------------------------------------------------

def status_case(status, body=b'{"errorMessage":"not allowed","errorType":"InvalidStateTransition"}'):
    async def lost(t):
        await t.start()
        await (await t.next()).status(status, b"" if status == 204 else body)
        await t.lost(str(status), "/invocation/next")
        equal(len(t.connections), 1)
    case("next", f"{status} to next ends the process with a failure, at once and with a clear last line")(lost)


for number in (204, 301, 400, 403, 404, 429, 500, 502, 503):
    status_case(number)


@case("next", "a connection closed between two events is replaced without a word to the handler")
async def closed_between(t):
    await t.start()
    for _ in range(3):
        await t.deliver()
        await (await t.post("response")).status(202, close=True)
    await t.fine(connections=4)


@case("next", "a connection that Lambda closes while next waits is replaced")
async def closed_while_parked(t):
    await t.start()
    (await t.next()).cut()
    await t.turn()
    await t.fine(connections=None)


@case("next", "a connection that is reset while next waits is replaced")
async def reset_while_parked(t):
    await t.start()
    await t.turn()
    (await t.next()).reset()
    await t.turn()
    await t.fine(connections=None)


@case("next", "an event cut inside its header is asked for again, and handled once")
async def cut_in_header(t):
    await t.start()
    await (await t.next()).answer(t.event()[:70], close=True)
    await t.turn(b"whole")
    await t.fine(connections=2)


@case("next", "an event cut inside its body is asked for again; half an event is never handled")
async def cut_in_body(t):
    await t.start()
    await (await t.next()).answer(t.event(b"x" * 5000)[:-100], close=True)
    equal((await t.turn(b"whole")).body, b"whole")
    await t.fine(connections=2)


@case("next", "a chunked event cut before its last chunk is asked for again")
async def cut_in_chunks(t):
    await t.start()
    await (await t.next()).answer(chunked(b"half of it", 5, t)[:-5], close=True)
    equal((await t.turn(b"whole")).body, b"whole")
    await t.fine(connections=2)


@case("next", "without anybody at the port the process ends with a clear last line")
async def nobody(t):
    await t.start(listen=False)
    await t.lost("/invocation/next")


@case("next", "a next that always loses its connection is given up after a few attempts")
async def always_cut(t):
    await t.start()
    attempts = 0
    while attempts < 40 and (rq := await t.next_or_end()):
        rq.cut()
        attempts += 1
    assert 2 <= attempts <= 20, f"{attempts} attempts"
    await t.lost("/invocation/next")


@case("next", "proxies of the environment are not used")
async def no_proxy(t):
    await t.start(http_proxy="http://127.0.0.1:1", ALL_PROXY="http://127.0.0.1:1")
    await t.turn()
    await t.fine()


# --- bytes that are no HTTP -------------------------------------------------------------------------------------------

def garbage(name, data):
    """Asked again or given up at once: either is right, as long as it ends in a failure that says where."""
    async def gives_up(t):
        await t.start()
        for _ in range(40):
            rq = await t.next_or_end()
            if not rq:
                break
            try:
                await rq.answer(data(t) if callable(data) else data, close=True)
            except Gone:  # it did not want to hear the rest
                rq.cut()
        await t.ended(None, "next")
    case("next", f"{name} instead of an event ends in a failure, not in a crash and not in a reply")(gives_up)


garbage("nothing at all", b"")
garbage("a line that is no status line", b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
garbage("a status that is no number", b"HTTP/1.1 abc OK\r\n\r\n")
garbage("a status of four digits", b"HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n")
garbage("HTTP/2 in words", b"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n")
garbage("a negative length", lambda t: t.event().replace(b"Content-Length: 2", b"Content-Length: -2"))
garbage("a length that is no number", lambda t: t.event().replace(b"Content-Length: 2", b"Content-Length: two"))
garbage("a length beyond 64 bits", lambda t: t.event().replace(b"Length: 2", b"Length: 99999999999999999999999"))
garbage("a length of 64 MB", lambda t: t.event().replace(b"Content-Length: 2", b"Content-Length: 67108864"))
garbage("a bad chunk size", lambda t: chunked(b"abc", 3, t).replace(b"3\r\nabc", b"zz\r\nabc"))
garbage("a chunk size beyond 64 bits", lambda t: chunked(b"abc", 3, t).replace(b"3\r\nabc", b"f" * 17 + b"3\r\nabc"))
garbage("a header without an end (1 MB)", b"HTTP/1.1 200 OK\r\nX: " + b"x" * 1000000)
garbage("10,000 fields", b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 10000 + b"Content-Length: 0\r\n\r\n")
garbage("a NUL inside the header", lambda t: t.event().replace(b"HTTP/1.1 200 Because", b"HTTP/1.1 2\x0000 Because"))
garbage("random bytes", bytes((i * 73 + 41) % 256 for i in range(4000)))


@case("next", "an address that is no host:port is refused by the variable's name")
async def bad_address(t):
    await t.start(AWS_LAMBDA_RUNTIME_API="http://[::1/")
    await t.ended(None, "AWS_LAMBDA_RUNTIME_API")


@case("next", "without an address the process says that it is not on Lambda")
async def no_address(t):
    await t.start(AWS_LAMBDA_RUNTIME_API=None)
    await t.ended(None, "AWS_LAMBDA_RUNTIME_API")
