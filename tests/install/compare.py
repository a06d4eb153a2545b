# SPDX-License-Identifier: Apache-2.0
"""Runs the shapes that both libraries build, and compares what they send and say: equal but for KNOWN, which says why.
Messages beyond ASCII are not among them: aws-lambda-cpp writes past the end of an array there."""
from fake_lambda import *

EVENTS = {
    "echo": [event("{}"), event('{"a":"é"}', 2), event("", 3), event("x" * 100000, 4), event(b"\0\xff\n", 5)],
    "fields": [event("{}", 1, Lambda_Runtime_Trace_Id="Root=1-a;Parent=b;Sampled=1", Lambda_Runtime_Client_Context='{"c":1}',
                     Lambda_Runtime_Cognito_Identity='{"d":2}', Lambda_Runtime_Aws_Tenant_Id="blue",
                     Lambda_Runtime_Invoked_Function_Arn="arn:aws:lambda:us-east-1:123456789012:function:f"),
               event("[]", 2), event("[]", 3, Lambda_Runtime_Deadline_Ms="1700000000000")],
    "failures": [event("plain"), event('"quoted" \\ and \x01\x1f\b\f\n\r\t/', 2), event("", 3)],
    "replies": [event(word, i) for i, word in enumerate(("own error", "own reply", "nothing", "made", "no type"))],
    "loop": [event("first"), event("fail", 2), event("refused", 3), event("last", 4)],
    "nobody": [],
    "outcomes": [],
}
STATUSES = {"loop": [202, 202, 413, 400]}

# (shape or None for all, what, why): what is a header field, perhaps of one path, or "exit code".
KNOWN = [
    (None, "host", "each run has a port of its own"),
    (None, "accept", "libcurl's own there; not sent here"),
    (None, "exit code", "a runtime that has lost its environment has failed: 1 here, 0 there"),
    (None, "user-agent", "the name of the library; loop has one of its own and is compared below"),
    (None, "lambda-runtime-function-error-type", "documented for /error; aws-lambda-cpp does not send it"),
    (None, "lambda-runtime-function-xray-error-cause", "made here when the program has none"),
    ("replies", ("/invocation/id-4/response", "content-type"), "none was given: application/json here, text/html there"),
]


def known(shape, path, what):
    return any(s in (None, shape) and w in (what, (path, what)) for s, w, _ in KNOWN)


def essence(shape, run, has_content_type):
    """What has to be equal. Retries of a lost next are a matter of the library."""
    requests = [r for i, r in enumerate(run.requests) if i == 0 or r.line != run.requests[i - 1].line or r.body]
    said = []
    for r in requests:
        path = r.path
        body = r.body
        if not has_content_type:  # an older line has no such member; fields says it last but for the time
            body = body.replace(b"[application/json]", b"[]")
        body = body.replace(b', "stackTrace":[]}', b',"stackTrace":[]}')  # 0.2.8 has this space, 0.2.10 has not
        fields = {**r.fields, "content-length": int(r.fields.get("content-length", 0)) - len(r.body)}
        said.append((r.line, sorted((k, v) for k, v in fields.items() if not known(shape, path, k)), body))
    agent = {r.fields["user-agent"] for r in requests} if shape == "loop" else None
    return {"requests": said, "agent": agent, "printed": run.err if shape in ("loop", "nobody", "outcomes") else None}


def compare(ours, theirs, has_content_type, check):
    """ours, theirs: folders with the shapes."""
    for shape, events in EVENTS.items():
        runs = [Run([os.path.join(folder, shape)], events, STATUSES.get(shape, ())) for folder in (ours, theirs)]
        mine, other = (essence(shape, run, has_content_type) for run in runs)
        for part in mine:
            check(f"{shape}: the {part} equal aws-lambda-cpp's", mine[part] == other[part], f"{mine[part]}\n{other[part]}")
