# SPDX-License-Identifier: Apache-2.0
"""apigw doctor on packages that do not start, each for a reason of its own, on some that do, and on damaged ones.
doctor.py BUILD_DIR"""
import io, json, os, random, re, shutil, stat, struct, subprocess, sys, tempfile, zipfile, zlib

build = os.path.abspath(sys.argv[1])
folder = tempfile.mkdtemp(prefix="doctor-")
X86_64, ARM64, I386, RISCV = 62, 183, 3, 243
LOADER = {X86_64: "/lib64/ld-linux-x86-64.so.2", ARM64: "/lib/ld-linux-aarch64.so.1"}
FILE = stat.S_IFREG


def elf(machine=X86_64, loader=None, needed=(), versions=(), shared=False, runpath=None):
    """A program that readelf reads: one segment holds all. versions: (library, version, weak)."""
    names, at = bytearray(b"\0"), {}

    def name(text):
        if text not in at:
            at[text] = len(names)
            names.extend(text.encode() + b"\0")
        return at[text]

    dynamic = [(1, name(n)) for n in needed] + ([(29, name(runpath))] if runpath else [])
    verneed = b""
    for i, (library, version, weak) in enumerate(versions):
        hashed = 0
        for c in version.encode():
            hashed = (hashed << 4) + c
            hashed = (hashed ^ (hashed & 0xf0000000) >> 24) & ~(hashed & 0xf0000000)
        verneed += struct.pack("<HHIII", 1, 1, name(library), 16, 32 if i + 1 < len(versions) else 0)
        verneed += struct.pack("<IHHII", hashed & 0xffffffff, 2 if weak else 0, i + 2, name(version), 0)
    interpreter = loader.encode() + b"\0" if loader else b""
    segments = 3 + bool(loader)
    base, start = 0x400000, 64 + 56 * segments
    names_at = start + len(interpreter)
    verneed_at = (names_at + len(names) + 15) & ~15
    dynamic_at = verneed_at + len(verneed)
    dynamic += [(5, base + names_at), (10, len(names))]
    if versions:
        dynamic += [(0x6ffffffe, base + verneed_at), (0x6fffffff, len(versions))]
    dynamic = b"".join(struct.pack("<QQ", *d) for d in dynamic + [(0, 0)])
    size = dynamic_at + len(dynamic)

    def segment(kind, flags, offset, n):
        return struct.pack("<IIQQQQQQ", kind, flags, offset, base + offset, base + offset, n, n, 16)

    out = b"\x7fELF\2\1\1".ljust(16, b"\0")
    out += struct.pack("<HHIQQQIHHHHHH", 3 if shared else 2, machine, 1, 0 if shared else base + start, 64, 0, 0,
                       64, 56, segments, 64, 0, 0)
    out += segment(1, 5, 0, size) + segment(2, 6, dynamic_at, len(dynamic)) + segment(0x6474e551, 6, 0, 0)
    if loader:
        out += segment(3, 4, start, len(interpreter))
    out += interpreter + names
    return out.ljust(verneed_at, b"\0") + verneed + dynamic


def dynamic(machine=X86_64, version="GLIBC_2.34", needed=("libc.so.6",), **more):
    return elf(machine, LOADER[machine], needed, [("libc.so.6", version, False)], **more)


def pack(*files, name="function.zip", method=zipfile.ZIP_DEFLATED):
    """files: (name, bytes) or (name, bytes, mode) or (name, bytes, mode, system)."""
    path = os.path.join(folder, name)
    with zipfile.ZipFile(path, "w") as z:
        for f in files:
            name, content, mode, system = (f + (FILE | 0o755, 3)[len(f) - 2:])
            info = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
            info.create_system, info.external_attr, info.compress_type = system, mode << 16, method
            z.writestr(info, content)
    return path


def write(name, content, mode=0o755):
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(content)
    os.chmod(path, mode)
    return path


def run(*arguments):
    return subprocess.run([os.path.join(build, "apigw"), "doctor", *arguments], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=False, timeout=120)


def faults(path, *flags):
    """[(check, found)] of the faults. Table and JSON, exit code and "ok" have to agree."""
    a, table = run("--json", *flags, path), run(*flags, path)
    assert a.returncode in (0, 1) and not a.stderr, a
    report = json.loads(a.stdout)
    failed = [(c["check"], c["found"]) for c in report["checks"] if c["verdict"] == "fail"]
    assert (report["file"], report["ok"], a.returncode) == (path, not failed, 1 if failed else 0), a
    assert list(report) == ["file", "ok", "checks"], report
    for c in report["checks"]:
        assert list(c) == ["check", "verdict", "found", "advice"] and c["verdict"] in ("ok", "info", "warn", "fail"), c
        assert (c["advice"] is not None) == (c["verdict"] in ("warn", "fail")), c
    assert table.returncode == a.returncode, table
    rows = re.findall(rb"(?m)^(ok|info|warn|fail) ", table.stdout)
    assert [r.decode() for r in rows] == [c["verdict"] for c in report["checks"]], table
    return failed


def one_fault(path, check, text, *flags):
    found = faults(path, *flags)
    assert len(found) == 1 and found[0][0] == check and text in found[0][1], (path, found)
    print(f"    {found[0][0]}: {found[0][1]}")


def warnings(path):
    report = json.loads(run("--json", path).stdout)
    return [c["found"] for c in report["checks"] if c["verdict"] == "warn"]


good = elf()


def wrong_name():
    one_fault(pack(("Bootstrap", good)), "name", "but Bootstrap")
    one_fault(pack(("bootstrap.sh", b"#!/bin/sh\n")), "name", "but bootstrap.sh")
    one_fault(pack(("README", b"x", FILE | 0o644), ("main", good)), "name", "but main")


def nested_folder():
    one_fault(pack(("build/", b"", stat.S_IFDIR | 0o755), ("build/bootstrap", good)), "name", "but build/bootstrap")
    one_fault(pack(("build\\bootstrap", good)), "name", "but build\\bootstrap")


def no_execute_bit():
    one_fault(pack(("bootstrap", good, FILE | 0o644)), "permission", "no execute bit: mode 0644")
    one_fault(pack(("bootstrap", good, 0o777, 0)), "permission", "no execute bit: the zip was made on DOS")
    one_fault(pack(("bootstrap", good, FILE | 0o700)), "permission", "mode 0700: Lambda runs it as another user")


def x86_for_arm64():
    for content in (good, dynamic()):
        one_fault(pack(("bootstrap", content)), "machine", "built for x86_64, wanted for arm64", "--arch", "arm64")
        assert not faults(pack(("bootstrap", content)), "--arch=x86_64")
    one_fault(pack(("bootstrap", dynamic(ARM64))), "machine", "built for arm64, wanted for x86_64", "--arch=x86_64")
    one_fault(pack(("bootstrap", elf(RISCV))), "machine", "riscv, 64-bit, little-endian: no Lambda host runs it")
    big = bytearray(elf(22))
    big[5], big[16:20] = 2, b"\0\2\0\x16"
    one_fault(pack(("bootstrap", bytes(big))), "machine", "s390, 64-bit, big-endian")
    small = bytearray(elf(I386))
    small[4] = 1
    one_fault(pack(("bootstrap", bytes(small))), "machine", "i386, 32-bit")


def newer_glibc():
    one_fault(pack(("bootstrap", dynamic(version="GLIBC_2.38"))), "glibc",
              "GLIBC_2.38 is needed by bootstrap; provided.al2023 has 2.34")
    one_fault(pack(("bootstrap", dynamic(version="GLIBC_ABI_DT_RELR"))), "glibc", "GLIBC_ABI_DT_RELR")
    versions = [("libc.so.6", v, weak) for v, weak in
                (("GLIBC_2.9", False), ("GLIBC_2.38", True), ("GLIBC_2.2.5", False), ("GLIBC_PRIVATE", False))]
    assert not faults(pack(("bootstrap", elf(X86_64, LOADER[X86_64], ["libc.so.6"], versions))))


def missing_loader():
    one_fault(pack(("bootstrap", elf(X86_64, "/lib/ld-musl-x86_64.so.1"))), "loader", "musl is not in provided.al2023")
    one_fault(pack(("bootstrap", elf(X86_64, "/nix/store/x/ld.so"))), "loader", "/nix/store/x/ld.so is missing")
    one_fault(pack(("bootstrap", elf(ARM64, LOADER[X86_64]))), "loader", "is missing")
    assert not faults(pack(("bootstrap", elf(X86_64, "/var/task/lib/ld.so")), ("lib/ld.so", good)))


def crlf_script():
    one_fault(pack(("bootstrap", b"#!/bin/sh\r\nexec ./x\r\n")), "line ends", "CRLF")
    path = pack(("bootstrap", b"#!/bin/sh\nexec ./x\r\n"))
    assert not faults(path) and "CRLF" in warnings(path)[0]


def empty():
    one_fault(pack(), "name", "empty")
    one_fault(pack(("lib/", b"", stat.S_IFDIR | 0o755)), "name", "empty")
    one_fault(pack(("bootstrap", b"")), "content", "bootstrap is empty")
    one_fault(write("empty.zip", b""), "format", "it is empty")
    os.mkdir(os.path.join(folder, "nothing"))
    one_fault(os.path.join(folder, "nothing"), "name", "empty")


def too_large():
    zeros = bytes(1024 * 1024)
    path = os.path.join(folder, "large.zip")

    def fill(name, megabytes, first=b""):
        with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as z:
            info = zipfile.ZipInfo(name)
            info.create_system, info.external_attr, info.compress_type = 3, (FILE | 0o755) << 16, zipfile.ZIP_DEFLATED
            with z.open(info, "w") as f:
                f.write(first)
                for _ in range(megabytes):
                    f.write(zeros)

    fill("bootstrap", 251)
    one_fault(path, "size", "too large: 263192576 bytes")
    os.remove(path)
    fill("bootstrap", 0, good)
    fill("data", 250)
    one_fault(path, "size", "too large")
    os.remove(path)
    with open(path, "wb") as f:
        f.truncate(251 * 1024 * 1024)
    one_fault(path, "size", "too large: 263192576 bytes")
    path = pack(("bootstrap", good), ("data", bytes(51 * 1024 * 1024)), method=zipfile.ZIP_STORED)
    assert not faults(path) and "51.0 MB" in warnings(path)[0]


def not_a_zip():
    one_fault(write("text.zip", b"hello\n"), "format", "not a zip, in spite of its name: it is text")
    one_fault(write("tar.zip", b"\x1f\x8b\x08\0\0\0"), "format", "it is a gzip file")
    one_fault(write("noise.zip", bytes(range(256)) * 9), "format", "neither a zip, an ELF file nor a script")
    whole = open(pack(("bootstrap", good)), "rb").read()
    one_fault(write("cut.zip", whole[:-30]), "format", "no end record")
    one_fault(pack(("bootstrap", b"MZ\0\0")), "content", "bootstrap is a Windows program")
    one_fault(pack(("bootstrap", whole)), "content", "bootstrap is a zip")
    one_fault(pack(("bootstrap", b"set -e\n")), "content", "bootstrap is text without a #! line")


def libraries():
    lone = dynamic(needed=("libc.so.6", "libown.so.1"))
    own = dynamic(shared=True)
    one_fault(pack(("bootstrap", lone)), "libraries", "libown.so.1 for bootstrap")
    one_fault(write("alone/bootstrap", lone), "libraries", "libown.so.1 for bootstrap")
    for place in ("lib/libown.so.1", "libown.so.1", "./lib/libown.so.1"):
        assert not faults(pack(("bootstrap", lone), (place, own, FILE | 0o644)))
    one_fault(pack(("bootstrap", lone), ("x/libown.so.1", own)), "libraries", "x/libown.so.1 (nobody looks there)")
    led = dynamic(needed=("libown.so.1",), runpath="$ORIGIN/x")
    path = pack(("bootstrap", led), ("x/libown.so.1", own))
    assert not faults(path) and "x/libown.so.1 for bootstrap" in warnings(path)[0]
    newer = dynamic(version="GLIBC_2.36", needed=("libc.so.6",), shared=True)
    one_fault(pack(("bootstrap", lone), ("lib/libown.so.1", newer)), "glibc", "needed by lib/libown.so.1")
    chain = dynamic(needed=("libfar.so.2", "libown.so.1"), shared=True)
    one_fault(pack(("bootstrap", lone), ("lib/libown.so.1", chain)), "libraries", "libfar.so.2 for lib/libown.so.1")
    foreign = dynamic(ARM64, shared=True)
    one_fault(pack(("bootstrap", lone), ("lib/libown.so.1", foreign)), "libraries", "another machine")
    one_fault(pack(("bootstrap", lone), ("lib/libown.so.1", b"x")), "libraries", "not an ELF file")


def scripts():
    for line in ("#!/bin/sh", "#! /bin/bash -eu", "#!/usr/bin/env bash", "#!/usr/bin/env -S sh -e",
                 "#!/var/task/own x"):
        assert not faults(pack(("bootstrap", line.encode() + b"\necho\n"), ("own", good)))
    for line, text in (("#!/usr/bin/python3", "/usr/bin/python3 is not"), ("#!/usr/bin/env node", "node is not"),
                       ("#!", "names none"), ("#!/usr/bin/env", "names none"),
                       ("#!/bin/sh " + "x" * 300, "more than 255"),
                       ("#!/var/task/gone", "gone is not"), ("#!/bin/shx", "is not")):
        one_fault(pack(("bootstrap", line.encode() + b"\n")), "interpreter", text)


def other_zips():
    one_fault(pack(("bootstrap", b"bin/x", stat.S_IFLNK | 0o777)), "name", "symbolic link")
    path = pack(("bootstrap", good), ("./bootstrap", good))
    assert not faults(path) and "2 times" in warnings(path)[0]
    path = pack(("bootstrap", good), method=zipfile.ZIP_BZIP2)
    one_fault(path, "content", "method 12")
    with open(pack(("bootstrap", good), method=zipfile.ZIP_STORED), "rb") as f:
        raw = bytearray(f.read())
    raw[raw.index(good) + 70] ^= 1
    one_fault(write("crc.zip", bytes(raw)), "content", "CRC")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as z:
        z.writestr("bootstrap", good)
    raw = bytearray(buffer.getvalue())
    raw[-12:-8] = b"\xff" * 4
    one_fault(write("zip64.zip", bytes(raw)), "format", "ZIP64")


def good_ones():
    program = os.path.join(folder, "made", "bootstrap")
    os.makedirs(os.path.dirname(program))
    source = write("main.c", b"int main(void) { return 0; }\n")
    for flags in (["-static"], ["-static-pie", "-fPIE"]):
        subprocess.run(["cc", "-s", *flags, "-o", program, source], check=True)
        os.chmod(program, 0o755)
        with open(program, "rb") as f:
            content = f.read()
        for path in (program, os.path.dirname(program), pack(("bootstrap", content)),
                     pack(("bootstrap", content, FILE | 0o755, 19), method=zipfile.ZIP_STORED)):
            assert not faults(path), path
        assert b"static" in run(program).stdout
    for machine in LOADER:
        assert not faults(pack(("bootstrap", dynamic(machine)), ("events/x.json", b"{}", FILE | 0o644)))
    assert "in the zip it has to be named bootstrap" in run("/bin/sh").stdout.decode()


def readelf(*arguments):
    return subprocess.run(["readelf", "-W", *arguments], stdout=subprocess.PIPE, text=True, check=True,
                          env={**os.environ, "LC_ALL": "C"}).stdout


def like_readelf():
    """What doctor says of this machine's programs is what readelf says."""
    bootstrap = os.path.join(build, "bootstrap")
    for path in (bootstrap, os.path.join(build, "apigw"), "/bin/sh", "/bin/ls", shutil.which("cc")):
        path = os.path.realpath(path)
        found = {c["check"]: c["found"] for c in json.loads(run("--json", path).stdout)["checks"]}
        versions = re.findall(r"Name: GLIBC_([0-9.]+)  Flags: none", readelf("-V", path))
        highest = max(versions, key=lambda v: [int(n) for n in v.split(".")][:2])
        assert f"GLIBC_{highest} " in found["glibc"], (path, highest, found)
        needed = re.findall(r"\(NEEDED\).*\[(.*)\]", readelf("-d", path))
        if found["libraries"].startswith("all"):
            assert found["libraries"] == f"all {len(needed)} there", (path, needed, found)
        for name in re.findall(r"(\S+) for ", found["libraries"]):
            assert name in needed, (name, needed)
        assert re.search(r"interpreter: (.*)\]", readelf("-l", path)).group(1) in found["loader"], (path, found)
    wanted = "libcjson.so.1" in readelf("-d", bootstrap)
    assert any("libcjson.so.1" in text for _, text in faults(bootstrap)) == wanted


def folders():
    root = os.path.dirname(write("task/bootstrap", dynamic(needed=("libown.so.1",))))
    one_fault(root, "libraries", "libown.so.1")
    write("task/lib/libown.so.1.0", dynamic(shared=True))
    os.symlink("libown.so.1.0", os.path.join(root, "lib", "libown.so.1"))
    assert not faults(root) and not faults(root + "/")
    os.rename(os.path.join(root, "bootstrap"), os.path.join(root, "lib", "bootstrap"))
    one_fault(root, "name", "but lib/bootstrap")
    os.symlink("gone", os.path.join(root, "bootstrap"))
    one_fault(root, "name", "symbolic link")


def usage():
    for arguments, text in (([], "no file"), (["--arch"], "needs a value"), (["--arch", "mips", "x"], "not 'mips'"),
                            (["-x", "f"], "unknown flag -x"), (["a", "b"], "more than one"),
                            (["/nowhere"], "No such file"),
                            (["/dev/null"], "neither a file nor a folder"),
                            (["--arch=arm64", "--arch=arm64", "x"], "twice")):
        a = run(*arguments)
        assert a.returncode == 2 and not a.stdout and text in a.stderr.decode(), (arguments, a)
    a = run("--help")
    assert a.returncode == 0 and b"--arch" in a.stdout
    os.chdir(folder)
    write("-odd", good)
    assert run("--", "-odd").returncode == 0
    if os.geteuid() != 0:
        assert run(write("locked", good, 0)).returncode == 2


def safe_output():
    name = 'a\x1b[31m"\\\x7f'
    a = run(pack((name, good)))
    assert a.returncode == 1 and b"\x1b" not in a.stdout and b"\x7f" not in a.stdout
    assert faults(pack((name, good)))[0][1].endswith("but " + name)


def damaged():
    """Every prefix is judged bad; a changed byte never ends the program otherwise than with a verdict."""
    rnd = random.Random(3)
    content = dynamic(needed=("libc.so.6", "libm.so.6"))
    whole = open(pack(("bootstrap", content), ("lib/x", b"y" * 99)), "rb").read()
    for n in range(0, len(whole), 7):
        assert run(write("prefix.zip", whole[:n])).returncode == 1, n
    for n in range(0, len(content), 11):
        assert run(write("bootstrap", content[:n])).returncode == 1, n
    for source, name in ((whole, "changed.zip"), (content, "bootstrap")):
        for _ in range(100):
            changed = bytearray(source)
            changed[rnd.randrange(len(changed))] ^= rnd.randrange(1, 256)
            a = run("--json", write(name, bytes(changed)))
            assert a.returncode in (0, 1) and json.loads(a.stdout) and not a.stderr, (bytes(changed), a)


CASES = [
    ("a wrong name is a fault, and the file that was meant is named", wrong_name),
    ("so is a bootstrap in a folder", nested_folder),
    ("a mode without execution, for anybody or for Lambda's user, and no mode at all", no_execute_bit),
    ("a program for another machine than the function's, or than any of Lambda's", x86_for_arm64),
    ("a newer glibc than 2.34; a weak need is none", newer_glibc),
    ("a loader that is not there", missing_loader),
    ("a script with CRLF behind its #! line", crlf_script),
    ("an empty zip, file or folder", empty),
    ("more than 250 MB unpacked; more than 50 MB packed is a warning", too_large),
    ("what is no zip, and what is no program", not_a_zip),
    ("libraries are looked for where ld.so would, and looked into", libraries),
    ("a script's interpreter has to be there", scripts),
    ("links, doubles, foreign methods, a wrong CRC and ZIP64 are named", other_zips),
    ("what gcc links statically starts, as a file, in a folder and in a zip", good_ones),
    ("loader, libraries and glibc version are those that readelf shows", like_readelf),
    ("a folder is judged like a zip of it", folders),
    ("wrong usage and unreadable files end with code 2", usage),
    ("no control byte of a name reaches the terminal", safe_output),
    ("a prefix is never good, a changed byte never a crash", damaged),
]
failed = 0
try:
    for sentence, case in CASES:
        print(sentence, flush=True)
        try:
            case()
        except Exception as e:
            failed += 1
            print(f"FAILED {sentence}: {type(e).__name__}: {e}", flush=True)
finally:
    subprocess.run(["chmod", "-R", "u+rwX", folder], check=False)
    shutil.rmtree(folder)
print(f"{len(CASES) - failed} of {len(CASES)} passed")
sys.exit(1 if failed else 0)
