# SPDX-License-Identifier: Apache-2.0
"""Collects all that a suite made (logs, replies, its own output) and looks for keys and tokens in it, plain and encoded."""
import base64, json, urllib.parse


class Leaks:
    def __init__(self):
        self.secrets, self.texts = {}, []

    def know(self, name, value):
        """name: what a report calls it; the report never shows the value."""
        if value:
            self.secrets.setdefault(value, name)

    def collect(self, where, text):
        self.texts.append((where, text))

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
        probe = Leaks()
        for secret, name in self.secrets.items():
            probe.know(name, secret)
            probe.collect("the probe " + name, 'x{"a":"' + urllib.parse.quote(secret, safe="") + '"}')
        assert len({name for name in self.secrets.values()}) <= len(probe.found()), "the search does not find what is planted"
        bad = self.found()
        assert not bad, "; ".join(bad)
        return f"{len(self.secrets)} secrets are in none of {len(self.texts)} logs and replies"
