# SPDX-License-Identifier: Apache-2.0
"""A Docker engine: the one that answers, or one of our own for the time of the run; and the base image that SAM wants."""
import io, ipaddress, os, platform, shutil, struct, subprocess, tarfile, time

import docker

from room import Unavailable, end, read, tail

ARCH = {"x86_64": "x86_64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
# SAM CLI adds its emulator to this one; nothing can be pulled, so it is made here, of busybox.
BASE_IMAGE = f"public.ecr.aws/lambda/provided:al2023-{ARCH}"
OWN_LABEL = "lambda-iam-c.conformance"
# LAMBDA_TASK_ROOT as in AWS's image; sh, mv and chmod are what SAM CLI's own layer runs.
DOCKERFILE = f"""FROM scratch
COPY busybox /bin/busybox
RUN ["/bin/busybox", "sh", "-c", "for c in sh mv chmod cp rm; do /bin/busybox ln -s busybox /bin/$c; done"]
COPY ca-bundle.crt /etc/pki/tls/certs/ca-bundle.crt
ENV PATH=/bin LAMBDA_TASK_ROOT=/var/task LAMBDA_RUNTIME_DIR=/var/runtime
LABEL {OWN_LABEL}=1
WORKDIR /var/task
"""


MACHINES = {62: "x86_64", 183: "arm64"}


def elf(path):
    """(machine, needs a loader)"""
    data = read(path, "rb")
    assert data[:6] == b"\x7fELF\x02\x01", f"{path} is no 64-bit little-endian ELF file"
    machine, = struct.unpack_from("<H", data, 18)
    offset, = struct.unpack_from("<Q", data, 32)
    size, n = struct.unpack_from("<HH", data, 54)
    kinds = [struct.unpack_from("<I", data, offset + i * size)[0] for i in range(n)]
    return MACHINES.get(machine, machine), 3 in kinds


class Engine:
    def __init__(self, room):
        self.room, self.process = room, None
        self.host = self._running() or self._start()
        self.client = docker.DockerClient(base_url=self.host, version="auto", timeout=120)

    @staticmethod
    def _running():
        for host in filter(None, [os.environ.get("DOCKER_HOST"), "unix:///var/run/docker.sock"]):
            try:
                docker.DockerClient(base_url=host, version="auto", timeout=10).ping()
                return host
            except Exception:
                continue
        return None

    def _start(self):
        if not shutil.which("dockerd"):
            raise Unavailable("no Docker engine answers, and dockerd is not installed")
        if os.getuid() != 0:
            raise Unavailable("no Docker engine answers, and only root can start dockerd")
        folder = self.room.path("engine", "log")
        log, folder = folder, os.path.dirname(folder)
        host = f"unix://{folder}/docker.sock"
        bridge_was_there = os.path.exists("/sys/class/net/docker0")
        # No rule of the firewall and no setting of the kernel is touched: published ports need neither.
        self.process = self.room.start(
            ["dockerd", "--host", host, "--data-root", folder + "/data", "--exec-root", folder + "/exec", "--pidfile",
             folder + "/pid", "--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false"],
            log, env={k: v for k, v in os.environ.items() if k != "DOCKER_HOST"}, start_new_session=True)
        self.room.on_exit(lambda: self._stop(bridge_was_there))
        limit = time.monotonic() + 60
        while self.process.poll() is None and time.monotonic() < limit:
            try:
                docker.DockerClient(base_url=host, version="auto", timeout=10).ping()
                return host
            except Exception:
                time.sleep(0.2)
        said = [line for line in tail(log, 4000).splitlines() if "level=info" not in line and "level=warning" not in line]
        raise Unavailable(f"dockerd does not start: {said[-1] if said else tail(log, 300)}")

    def _stop(self, bridge_was_there):
        end(self.process, 30)
        if not bridge_was_there and os.path.exists("/sys/class/net/docker0"):
            subprocess.run(["ip", "link", "delete", "docker0"], check=False)

    def make_base_image(self, ca_bundle):
        """`FROM scratch`: busybox under the name of AWS's image, and the CA bundle where Amazon Linux has its own."""
        for tag in (BASE_IMAGE, BASE_IMAGE.replace("al2023", "al2023-rapid")):
            try:
                there = self.client.images.get(tag)
            except docker.errors.ImageNotFound:
                continue
            if OWN_LABEL not in (there.labels or {}):
                raise Unavailable(f"{tag} is an image of yours: remove it, or leave invoke and start-api out")
            self.client.images.remove(there.id, force=True)
        busybox = next((f for f in (os.environ.get("BUSYBOX"), "/bin/busybox", "/usr/bin/busybox", "/usr/sbin/busybox",
                                    "/sbin/busybox") if f and os.access(f, os.X_OK) and elf(f) == (ARCH, False)), None)
        if not busybox:
            raise Unavailable("no static busybox (package busybox-static) to make the base image of")
        context = io.BytesIO()
        with tarfile.open(fileobj=context, mode="w") as tar:
            for name, data, mode in (("Dockerfile", DOCKERFILE.encode(), 0o644), ("ca-bundle.crt", ca_bundle, 0o644),
                                     ("busybox", read(busybox, "rb"), 0o755)):
                entry = tarfile.TarInfo(name)
                entry.size, entry.mode = len(data), mode
                tar.addfile(entry, io.BytesIO(data))
        context.seek(0)
        try:
            image, _ = self.client.images.build(fileobj=context, custom_context=True, tag=BASE_IMAGE, rm=True, nocache=True)
        except docker.errors.BuildError as problem:
            said = " ".join(str(line.get("stream") or line.get("error") or "").strip() for line in problem.build_log)
            raise AssertionError(f"{problem}: {said[-1000:]}")
        if not self.process:  # somebody else's engine: leave it as it was
            self.room.on_exit(self._forget_images)
        return f"{image.attrs['Size'] / 1e6:.1f} MB"

    def _forget_images(self):
        for image in self.client.images.list(filters={"label": OWN_LABEL}):
            self.client.images.remove(image.id, force=True)

    def bridge_address(self):
        """The address of this machine as containers see it."""
        config = self.client.networks.get("bridge").attrs["IPAM"]["Config"][0]
        return config.get("Gateway") or str(ipaddress.ip_network(config["Subnet"])[1])  # a bridge just made has no Gateway yet

    def containers(self):
        """Those that SAM made and left."""
        return [c for c in self.client.containers.list(all=True) if any("/provided:" in t for t in c.image.tags)]
