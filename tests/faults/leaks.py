# SPDX-License-Identifier: Apache-2.0
"""Collects all that a suite made (logs, replies, its own output) and looks for keys and tokens in it, plain and encoded.
`make test` gives every suite a folder to leave both in; e2e/no_secret.py then searches what all of them made for the keys
of all of them."""
import base64, glob, json, os, urllib.parse

LEFT = "leaks"  # below the build folder


class Leaks:
    def __init__(self, build=None):
        """build: the build folder, in which both are left if there is a place for them."""
        self.secrets, self.texts, self.build = {}, [], build

    def know(self, name, value):
        """name: what a report calls it; the report never shows the value."""
        if value and value not in self.secrets:
            self.secrets[value] = name
            self._leave(name=name, value=value)

    def collect(self, where, text):
        self.texts.append((where, text))
        self._leave(where=where, text=text)

    def _leave(self, **line):
        folder = os.path.join(self.build or "", LEFT)
        if not self.build or not os.path.isdir(folder):
            return
        file = os.open(os.path.join(folder, f"{os.getpid()}.jsonl"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with open(file, "wb", buffering=0) as f:  # a line at once: several threads write
            f.write(json.dumps(line).encode() + b"\n")

    def read_left(self, build):
        """What other processes left there."""
        for path in sorted(glob.glob(os.path.join(build, LEFT, "*.jsonl"))):
            with open(path, encoding="utf-8") as f:
                for line in map(json.loads, f):
                    if "value" in line:
                        self.know(line["name"], line["value"])
                    else:
                        self.collect(line["where"], line["text"])

    @staticmethod
    def _forms(secret):
        yield secret
        yield urllib.parse.quote(secret, safe="")
        yield urllib.parse.quote(urllib.parse.quote(secret, safe=""), safe="")
        yield json.dumps(secret)[1:-1]
        yield secret.replace("/", "\\/")
        yield secret.encode().hex()
        for lead in range(3):  # base64 depends on what comes before: the part that is the secret's alone
            coded = base64.b64encode(b"\0" * lead + secret.encode()).decode()
            yield coded[4 if lead else 0:len(coded) - 4]

    def found(self):
        """Sentences, one for each secret and place."""
        bad = []
        for secret, name in self.secrets.items():
            forms = {f for f in self._forms(secret) if len(f) >= 8}
            bad += [f"{name} is in {where}" for where, text in self.texts if any(f in text for f in forms)]
        return sorted(set(bad))

    def check(self):
        """Fails on what was found, and on a collector that could not have found anything."""
        assert self.secrets and any(text for _, text in self.texts), "nothing was collected"
        for secret, name in self.secrets.items():
            for way in (lambda s: urllib.parse.quote(s, safe=""), lambda s: base64.b64encode(b'{"k":"' + s.encode() + b'"}').decode()):
                probe = Leaks()
                probe.know(name, secret)
                probe.collect("the probe", "x" + way(secret))
                assert probe.found() or len(secret) < 12, f"the search does not find {name} where it is planted"
        bad = self.found()
        assert not bad, "; ".join(bad)
        return f"{len(self.secrets)} secrets are in none of {len(self.texts)} logs and replies"
