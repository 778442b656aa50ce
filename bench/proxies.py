"""The programs that are compared: how each is configured, started and looked at.

Who takes part is named PROXY[:c1][:epoll][:VARIANT]. `lateen` runs with the options of the JVM that it is shipped with,
`lateen:c1` with the JVM's first compiler alone, as pods of the local cluster have it, `lateen:epoll` as where the kernel
does not let it use io_uring. Variants are those of bootstrap.py.
"""

import dataclasses
import json
import os
import re
import signal
import socket
import subprocess
import time

from bootstrap import APP, APP_HTTP2, Ports, bootstrap, without_metrics

JVM = "tools/cli/target/lateen/jvm/proxy"
SHORT_LIVED = "tools/cli/target/lateen/jvm/short-lived"
JAVA = ["-XX:+UseSerialGC", "--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow"]
CLASSES = ["-cp", "quality/bench/target/classes:tools/cli/target/lateen/lib/*"]
PROXY_CORE, LOAD_CORE = "0", "1"


def java(*options):
    return [os.environ["JAVA_HOME"] + "/bin/java", *options, *CLASSES]


@dataclasses.dataclass(frozen=True)
class Participant:
    program: str
    first_compiler: bool
    epoll: bool
    variant: str

    @staticmethod
    def named(name):
        program, *words = name.split(":")
        variants = [word for word in words if word not in ("c1", "epoll")]
        return Participant(program, "c1" in words, "epoll" in words, variants[0] if variants else "full")


@dataclasses.dataclass(frozen=True)
class Certificate:
    """One of a mesh, good for both ends of a pair."""
    root: str
    chain: str
    key: str
    uri: str = "spiffe://cluster.local/ns/default/sa/app"

    @staticmethod
    def make(folder):
        with open(f"{folder}/extensions", "w") as file:
            file.write("[req]\ndistinguished_name = name\n[name]\n"
                       "[root]\nbasicConstraints = critical, CA:TRUE\nkeyUsage = critical, keyCertSign\n"
                       "[leaf]\nbasicConstraints = critical, CA:FALSE\nkeyUsage = critical, digitalSignature\n"
                       f"extendedKeyUsage = serverAuth, clientAuth\nsubjectAltName = URI:{Certificate.uri}\n")
        for name, signed_by in (("root", []), ("leaf", ["-CA", f"{folder}/root.pem", "-CAkey", f"{folder}/root.key"])):
            subprocess.run(["openssl", "req", "-x509", "-config", f"{folder}/extensions", "-extensions", name,
                            "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
                            "-keyout", f"{folder}/{name}.key", "-out", f"{folder}/{name}.pem", "-subj", f"/O={name}",
                            *signed_by], check=True, capture_output=True)
        return Certificate(*(open(f"{folder}/{name}").read() for name in ("root.pem", "leaf.pem", "leaf.key")))


class Process:
    """A program on one core, with all processes that it starts: nginx has a master and a worker."""

    def __init__(self, command, core, log):
        self.log = log
        self.program = subprocess.Popen(["taskset", "-c", core, *command], stdout=subprocess.DEVNULL,
                                        stderr=open(log, "w"), start_new_session=True)

    def group(self):
        out = subprocess.run(["pgrep", "-g", str(self.program.pid)], capture_output=True, text=True).stdout
        return [int(pid) for pid in out.split()]

    def cpu_seconds(self):
        total = 0
        for pid in self.group():
            fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
        return total / os.sysconf("SC_CLK_TCK")

    def memory_mib(self):
        pss = re.compile(r"^Pss:\s+(\d+)", re.M)
        return sum(int(pss.search(open(f"/proc/{pid}/smaps_rollup").read()).group(1)) for pid in self.group()) / 1024

    def await_port(self, port):
        for _ in range(600):
            if self.program.poll() is not None:
                raise SystemExit(f"a program ended at once: {self.program.args}\n{open(self.log).read()}")
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                time.sleep(0.2)
        raise SystemExit(f"nothing listens on port {port}\n{open(self.log).read()}")

    def end(self):
        if self.program.poll() is None:
            os.killpg(self.program.pid, signal.SIGKILL)
        self.program.wait()
        # The kernel takes a moment to close the sockets of io_uring after its process.
        time.sleep(0.5)


class Running:
    """One participant: a proxy, or a pair of which one calls the other."""

    def __init__(self, name, scenario, folder, certificate, ports):
        self.processes = []
        self.ports = ports
        participant = Participant.named(name)
        app = APP_HTTP2 if scenario.protocol in ("http2", "grpc") else APP
        hops = [(ports.listener, app, "alone")]
        if scenario.pair:
            hops = [(ports.between, app, "called"), (ports.listener, ports.between, "calling")]
        try:
            for listen, upstream, role in hops:
                command = configured(participant, scenario, f"{folder}/{role}", listen, upstream, role, certificate,
                                     ports.admin)
                process = Process(command, PROXY_CORE, f"{folder}/{role}.log")
                self.processes.append(process)
                process.await_port(listen)
            self.rest_mib = self.memory_mib()
        except BaseException:
            self.end()
            raise

    def cpu_seconds(self):
        return sum(process.cpu_seconds() for process in self.processes)

    def memory_mib(self):
        return sum(process.memory_mib() for process in self.processes)

    def end(self):
        for process in self.processes:
            process.end()


def configured(participant, scenario, folder, listen, upstream, role, certificate, admin):
    """Writes a configuration; the command that runs it."""
    os.makedirs(folder, exist_ok=True)
    path = f"{folder}/configuration"
    program, variant = participant.program, participant.variant
    with open(path, "w") as file:
        if program == "haproxy":
            file.write(haproxy(scenario.protocol, variant, listen))
        elif program == "nginx":
            file.write(nginx(scenario.protocol, variant, folder, listen))
        else:
            asked = admin if program == "envoy" and role == "called" else None
            resources = bootstrap(scenario, variant, listen, upstream, role, certificate, asked)
            counts = program == "envoy" or variant in ("full", "metrics")
            json.dump(resources if counts else without_metrics(resources), file)
    return {
        "lateen": java(*options(participant)) + ["dev.lateen.bench.BootstrapProxy", path],
        "envoy": [os.environ["ENVOY"], "--concurrency", "1", "--disable-hot-restart", "-l", "error", "-c", path],
        "haproxy": ["/usr/sbin/haproxy", "-f", path],
        "nginx": ["/usr/sbin/nginx", "-c", path, "-e", f"{folder}/error"],
    }[program]


def options(participant):
    """Those that sidecars are shipped with."""
    shipped = [line.strip() for line in open(JVM) if line.strip() and not line.startswith("#")]
    return (shipped + (["@" + SHORT_LIVED] if participant.first_compiler else [])
            + (["-Dlateen.transport=epoll"] if participant.epoll else []))


def haproxy(protocol, variant, listen):
    http = "" if protocol == "tcp" else "    http-reuse always\n"
    if variant == "full":
        http += "    log global\n" + ("    option tcplog\n" if protocol == "tcp" else "    option httplog\n")
    proto = " proto h2" if protocol in ("http2", "grpc") else ""
    app = APP_HTTP2 if proto else APP
    return ("global\n    nbthread 1\n    maxconn 4000\n    log stdout format raw local0\n\n"
            f"defaults\n    mode {'tcp' if protocol == 'tcp' else 'http'}\n"
            "    timeout connect 5s\n    timeout client 1h\n    timeout server 1h\n" + http +
            f"\nlisten b\n    bind 127.0.0.1:{listen}{proto}\n    server app 127.0.0.1:{app}{proto}\n")


def nginx(protocol, variant, folder, listen):
    app = APP_HTTP2 if protocol == "grpc" else APP
    passing = ("grpc_pass grpc://app;" if protocol == "grpc" else
               "proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection ''; proxy_buffering on; "
               "proxy_max_temp_file_size 0;")
    temporary = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in ("proxy", "client_body", "fastcgi", "uwsgi", "scgi"))
    return (f"daemon off; user root; worker_processes 1; pid {folder}/pid; error_log {folder}/error;\n"
            f"events {{ worker_connections 8000; }}\n"
            f"http {{\n  access_log {'/dev/null' if variant == 'full' else 'off'}; {temporary}\n"
            f"  keepalive_requests 1000000000;\n"
            f"  upstream app {{ server 127.0.0.1:{app}; keepalive 1024; keepalive_requests 1000000000; }}\n"
            f"  server {{\n    listen 127.0.0.1:{listen}{' http2' if protocol == 'grpc' else ''};\n"
            f"    location / {{ {passing} }}\n  }}\n}}\n")
