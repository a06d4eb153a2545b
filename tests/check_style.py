#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""House style that no compiler checks. check_style.py [FOLDER]: one line per finding, then a count; exit code 1 if any."""

import concurrent.futures
import json
import os
import re
import subprocess
import sys

MAX_FUNCTION_LINES = 60
MAX_FILE_LINES = 600

# What each room may include: itself and what its arrows reach.
ROOMS = {
    "base": ["base"],
    "sigv4": ["sigv4", "base"],
    "http": ["http", "base"],
    "runtime": ["runtime", "http", "base"],
    "handlers": ["handlers", "runtime", "http", "sigv4", "base"],
    "local": ["local", "handlers", "runtime", "http", "sigv4", "base"],
}
ALL_ROOMS = list(ROOMS)

# Its headers are C++, whatever they are called; tests/install compiles each alone.
CPP_FOLDER = os.path.join("runtime", "cpp", "")

BANNED = {
    "strcpy": "it knows no limit; use a buf",
    "strcat": "it knows no limit; use a buf",
    "sprintf": "it knows no limit; use buf_addf or snprintf",
    "vsprintf": "it knows no limit; use vsnprintf",
    "strtok": "it writes into its input; use str_cut",
    "atoi": "it cannot fail; use str_read_int64",
    "atol": "it cannot fail; use str_read_int64",
    "gets": "it knows no limit; use fgets",
    "alloca": "the stack has no way to say no; use an arena",
    "system": "it runs a shell; use fork and exec",
    "popen": "it runs a shell; use fork and exec",
}
BANNED_CALL = re.compile(r"(?<![\w.>])(" + "|".join(BANNED) + r")\s*\(")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"([^"]+)"', re.MULTILINE)
# Comments and literals; what is neither is code. Character literals come last: an apostrophe in a comment is none.
NOT_CODE = re.compile(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.DOTALL)

# Names that a caller outside of this project gives.
FOREIGN_NAMES = {"main", "LLVMFuzzerTestOneInput", "LLVMFuzzerInitialize"}

findings = []


def report(path, line, sentence):
    findings.append((path, line, sentence))


def read(path):
    with open(path, encoding="utf-8", errors="replace") as f:
        return f.read()


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def list_files():
    """Every file of ours, sorted; build folders and hidden ones (but .ci) are not ours."""
    found = []
    for folder, folders, names in os.walk("."):
        at_top = folder == "."
        folders[:] = [
            d for d in folders
            if (not d.startswith(".") or d == ".ci") and d != "__pycache__" and not (at_top and d.startswith("build"))
        ]
        found += [os.path.relpath(os.path.join(folder, n), ".") for n in names]
    return sorted(found)


def room_of(path):
    return path.split(os.sep)[0]


def blank_out(text, keep_literals):
    """The text with its comments (and literals) replaced by blanks; positions and lines stay as they are."""
    def blank(match):
        piece = match.group(0)
        if keep_literals and piece[0] in "\"'":
            return piece
        return re.sub(r"[^\n]", " ", piece)
    return NOT_CODE.sub(blank, text)


def is_cpp(path):
    return path.endswith((".cpp", ".hpp")) or path.startswith(CPP_FOLDER)


def check_spdx(path):
    name = os.path.basename(path)
    if not (name.endswith((".c", ".h", ".cpp", ".hpp", ".py", ".sh", ".cmake")) or name in ("CMakeLists.txt", "Makefile")
            or path == os.path.join(".ci", "run")):
        return
    if "SPDX-License-Identifier: Apache-2.0" not in "\n".join(read(path).split("\n")[:3]):
        report(path, 1, "no line 'SPDX-License-Identifier: Apache-2.0' among the first three")


def check_length(path, text):
    lines = text.count("\n")
    if lines > MAX_FILE_LINES:
        report(path, lines, f"the file has {lines} lines; {MAX_FILE_LINES} is the wall")


def check_calls(path, text):
    for match in BANNED_CALL.finditer(blank_out(text, keep_literals=False)):
        name = match.group(1)
        report(path, line_of(text, match.start()), f"{name}() is banned: {BANNED[name]}")


def check_includes(path, text, headers):
    allowed = ROOMS.get(room_of(path))
    if allowed is None:
        return
    for match in INCLUDE.finditer(blank_out(text, keep_literals=True)):
        name = match.group(1)
        rooms = headers.get(os.path.basename(name), [])
        line = line_of(text, match.start(1))
        if not rooms:
            report(path, line, f'no room has "{name}"')
        elif not any(r in allowed for r in rooms):
            report(path, line, f'"{name}" is of {rooms[0]}/, which {room_of(path)}/ must not know')


def list_functions(paths):
    run = subprocess.run(["ctags", "--options=NONE", "--languages=C", "--langmap=C:.c.h", "--output-format=json",
                          "--fields=+nef", "--kinds-C=f", "-f", "-", "-L", "-"],
                         input="\n".join(paths), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if run.returncode:
        sys.exit(f"check_style: ctags failed: {run.stderr.strip()}")
    for line in run.stdout.splitlines():
        tag = json.loads(line)
        if tag.get("_type") == "tag" and tag.get("kind") == "function":
            yield tag


def has_prefix(name, stem):
    """foo_bar.c exports foo_bar, foo_bar_* or, as one of several files of foo, foo_*."""
    words = stem.split("_")
    prefixes = ["_".join(words[:n]) for n in range(1, len(words) + 1)]
    return any(name == p or name.startswith(p + "_") for p in prefixes)


def check_functions(paths):
    for tag in list_functions(paths):
        path, name, line = tag["path"], tag["name"], tag["line"]
        length = tag.get("end", line) - line + 1
        if length > MAX_FUNCTION_LINES:
            report(path, line, f"{name}() has {length} lines; {MAX_FUNCTION_LINES} is the wall")
        stem, suffix = os.path.splitext(os.path.basename(path))
        if room_of(path) not in ROOMS or suffix != ".c" or tag.get("file") or name in FOREIGN_NAMES:
            continue
        if not has_prefix(name, stem):
            report(path, line, f"{name}() is not static and does not begin with '{stem.split('_')[0]}_'")


def compile_header(path):
    rooms = ROOMS.get(room_of(path), ALL_ROOMS)
    command = ["gcc", "-std=c11", "-D_POSIX_C_SOURCE=200809L", "-fsyntax-only", "-x", "c"]
    command += ["-I" + r for r in rooms] + [path]
    run = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    errors = [e for e in run.stderr.splitlines() if "error:" in e]
    return path, run.returncode, errors[0] if errors else run.stderr.strip()


def check_headers(paths):
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for path, code, error in pool.map(compile_header, paths):
            if code:
                report(path, 1, f"the header does not compile alone: {error}")


def main():
    os.chdir(sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
    files = list_files()
    sources = [f for f in files if f.endswith((".c", ".h")) and not is_cpp(f)]
    headers = {}
    for path in sources:
        if path.endswith(".h"):
            headers.setdefault(os.path.basename(path), []).append(room_of(path))
    for path in files:
        check_spdx(path)
    for path in filter(is_cpp, files):
        check_length(path, read(path))
        check_calls(path, read(path))
    for path in sources:
        text = read(path)
        check_length(path, text)
        check_calls(path, text)
        check_includes(path, text, headers)
    check_functions(sources)
    check_headers([f for f in sources if f.endswith(".h")])
    for path, line, sentence in sorted(findings):
        print(f"{path}:{line}: {sentence}")
    print(f"check_style: {len(files)} files, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except FileNotFoundError as e:
        sys.exit(f"check_style: {e.filename} is not installed or not there")
