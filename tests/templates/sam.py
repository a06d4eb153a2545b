# SPDX-License-Identifier: Apache-2.0
"""What SAM makes of a template, as routes, permissions and URLs. Conditions are decided with the parameters' defaults."""
import logging, os

os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"]
ANY = "x-amazon-apigateway-any-method"
logging.disable(logging.CRITICAL)  # it warns that nobody collects its metrics


class NoManagedPolicies:
    def load(self):
        return {}


class Sam:
    """Sam(path): .error (a sentence or None) or .routes, .permissions, .urls, and .stages (what stands before an API's paths)."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as f:
            template = yaml_parse(f.read())
        for r in template["Resources"].values():
            if r["Type"] == "AWS::Serverless::Function":
                r["Properties"]["CodeUri"] = "s3://bucket/key.zip"  # as sam package leaves it
        self.error, self.routes, self.permissions, self.urls, self.stages = None, {}, [], {}, {}
        try:
            self.template = transform(template, {}, NoManagedPolicies())
        except InvalidDocumentException as problem:
            self.error = " ".join(cause.message for cause in problem.causes)
            return
        self._read_apis()
        self._read_functions()

    def _value(self, node):
        """Ref of a parameter, Fn::If and AWS::NoValue decided; anything else stays."""
        if isinstance(node, dict) and set(node) == {"Fn::If"}:
            name, yes, no = node["Fn::If"]
            return self._value(yes if self._holds({"Condition": name}) else no)
        if isinstance(node, dict) and set(node) == {"Ref"}:
            name = node["Ref"]
            return None if name == "AWS::NoValue" else self.template.get("Parameters", {}).get(name, {}).get("Default", node)
        return node

    def _holds(self, condition):
        (kind, argument), = condition.items()
        if kind == "Condition":
            return self._holds(self.template["Conditions"][argument])
        if kind == "Fn::Equals":
            return self._value(argument[0]) == self._value(argument[1])
        return {"Fn::Or": any, "Fn::And": all, "Fn::Not": lambda of: not any(of)}[kind](self._holds(c) for c in argument)

    def of_type(self, kind):
        return {n: r.get("Properties", {}) for n, r in self.template["Resources"].items()
                if r["Type"] == kind and ("Condition" not in r or self._holds({"Condition": r["Condition"]}))}

    def _stage(self, api, kind, id_property):
        names = [self._value(s["StageName"]) for s in self.of_type(kind).values() if s[id_property] == {"Ref": api}]
        assert len(names) == 1, names
        return "" if names[0] == "$default" else "/" + names[0]

    def _read_apis(self):
        for kind, stage, id_property in (("AWS::ApiGateway::RestApi", "AWS::ApiGateway::Stage", "RestApiId"),
                                         ("AWS::ApiGatewayV2::Api", "AWS::ApiGatewayV2::Stage", "ApiId")):
            for api, properties in self.of_type(kind).items():
                before = self.stages[api] = self._stage(api, stage, id_property)
                for path, item in properties["Body"]["paths"].items():
                    path = "$default" if path in ("$default", "/$default") else before + path
                    self._read_path(api, path, self._value(item) or {})

    def _read_path(self, api, path, item):
        methods = {m: self._value(v) for m, v in item.items()}
        methods = {m: v for m, v in methods.items() if v}
        for method in METHODS if ANY in methods else [m.upper() for m in methods]:
            route = methods.get(method.lower(), methods.get(ANY))
            names = {name for entry in route.get("security", []) for name in entry}
            authorization = "+".join(w for w, n in (("AWS_IAM", "AWS_IAM"), ("key", "api_key")) if n in names) or "open"
            integration = route["x-amazon-apigateway-integration"]
            uri = self._value(integration.get("uri")) or {"Fn::Sub": ""}  # a mock has none
            function = uri["Fn::Sub"].split("${")[-1].split(".Arn")[0]
            self.routes[api, method, path] = (authorization, function, integration.get("credentials"))

    def _read_functions(self):
        for p in self.of_type("AWS::Lambda::Permission").values():
            if p["Principal"] == "apigateway.amazonaws.com":
                arn, values = p["SourceArn"]["Fn::Sub"]
                self.permissions.append((p["FunctionName"]["Ref"], values["__ApiId__"]["Ref"], arn.split("${__Stage__}")[1]))
        for name, p in self.of_type("AWS::Lambda::Url").items():
            self.urls[name] = (p["AuthType"], p.get("InvokeMode") or "BUFFERED", next(iter(p["TargetFunctionArn"].values())))

    def public(self, function):
        """The actions that everybody has on a function, with what they are tied to."""
        return sorted((p["Action"], p.get("FunctionUrlAuthType"), p.get("InvokedViaFunctionUrl"))
                      for p in self.of_type("AWS::Lambda::Permission").values()
                      if p["Principal"] == "*" and p["FunctionName"] == {"Ref": function})

    def may_call(self, api, method, path, function):
        """May API Gateway call the function for this route? `path` has a value for each parameter and no stage."""
        for f, a, pattern in self.permissions:
            wanted, _, rest = pattern[1:].partition("/")
            if (f, a) == (function, api) and wanted in ("*", method) and (pattern == "/*" or matches(rest, path[1:])):
                return True
        return False


def matches(pattern, text):
    head, star, tail = pattern.partition("*")
    if not star:
        return pattern == text
    return text.startswith(head) and any(matches(tail, text[i:]) for i in range(len(head), len(text) + 1))
