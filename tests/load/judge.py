# SPDX-License-Identifier: Apache-2.0
"""Many connections at once, each with requests of its own, one behind the other; every answer is judged."""
import asyncio, collections, itertools, time, urllib.parse

from plan import judge

ANSWER_S = 60


class Judge:
    def __init__(self, gateway):
        self.ports = {"public": urllib.parse.urlsplit(gateway.public).port, "private": urllib.parse.urlsplit(gateway.private).port}
        self.kinds, self.wrong = collections.Counter(), []  # what is wrong: (sentence, request id)

    async def exchange(self, reader, writer, planned):
        writer.write(planned.raw)
        await writer.drain()
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        fields = dict(line.lower().split(": ", 1) for line in head[1:] if line)
        types = [line.split(": ", 1)[1] for line in head[1:] if line.lower().startswith("x-amzn-errortype: ")]
        body = await reader.readexactly(int(fields["content-length"]))
        problem = judge(planned, int(head[0].split()[1]), types[0] if types else None, body)
        if problem:
            self.wrong.append((problem, fields.get("x-amzn-requestid")))

    async def one(self, at, planned):
        """at: the open connections by API, of which a torn one is not used again."""
        if planned.api not in at:
            at[planned.api] = await asyncio.open_connection("127.0.0.1", self.ports[planned.api], limit=1 << 20)
        reader, writer = at[planned.api]
        if planned.kind == "torn":
            writer.write(planned.raw)
            await writer.drain()
            writer.close()
            del at[planned.api]
        else:
            await asyncio.wait_for(self.exchange(reader, writer, planned), ANSWER_S)
        self.kinds[planned.kind] += 1

    async def connection(self, plan, end):
        """From the beginning again when all were sent: an id belongs to one connection, so an answer for another is seen."""
        at = {}
        try:
            for planned in itertools.cycle(plan):
                if time.monotonic() > end:
                    return
                await self.one(at, planned)
        except Exception as problem:
            self.wrong.append((f"{planned.kind} {planned.id}: {type(problem).__name__}: {problem}", None))
        finally:
            for _, writer in at.values():
                writer.close()

    async def all(self, plans, seconds):
        end = time.monotonic() + seconds
        await asyncio.gather(*(self.connection(plan, end) for plan in plans))

    def run(self, plans, seconds):
        """plans: a list of requests for each connection."""
        asyncio.run(self.all(plans, seconds))
