# SPDX-License-Identifier: Apache-2.0
"""translate.py TEMPLATE: what AWS's transform makes of a SAM template in the region AWS_DEFAULT_REGION.
stdin: a JSON list of parameter maps; stdout: the list of results. A process per region, for the library remembers the first."""
import json, logging, sys

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse


class NoManagedPolicies:
    def load(self):
        return {}


def translate(text, parameters):
    template = yaml_parse(text)
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":  # the library wants a package that is uploaded already
            resource["Properties"]["CodeUri"] = "s3://bucket-of-artifacts/package.zip"
    return transform(template, parameters, NoManagedPolicies())


logging.disable(logging.CRITICAL)  # it warns about feature toggles that only AWS has
with open(sys.argv[1], encoding="utf-8") as f:
    source = f.read()
json.dump([translate(source, p) for p in json.load(sys.stdin)], sys.stdout)
