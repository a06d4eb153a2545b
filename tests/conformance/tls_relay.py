# SPDX-License-Identifier: Apache-2.0
"""HTTPS in front of the local gateway, by a certificate authority of its own: what a container sees of the private API.
`public` sends plain http to its own machine only, and inside a container the gateway is another one."""
import datetime, ipaddress, select, socket, ssl, threading

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


def name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def pem(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def certificate(subject, key, issuer, issuer_key, *extensions):
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = (x509.CertificateBuilder().subject_name(name(subject)).issuer_name(name(issuer)).public_key(key.public_key())
               .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(hours=1))
               .not_valid_after(now + datetime.timedelta(days=1)))
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(issuer_key, hashes.SHA256())


class Authority:
    """A certificate authority for one day; `bundle` is what a client trusts."""

    def __init__(self):
        self.key, self.name = ec.generate_private_key(ec.SECP256R1()), "conformance run"
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        self.certificate = certificate(self.name, self.key, self.name, self.key,
                                       (x509.BasicConstraints(ca=True, path_length=0), True), (usage, True))
        self.bundle = self.certificate.public_bytes(serialization.Encoding.PEM)

    def write(self, host, path):
        """Key and certificate of one host, in one file."""
        key = ec.generate_private_key(ec.SECP256R1())
        made = certificate(host, key, self.name, self.key, (x509.SubjectAlternativeName([x509.DNSName(host)]), False),
                           (x509.BasicConstraints(ca=False, path_length=None), True),
                           (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False))
        with open(path, "wb") as f:
            f.write(pem(key) + made.public_bytes(serialization.Encoding.PEM))


class Relay:
    """Decrypts what comes to address:port and passes it on to target_port of this machine, byte for byte."""

    def __init__(self, address, target_port, certificate_file):
        self.target = ("127.0.0.1", target_port)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate_file)
        self.socket = socket.create_server((str(ipaddress.ip_address(address)), 0))
        self.port, self.connections = self.socket.getsockname()[1], 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        try:
            with self.context.wrap_socket(client, server_side=True) as outer, socket.create_connection(self.target, 10) as inner:
                self.connections += 1
                self._pass_on(outer, inner)
        except OSError:
            client.close()

    @staticmethod
    def _pass_on(outer, inner):
        """One thread for both directions: an SSL object is not to be used by two."""
        while True:
            readable = [outer] if outer.pending() else select.select([outer, inner], [], [], 60)[0]
            for source, sink in ((outer, inner), (inner, outer)):
                if source in readable:
                    data = source.recv(65536)
                    if not data:
                        return
                    sink.sendall(data)
            if not readable:
                return

    def close(self):
        self.socket.close()
