#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""compare.py SIGNER [--cases N] [--seed S] [--python VENV_PYTHON] [--modules NODE_MODULES] [--keep FOLDER]

Signs the cases of generate.py with ours (SIGNER, which is signer.c) and with other people's signers, and compares
canonical requests and signatures. Where they differ, a row of differences.py must say how, exactly. Without --python
and --modules, the only peer is the botocore of this Python. Exit code: 0 all explained, 1 not, 77 no peer to run.
"""
import argparse
import base64
import collections
import copy
import hashlib
import json
import os
import subprocess
import sys
import tempfile

import generate
from canonical import BAD_ESCAPE, Parts, refused_by, split_query
from differences import ROWS, Refused

HERE = os.path.dirname(os.path.abspath(__file__))
SHOWN = 5
ALL_ROWS_FROM = 50000  # so many cases need every row


class Run:
    def __init__(self, arguments, folder):
        self.arguments, self.folder = arguments, folder
        self.counts = collections.defaultdict(collections.Counter)
        self.rows = collections.Counter()  # cases that a row changed
        self.strict = collections.Counter()  # those of them that our strict rules accept
        self.failures = 0
        self.old = False

    def fail(self, case, peer, why, *texts):
        self.failures += 1
        if self.failures <= SHOWN:
            print(f"FAILED {peer}: {why}\n  case {json.dumps(case)}")
            for text in texts:
                print("  " + str(text).replace("\n", "\n    "))

    def batch(self, name, command, inputs):
        """One process: a line in for each input, a line out."""
        into, out = (os.path.join(self.folder, name + kind) for kind in (".in", ".out"))
        with open(into, "w", encoding="ascii") as f:
            f.writelines(json.dumps(i) + "\n" for i in inputs)
        with open(into, "rb") as stdin, open(out, "wb") as stdout:
            done = subprocess.run(command, stdin=stdin, stdout=stdout, check=False)
        with open(out, encoding="utf-8") as f:
            answers = [json.loads(line) for line in f]
        if done.returncode or len(answers) != len(inputs):
            sys.exit(f"{name}: exit code {done.returncode}, {len(answers)} answers to {len(inputs)} cases")
        return answers


def check_ours(run, case, ours):
    """What the strict signer refuses, and what the verifier says of our own signature."""
    rules, sentence = refused_by(case), ours.get("strict", "")
    named = sentence.partition('(rule "')[2].partition('"')[0]
    run.counts["ours"]["refused by the strict rules"] += bool(sentence)
    if bool(sentence) != bool(rules) or (rules and named not in rules):
        run.fail(case, "ours", f"strict says '{sentence}', the rules are {sorted(rules)}")
    if "refused" in ours:
        run.fail(case, "ours", ours["refused"])
        return
    verdict, good = ours["verdict"], {""}
    if BAD_ESCAPE.search(case["path"]) or ".." in case["path"].split("/"):
        good = {"", "malformed"}
    if any(BAD_ESCAPE.search(t) for pair in split_query(case["query"]) for t in pair):
        good = good - {""} | {"MalformedQueryStringException"}
    run.counts["ours"]["verified"] += verdict == ""
    if verdict not in good:
        run.fail(case, "ours", f"our verifier says {verdict}", ours["canonical"])


def predict(run, peer, case, ours):
    """Our canonical request with the peer's rows applied; None: it refuses. Also the rows that changed something."""
    parts, used = Parts(case, ours["canonical"]), []
    parts.peer, parts.old = peer, run.old
    parts.body_hash = hashlib.sha256(base64.b64decode(case["body"])).hexdigest()
    before = parts.text()
    for row in (r for r in ROWS if peer in r.peers):
        try:
            row.change(parts)
        except Refused:
            return None, [row]
        after = parts.text()
        if after != before:
            used.append(row)
        before = after
    return parts, used


def compare(run, peer, case, ours, theirs):
    count = run.counts[peer]
    if "refused" in ours:
        count["not compared: ours refuses"] += 1
        return
    expected, used = predict(run, peer, case, ours)
    for row in used:
        run.rows[peer, row.rule] += 1
        run.strict[peer, row.rule] += "strict" not in ours
    if expected is None or "refused" in theirs:
        count["refused as the table says"] += 1
        if expected is not None or "refused" not in theirs:
            run.fail(case, peer, theirs.get("refused", "it signed what the table says it refuses"))
        return
    text = expected.text()
    count["as the table says" if used else "equal"] += 1
    if "canonical" in theirs and theirs["canonical"] != text:
        run.fail(case, peer, f"rows {[r.rule for r in used]}", "expected " + text, "theirs " + theirs["canonical"])
    elif case["algorithm"] == "v4" and theirs["signature"] != (expected.signature() if used else ours["signature"]):
        run.fail(case, peer, f"another signature, rows {[r.rule for r in used]}", "expected " + text)
    elif "string_to_sign" in theirs and theirs["string_to_sign"] != expected.to_sign()[1]:
        run.fail(case, peer, "another string to sign", theirs["string_to_sign"])


# --- SigV4A: signatures differ each time, so each side verifies the other's ------------------------------------------

def theirs_by_ours(run, peer, chosen):
    inputs, wanted = [], []
    for case, ours, theirs in chosen:
        expected, _ = predict(run, peer, case, ours)
        sent = copy.copy(case)
        sent["fields"], sent["query"] = theirs["fields"], theirs.get("query", case["query"])
        if case["unsigned_token"] and not any(n.lower() == "x-amz-security-token" for n, _ in sent["fields"]) \
                and "X-Amz-Security-Token" not in (sent["query"] or ""):
            sent["fields"] = sent["fields"] + [["X-Amz-Security-Token", case["token"]]]
        inputs.append(sent)
        same = expected.target() == Parts(case, ours["canonical"]).target()
        wanted.append(same and not ours["verdict"])
    answers = run.batch(peer + "-v4a-by-ours", [run.arguments.signer, "verify"], inputs)
    for sent, accept, answer in zip(inputs, wanted, answers):
        run.counts[peer]["v4a: theirs accepted by ours"] += answer["verdict"] == ""
        if (answer["verdict"] == "") != accept:
            run.fail(sent, peer, f"v4a: ours says '{answer['verdict']}', the table says {accept}")


def ours_by_theirs(run, chosen):
    inputs = [{"public_key": theirs["public_key"], "string_to_sign": ours["string_to_sign"],
               "signature": ours["signature"]} for _, ours, theirs in chosen]
    command = ["node", os.path.join(HERE, "peers.js"), run.arguments.modules, "verify"]
    for (case, _, _), answer in zip(chosen, run.batch("ours-v4a-by-node", command, inputs)):
        run.counts["smithy"]["v4a: ours accepted with its key"] += answer.get("valid") is True
        if answer.get("valid") is not True:
            run.fail(case, "smithy", f"v4a: our signature is not accepted: {answer}")


def compare_ecdsa(run, peer, cases, ours, theirs):
    chosen = [(c, o, t) for c, o, t in zip(cases, ours, theirs)
              if c["algorithm"] == "v4a" and "refused" not in o and "refused" not in t]
    theirs_by_ours(run, peer, chosen)
    if peer == "smithy":
        ours_by_theirs(run, chosen)


# --- The run ---------------------------------------------------------------------------------------------------------

def peers_of(arguments):
    python = arguments.python or sys.executable
    names = ["botocore", "botocore-params"] + (["crt"] if arguments.python else [])
    peers = {name: [python, "-B", os.path.join(HERE, "peers.py"), name] for name in names}
    for name in ["smithy", "aws4"] if arguments.modules else []:
        peers[name] = ["node", os.path.join(HERE, "peers.js"), arguments.modules, name]
    return python, peers


def report(run, n):
    for peer, count in run.counts.items():
        print(f"{peer:16s} " + ", ".join(f"{v} {k}" for k, v in count.items() if v))
    print("\ndifferences (cases, of them accepted by our strict rules, peer, rule, who is right, why):")
    unused = []
    for row in ROWS:
        for peer in (p for p in row.peers if p in run.counts):
            if not run.rows[peer, row.rule]:
                unused.append(f"{peer} {row.rule}")
            numbers = f"{run.rows[peer, row.rule]:7d} {run.strict[peer, row.rule]:6d}"
            print(f"{numbers} {peer:16s} {row.rule:18s} {row.right:7s} {row.why}")
    if unused and n >= ALL_ROWS_FROM:
        run.failures += 1
        print("FAILED: no case needs " + ", ".join(unused))
    print(f"\n{n} cases, {run.failures} failures")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("signer")
    parser.add_argument("--cases", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    for name in ("python", "modules", "keep"):
        parser.add_argument("--" + name)
    arguments = parser.parse_args()
    python, peers = peers_of(arguments)
    probe = "import botocore.auth as a; print('connection' in a.SIGNED_HEADERS_BLACKLIST)"
    probed = subprocess.run([python, "-c", probe], capture_output=True, text=True, check=False)
    if probed.returncode:
        print("not run: this python has no botocore (Debian: python3-botocore)")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        run = Run(arguments, arguments.keep or folder)
        run.old = probed.stdout.strip() == "False"
        cases = generate.cases(arguments.cases, arguments.seed)
        ours = run.batch("ours", [arguments.signer, "sign"], cases)
        for case, answer in zip(cases, ours):
            check_ours(run, case, answer)
        for peer, command in peers.items():
            chosen = [i for i, c in enumerate(cases) if c["algorithm"] == "v4" or peer in ("crt", "smithy", "aws4")]
            mine, own = [cases[i] for i in chosen], [ours[i] for i in chosen]
            theirs = run.batch(peer, command, mine)
            for one in zip(mine, own, theirs):
                compare(run, peer, *one)
            if peer in ("crt", "smithy"):
                compare_ecdsa(run, peer, mine, own, theirs)
        report(run, arguments.cases)
        return 1 if run.failures else 0


if __name__ == "__main__":
    sys.exit(main())
