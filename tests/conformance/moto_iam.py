# SPDX-License-Identifier: Apache-2.0
"""Group `moto-iam`: who may call what, by `apigw check` and by the evaluator of moto, which is not ours. moto is not AWS either:
where the two differ, one of the REPAIRS below must turn moto's answer into ours, and each names the page of AWS that it follows."""
import fnmatch, itertools, json, os, random, re
from collections import Counter

from moto.iam.access_control import IAMPolicy, IAMPolicyStatement, PermissionResult
from moto.iam.aws_managed_policies import aws_managed_policies_data

from room import equal, run

ACCOUNT, STACK, SEED, USERS, ROLES = "123456789012", "conformance", 20240229, 500, 60
ROUTES = {"Pets": ("dev", [("get", "/pets"), ("post", "/pets"), ("get", "/pets/cat"), ("delete", "/a.b")]),
          "Shop": ("prod", [("get", "/items"), ("put", "/items")])}
GUIDE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/"

# --------------------------------------------------------------------------------------------------------- moto, repaired

# name: what is AWS's rule that moto does not follow, and where it stands
REPAIRS = {
    "case": ("actions are compared without case", GUIDE + "reference_policies_elements_action.html"),
    "question": ("`?` is any one character", GUIDE + "reference_policies_elements_resource.html"),
    "literal": ("every other character is itself, `.` too", GUIDE + "reference_policies_grammar.html"),
    "segment": ("a `*` inside a segment does not go beyond its colon", GUIDE + "reference_policies_elements_resource.html"),
    "substring": ("a principal is the whole ARN", GUIDE + "reference_policies_elements_principal.html"),
    "account": ("an account's root or number is everybody in it", GUIDE + "reference_policies_elements_principal.html"),
    "others": ("a statement that does not apply says nothing of the others", GUIDE + "reference_policies_evaluation-logic.html"),
    "trust-deny": ("a Deny of a trust policy denies", GUIDE + "reference_policies_elements_effect.html"),
    "absent": ("a key that is not there equals nothing", GUIDE + "reference_policies_elements_condition_operators.html"),
    "direct": ("who is named by ARN in the same account needs no policy of his", GUIDE + "reference_policies_evaluation-logic_policy-eval-basics.html"),
}


def as_list(value):
    return value if isinstance(value, list) else [value]


class Statement(IAMPolicyStatement):
    """moto's, with some of its differences from AWS repaired."""

    def __init__(self, statement, repairs):
        super().__init__(statement)
        self.repairs = repairs

    def pattern(self, pattern, resource):
        made = ""
        for i, c in enumerate(pattern):
            last = i + 1 == len(pattern) or pattern[i + 1] == ":"
            if c == "*":
                made += "[^:]*" if resource and "segment" in self.repairs and not last else ".*"
            elif c == "?" and "question" in self.repairs:
                made += "[^:]" if resource else "."
            else:
                made += re.escape(c) if "literal" in self.repairs and c != "?" else c
        return made

    def _check_element_matches(self, element, value):
        resource, flags = element.endswith("Resource"), re.IGNORECASE if "case" in self.repairs and element.endswith("Action") else 0
        return any(re.match(f"^{self.pattern(p, resource)}$", value, flags) for p in as_list(self._statement[element]))

    def _check_principal(self, principal):
        named = self._statement.get("Principal", {}).get("AWS", [])
        if "account" in self.repairs and {ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root"} & set(as_list(named)):
            return True
        return super()._check_principal(principal) if "substring" not in self.repairs else bool({"*", principal} & set(as_list(named)))

    def _check_conditions(self, values):
        asked = {key for keys in self._statement.get("Condition", {}).values() for key in keys}
        return False if "absent" in self.repairs and asked - set(values or {}) else super()._check_conditions(values)

    def is_action_permitted(self, action, resource="*", principal=None, incoming_condition_values=None):
        applies = (not principal or self._check_principal(principal)) and self._check_conditions(incoming_condition_values)
        if "others" in self.repairs and not applies:
            return PermissionResult.NEUTRAL
        result = super().is_action_permitted(action, resource, principal, incoming_condition_values)
        denies = "trust-deny" in self.repairs and result == PermissionResult.PERMITTED and self._statement["Effect"] == "Deny"
        return PermissionResult.DENIED if denies else result


def evaluated(document, repairs, *asked):
    """As IAMPolicy.is_action_permitted goes through its statements."""
    if not repairs:
        return IAMPolicy(json.dumps(document)).is_action_permitted(*asked)
    results = [Statement(s, repairs).is_action_permitted(*asked) for s in as_list(document["Statement"])]
    return next((r for r in (PermissionResult.DENIED, PermissionResult.PERMITTED) if r in results), PermissionResult.NEUTRAL)


def permitted(documents, repairs, action, resource):
    """As IAMRequestBase.check_action_permitted goes through the policies of a user: None is a Deny."""
    results = {evaluated(d, repairs, action, resource) for d in documents}
    return None if PermissionResult.DENIED in results else PermissionResult.PERMITTED in results


def named_directly(trust, user):
    return any(s["Effect"] == "Allow" and user in as_list(s["Principal"].get("AWS", [])) and "Condition" not in s
               for s in as_list(trust["Statement"]))


def may_assume(documents, trust, repairs, user, role):
    own = permitted(documents, repairs, "sts:AssumeRole", role)
    if own is None or (not own and not ("direct" in repairs and named_directly(trust, user))):
        return False
    return evaluated(trust, repairs, "sts:AssumeRole", role, user, {}) == PermissionResult.PERMITTED


def explain(ours, moto):
    """The smallest set of repairs with which moto says what we say; () when it does so as it is; None: there is none."""
    if moto(()) == ours:
        return ()
    for n in (1, 2, 3):
        for repairs in itertools.combinations(REPAIRS, n):
            if moto(repairs) == ours:
                return repairs
    return tuple(REPAIRS) if moto(tuple(REPAIRS)) == ours else None


# ------------------------------------------------------------------------------------------------------------------- ours


def template():
    resources = {"F": {"Type": "AWS::Serverless::Function",
                       "Properties": {"Runtime": "provided.al2023", "Handler": "h", "CodeUri": ".", "Events": {}}}}
    for api, (stage, routes) in ROUTES.items():
        auth = {"DefaultAuthorizer": "AWS_IAM", "InvokeRole": "NONE"}
        resources[api] = {"Type": "AWS::Serverless::Api",
                          "Properties": {"StageName": stage, "OpenApiVersion": "3.0.1", "Auth": auth}}
        for i, (method, path) in enumerate(routes):
            resources["F"]["Properties"]["Events"][f"{api}{i}"] = {"Type": "Api", "Properties": {
                "RestApiId": {"Ref": api}, "Path": path, "Method": method}}
    return {"Transform": "AWS::Serverless-2016-10-31", "Resources": resources}


class Ours:
    """`apigw check --json` over callers of a file."""

    def __init__(self, room):
        self.room, self.template, self.binary = room, room.path("iam", "template.json"), os.path.join(room.build, "apigw")
        with open(self.template, "w") as f:
            json.dump(template(), f)
        self.arns = {(r["method"], r["path"]): r["arn"] for r in self.check({})["routes"]}

    def run(self, callers, expect):
        path = self.room.path("iam", "callers.json")
        with open(path, "w") as f:
            json.dump({"Resources": callers or {"Nobody": {"Type": "AWS::IAM::User"}}}, f)
        command = [self.binary, "check", "--json", "--template", self.template, "--callers", path, "--stack-name", STACK,
                   "--account", ACCOUNT, "--region", "us-east-1"]
        done = run(command, expect=None, env=self.room.environment())
        assert done.returncode in expect, f"exit code {done.returncode}: {done.stderr}"
        return done

    def check(self, callers):
        return json.loads(self.run(callers, (0, 1)).stdout)  # 1: a lint of level error

    def refusal(self, callers):
        return self.run(callers, (3,)).stderr

    def matrix(self, callers):
        report = self.check(callers)
        cells = {(c["caller"], c["method"], c["path"]): c["allowed"] for c in report["cells"]}
        return cells, {(a["caller"], a["role"]) for a in report["assumes"]}


def user(name, documents, **more):
    policies = [{"PolicyName": f"p{i}", "PolicyDocument": d} for i, d in enumerate(documents)]
    return {"Type": "AWS::IAM::User", "Properties": {"UserName": name, "Policies": policies, **more}}


def document(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


def statement(effect, action, resource, **more):
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


# --------------------------------------------------------------------------------------------------------------- generated


class Generator:
    def __init__(self, arns):
        self.random, self.arns = random.Random(SEED), list(arns.values())
        self.roles = [f"arn:aws:iam::{ACCOUNT}:role/{STACK}-R{i}" for i in range(ROLES)]
        self.users = [f"arn:aws:iam::{ACCOUNT}:user/u{i}" for i in range(USERS)]

    def one(self, *choices):
        return self.random.choice(choices)

    def action(self):
        plain = ["execute-api:Invoke"] * 8 + ["execute-api:*", "*", "execute-api:Inv*", "execute-api:*voke", "s3:GetObject",
                                              "execute-api:ManageConnections", "execute-api:InvalidateCache"]
        odd = ["Execute-API:invoke", "EXECUTE-API:INVOKE", "execute-api:Inv?ke", "execute-api:Invoke?", "execute-api:Invok."]
        return self.one(*plain, *odd) if self.random.random() < 0.8 else [self.one(*plain, *odd) for _ in range(2)]

    def part(self, text):
        return self.one("*", text[:1] + "*", "*" + text[-1:], text[:-1] + "?", "?" + text[1:], text + "?", text.upper(), text[:-1],
                        text + "x", text.replace(text[len(text) // 2], ".", 1))

    def resource(self):
        arn = self.one(*self.arns)
        if self.random.random() < 0.08:
            return "*"
        head, tail = arn.split(":")[:3], arn.split(":")[3:5] + arn.split(":", 5)[5].split("/", 3)
        for _ in range(self.one(0, 0, 1, 1, 1, 2, 3)):
            i = self.random.randrange(len(tail))
            tail[i] = self.part(tail[i])
        text = ":".join(head + tail[:2]) + ":" + "/".join(tail[2:])
        if self.random.random() < 0.15:
            text = text[:self.random.randrange(len("arn:aws:execute-api:"), len(text))] + "*"
        if self.random.random() < 0.05:  # from the middle of one segment into the next
            text = re.sub(r":us-east-1:\d+:", self.one(":us-*2:", ":us-e*:", ":*012:"), text)
        return text

    def statement(self):
        resource = self.resource() if self.random.random() < 0.7 else [self.resource() for _ in range(self.one(2, 3))]
        return statement(self.one("Allow", "Allow", "Allow", "Deny"), self.action(), resource)

    def documents(self):
        made = [document(*(self.statement() for _ in range(self.one(1, 1, 2, 3)))) for _ in range(self.one(1, 1, 2))]
        if self.random.random() < 0.3:
            role = self.one(*self.roles)
            resource = self.one("*", role, role[:-1] + "*", [role, self.one(*self.roles)])
            made[0]["Statement"].append(statement(self.one("Allow", "Allow", "Allow", "Deny"), self.one("sts:AssumeRole", "sts:*"), resource))
        return made

    def trust(self):
        def principal():
            return self.one(self.one(*self.users), self.one(*self.users[:20]), "*", ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root",
                            "arn:aws:iam::999999999999:root", [self.one(*self.users), self.one(*self.users[:20])])

        def one():
            s = {"Effect": self.one("Allow", "Allow", "Allow", "Deny"), "Action": self.one("sts:AssumeRole", "sts:*", "sts:TagSession"),
                 "Principal": {"AWS": principal()}}
            if self.random.random() < 0.15:
                s["Condition"] = {"StringEquals": {"sts:ExternalId": "said"}}
            return s
        return document(*(one() for _ in range(self.one(1, 1, 2))))


class Tally:
    """Of one table: how many agree, how many differ and by what."""

    def __init__(self, title):
        self.title, self.agree, self.by, self.unexplained = title, 0, Counter(), []

    def add(self, what, ours, moto):
        repairs = explain(ours, moto)
        if repairs is None:
            self.unexplained.append(f"{what}: apigw says {ours}, moto {moto(())}, repaired {moto(tuple(REPAIRS))}")
        self.agree += repairs == ()
        self.by[repairs] += 1

    def end(self, expected_repairs):
        total = sum(self.by.values())
        print(f"        {self.title}: {total} decisions, {self.agree} alike, {total - self.agree} explained")
        used = Counter()
        for repairs, n in self.by.items():
            used.update({name: n for name in repairs or ()})
        for name in expected_repairs:
            print(f"        {used[name]:7}  {REPAIRS[name][0]}  {REPAIRS[name][1]}")
        assert not self.unexplained, "\n".join(self.unexplained[:5])
        unused = [name for name in expected_repairs if not used[name]]
        assert not unused, f"an explanation that nothing needs: {unused}"
        return f"{total} decisions, {self.agree} alike"


IDENTITY = ("case", "question", "literal", "segment")
TRUST = ("substring", "account", "others", "trust-deny", "absent", "direct")


def callers(g):
    users = {f"u{i}": g.documents() for i in range(USERS)}
    users["u1"].append(document(statement("Allow", "sts:AssumeRole", "*")))  # u10 and others are named with u1 in their name
    trusts = {f"R{i}": g.trust() for i in range(ROLES)}
    resources = {f"U{n[1:]}": user(n, d) for n, d in users.items()}
    resources |= {n: {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": t}} for n, t in trusts.items()}
    return users, trusts, resources


def generated(ours):
    g = Generator(ours.arns)
    users, trusts, resources = callers(g)
    cells, assumes = ours.matrix(resources)
    tally, roles = Tally(f"generated policies, seed {SEED}"), Tally(f"generated trust policies, seed {SEED}")
    for name, documents in users.items():
        for (method, path), arn in ours.arns.items():
            tally.add((name, method, path, documents), cells[name, method, path],
                      lambda repairs: bool(permitted(documents, repairs, "execute-api:Invoke", arn)))
        for i, (role, trust) in enumerate(trusts.items()):
            arn = f"arn:aws:iam::{ACCOUNT}:user/{name}"
            roles.add((name, role, documents, trust), (name, role) in assumes,
                      lambda repairs: may_assume(documents, trust, repairs, arn, g.roles[i]))
    return tally.end(IDENTITY) + "; of roles " + roles.end(TRUST)


# ------------------------------------------------------------------------------------------------------------ hand-written

ANY = "arn:aws:execute-api:us-east-1:123456789012:*"
# sentence, statements, what `GET /dev/pets` is by AWS's documentation
WRITTEN = [
    ("nothing is said", [], False),
    ("exactly this", [("Allow", "execute-api:Invoke", "{arn}")], True),
    ("everything", [("Allow", "*", "*")], True),
    ("another action", [("Allow", "execute-api:ManageConnections", "{arn}")], False),
    ("the service's actions", [("Allow", "execute-api:*", "{arn}")], True),
    ("another service's actions", [("Allow", "apigateway:*", "*")], False),
    ("a list with it", [("Allow", ["s3:GetObject", "execute-api:Invoke"], ["arn:aws:s3:::b/*", "{arn}"])], True),
    ("Deny behind Allow", [("Allow", "*", "*"), ("Deny", "execute-api:Invoke", "{arn}")], False),
    ("Deny before Allow", [("Deny", "execute-api:Invoke", "{arn}"), ("Allow", "*", "*")], False),
    ("Deny of another", [("Allow", "*", "*"), ("Deny", "execute-api:Invoke", "{arn}/more")], True),
    ("Deny alone", [("Deny", "*", "*")], False),
    ("Deny of everything but the method", [("Allow", "*", "*"), ("Deny", "*", "arn:aws:execute-api:*:*:*/*/POST/*")], True),
    ("every API of the region and account", [("Allow", "execute-api:Invoke", ANY)], True),
    ("every region", [("Allow", "execute-api:Invoke", "arn:aws:execute-api:*:123456789012:*")], True),
    ("another region", [("Allow", "execute-api:Invoke", "arn:aws:execute-api:eu-west-1:123456789012:*")], False),
    ("another account", [("Allow", "execute-api:Invoke", "arn:aws:execute-api:us-east-1:999999999999:*")], False),
    ("the API", [("Allow", "execute-api:Invoke", "{api}/*")], True),
    ("the API without anything", [("Allow", "execute-api:Invoke", "{api}")], False),
    ("the stage", [("Allow", "execute-api:Invoke", "{api}/dev/*")], True),
    ("another stage", [("Allow", "execute-api:Invoke", "{api}/prod/*")], False),
    ("the method in every stage", [("Allow", "execute-api:Invoke", "{api}/*/GET/*")], True),
    ("the method in small letters", [("Allow", "execute-api:Invoke", "{api}/*/get/*")], False),
    ("a * takes a slash", [("Allow", "execute-api:Invoke", "{api}/*/pets")], True),
    ("a slash too many", [("Allow", "execute-api:Invoke", "{api}/dev/GET//pets")], False),
    ("the beginning of the path", [("Allow", "execute-api:Invoke", "{api}/dev/GET/pe*")], True),
    ("what is below the path", [("Allow", "execute-api:Invoke", "{api}/dev/GET/pets/*")], False),
    ("actions without case", [("Allow", "Execute-Api:INVOKE", "{arn}")], True),
    ("one character", [("Allow", "execute-api:Invoke", "{api}/dev/GET/pet?")], True),
    ("one character too many", [("Allow", "execute-api:Invoke", "{arn}?")], False),
    ("one character is no none", [("Allow", "execute-api:Invoke", "{api}/dev/GET/pets?")], False),
    ("a point is a point", [("Allow", "execute-api:Invoke", "{api}/dev/GET/p.ts")], False),
    ("a plus is a plus", [("Allow", "execute-api:Invoke", "{api}/dev/GET/pe+ts")], False),
    ("brackets are brackets", [("Allow", "execute-api:Invoke", "{api}/dev/GET/[p]ets")], False),
    ("a bar is no choice", [("Allow", "execute-api:Invoke", "{api}/dev/GET/dogs|.*")], False),
    ("from segment to segment", [("Allow", "execute-api:Invoke", "arn:aws:execute-api:us-*-1:*:*/dev/GET/pets")], True),
    ("a * in a segment stays there", [("Allow", "execute-api:Invoke", "arn:aws:execute-api:u*2:*/dev/GET/pets")], False),
]
# What moto takes and our reader refuses by name, for nothing it could not evaluate opens anything.
REFUSED = [
    ("NotAction", {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}, "NotAction of a policy statement"),
    ("no Resource", {"Effect": "Allow", "Action": "execute-api:Invoke"}, "a statement without Resource"),
    ("NotResource", {"Effect": "Allow", "Action": "*", "NotResource": "*"}, "NotResource is not supported"),
    ("Principal", statement("Allow", "*", "*", Principal="*"), "Principal of a policy statement"),
    ("a service with *", statement("Allow", "*", "arn:aws:*:*:*:*"), "is neither * nor an ARN"),
    ("an unknown operator", statement("Allow", "*", "*", Condition={"StringIs": {"aws:username": "a"}}), "StringIs is not supported"),
]


def written(ours):
    arn = ours.arns["GET", "/dev/pets"]

    def filled(s):
        return json.loads(json.dumps(s).replace("{arn}", arn).replace("{api}", arn.split("/")[0]))

    documents = [[document(*(statement(*filled(s)) for s in statements))] if statements else [] for _, statements, _ in WRITTEN]
    cells, _ = ours.matrix({f"U{i}": user(f"u{i}", d) for i, d in enumerate(documents)})
    tally = Tally("written by hand")
    for i, (sentence, _, expected) in enumerate(WRITTEN):
        equal(cells[f"u{i}", "GET", "/dev/pets"], expected, sentence)
        tally.add(sentence, expected, lambda repairs: bool(permitted(documents[i], repairs, "execute-api:Invoke", arn)))
    return tally.end(IDENTITY)


def refused(ours):
    for name, s, sentence in REFUSED:
        refusal = ours.refusal({"U": user("u", [document(s)])})
        assert sentence in refusal, f"{name}: {refusal!r}"
    return f"{len(REFUSED)} policies"


# ----------------------------------------------------------------------------------------------------------------- managed

ASKED = ("execute-api:Invoke", "sts:AssumeRole", "lambda:InvokeFunctionUrl", "lambda:InvokeFunction")


def touches(s, effect):
    if s["Effect"] != effect:
        return False
    patterns = [p.lower() for p in as_list(s.get("Action", s.get("NotAction")))]
    return any(any(fnmatch.fnmatchcase(a.lower(), p) for p in patterns) == ("Action" in s) for a in ASKED)


def managed(ours):
    """Every managed policy of AWS that moto has the text of, attached to a user of its own."""
    known = {f"arn:aws:iam::aws:policy{p['Path']}{name}": p["Document"] for name, p in json.loads(aws_managed_policies_data).items()}
    denying = [arn for arn, d in known.items() if any(touches(s, "Deny") for s in as_list(d["Statement"]))]
    accepted = []
    for arn in known:  # most are taken; the few that are not by their names are asked for one by one
        if arn in denying or re.search("Deny|Quarantine|Boundary|AllowList|root-task", arn):
            refusal = ours.refusal({"U": user("u", [], ManagedPolicyArns=[arn])})
            assert "could not be seen" in refusal, f"{arn}: {refusal!r}"
        else:
            accepted.append(arn)
    cells, _ = ours.matrix({f"U{i}": user(f"u{i}", [], ManagedPolicyArns=[arn]) for i, arn in enumerate(accepted)})
    opened = {accepted[int(name[1:])].split("/")[-1] for (name, _, _), allowed in cells.items() if allowed and name[0] == "u" and name != "unsigned"}
    for i, arn in enumerate(accepted):
        for (method, path), resource in ours.arns.items():
            theirs = IAMPolicy(json.dumps(known[arn])).is_action_permitted("execute-api:Invoke", resource) == PermissionResult.PERMITTED
            assert theirs or not cells[f"u{i}", method, path], f"{arn} does not allow {resource}"
    equal(opened, {"AdministratorAccess", "PowerUserAccess", "AmazonAPIGatewayInvokeFullAccess"})
    return f"{len(known)} policies, {len(known) - len(accepted)} refused, {len(opened)} open a route"


def iam_group(report, room):
    ours = Ours(room)
    report.check("policies written by hand: apigw, moto and AWS's documentation", written, ours)
    report.check("what apigw refuses by name", refused, ours)
    report.check("generated policies and trust policies: apigw and moto", generated, ours)
    report.check("AWS's managed policies: none that denies is taken, none opens what it does not allow", managed, ours)
