# SPDX-License-Identifier: Apache-2.0
"""AWS's own tools against this project. conformance.py [BUILD_DIR] [--without NAME]... [--only NAME]...
Exit code 0 only if every check passed; a check that could not run counts against it, unless it was left out by name."""
import argparse, importlib, signal, sys

from room import Report, Room

# name, module, function, what it is
GROUPS = [
    ("lint", "template_checks", "lint_group", "sam validate and cfn-lint"),
    ("translation", "template_checks", "translation_group", "what AWS's transform makes of template.yaml"),
    ("variants", "template_checks", "variants_group", "what the two variants of template.yaml become on AWS"),
    ("templates", "template_checks", "templates_group", "the templates as apigw reads them, and as SAM does"),
    ("build", "sam_checks", "build_group", "sam build"),
    ("invoke", "sam_checks", "invoke_group", "sam local invoke with every sample event"),
    ("events", "event_checks", "events_group", "the gateway's events, read by Powertools"),
    ("start-api", "sam_checks", "start_api_group", "sam local start-api, public to private"),
    ("rie", "rie_checks", "rie_group", "the Runtime Interface Emulator without Docker"),
    ("stack", "moto_checks", "stack_group", "the translated stack, created by moto"),
    ("sts", "moto_checks", "sts_group", "AssumeRole of ours, judged by moto"),
    ("moto-iam", "moto_iam", "iam_group", "policies, judged by moto"),
    ("clients", "client_checks", "clients_group", "other people's clients against the gateway"),
]


def main():
    names = [g[0] for g in GROUPS]
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0], epilog="NAME: " + ", ".join(names))
    parser.add_argument("build", nargs="?", default="build", metavar="BUILD_DIR", help="holds apigw and bootstrap (build)")
    parser.add_argument("--without", action="append", default=[], choices=names, metavar="NAME", help="leave this out")
    parser.add_argument("--only", action="append", default=[], choices=names, metavar="NAME", help="leave all others out")
    asked = parser.parse_args()
    report = Report()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is ended
    with Room(asked.build) as room:
        for name, module, function, sentence in GROUPS:
            if name in asked.without or (asked.only and name not in asked.only):
                report.leave_out(name, "asked for")
            else:
                report.run(name, getattr(importlib.import_module(module), function), room, sentence)
    return report.end()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
