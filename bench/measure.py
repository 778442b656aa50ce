"""One measurement of one participant: load from the other core, CPU of the proxy over what it carried."""

import json
import os
import re
import resource
import subprocess
import time
import urllib.request

from bootstrap import APP
from proxies import JAVA, LOAD_CORE, Process, java
from report import percentile

GRPC_MESSAGE = b"\0\0\0\0\x20" + b"\0" * 32
MILLIS = {"us": 0.001, "ms": 1, "s": 1000}
UNMEASURED = 5  # seconds of an open loop in which its own program gets warm


class App(Process):
    """What stands behind the proxies."""

    def __init__(self, size, folder):
        super().__init__(java(*JAVA, "-Xmx512m") + ["dev.lateen.bench.Backend", str(APP), str(size)], LOAD_CORE,
                         f"{folder}/app.log")
        self.await_port(APP)


def closed_loop(scenario, seconds, folder, port):
    """As many requests as go, each connection sending the next when it has the answer."""
    url, connections = f"http://127.0.0.1:{port}", str(scenario.connections)
    begin = time.monotonic()
    if scenario.protocol in ("http2", "grpc"):
        log = f"{folder}/requests"
        command = ["h2load", "-t", "1", "-c", connections, "-m", "10", "-D", str(seconds), f"--log-file={log}"]
        if scenario.protocol == "grpc":
            with open(f"{folder}/message", "wb") as file:
                file.write(GRPC_MESSAGE)
            command += ["-d", f"{folder}/message", "-H", "content-type: application/grpc", "-H", "te: trailers"]
        said = run(*command, url + "/bench.Echo/Unary")
        took = time.monotonic() - begin
        done, failed = (int(re.search(rf"(\d+) {what}", said).group(1)) for what in ("succeeded", "failed"))
        with open(log) as file:
            millis = sorted(int(line.split("\t")[2]) / 1000 for line in file)
        os.remove(log)
        p50, p99 = percentile(millis, 50), percentile(millis, 99)
    else:
        said = run("wrk", "-t", "1", "-c", connections, "-d", f"{seconds}s", "--timeout", "30s", "--latency", url + "/")
        took = time.monotonic() - begin
        done = int(re.search(r"(\d+) requests in", said).group(1))
        failed = sum(int(count) for count in re.findall(r"(?:connect|read|write|timeout|responses:) (\d+)", said))
        percent = {p: float(v) * MILLIS[u] for p, v, u in re.findall(r"(50|99)%\s+([\d.]+)(us|ms|s)", said)}
        p50, p99 = percent["50"], percent["99"]
    if failed or not done:
        raise SystemExit(f"{failed} requests failed, {done} succeeded:\n{said}")
    return {"done": done, "rps": done / took, "p50_ms": p50, "p99_ms": p99}


def open_loop(scenario, rate, seconds, port):
    """Requests when they are due, measured from then."""
    said = run(*java(*JAVA, "-Xmx256m"), "dev.lateen.bench.FixedRate", scenario.protocol, str(port),
               str(scenario.connections), str(rate), str(UNMEASURED), str(seconds))
    figures = dict(zip(*[iter(said.split())] * 2))
    done = float(figures["requests"])
    if figures["failed"] != "0" or not done:
        raise SystemExit(f"requests failed: {said}")
    return {"done": done * (UNMEASURED + seconds) / seconds, "rps": rate,
            **{key: float(figures[name]) / 1000 for key, name in (
                ("p50_ms", "p50"), ("p99_ms", "p99"), ("p999_ms", "p99.9"), ("late_ms", "late99"))}}


def run(*command):
    out = subprocess.run(["taskset", "-c", LOAD_CORE, *command], capture_output=True, text=True)
    if out.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{out.stdout}{out.stderr}")
    return out.stdout


def measure(name, running, scenario, rate, options, folder, app):
    """What one participant did, which is warm and whose memory has just been used."""
    port = running.ports.listener
    closed_loop(scenario, 1, folder, port)
    others = Others(running, app)
    before, connects = running.cpu_seconds(), connections_made()
    result = (open_loop(scenario, rate, options.seconds, port) if rate
              else closed_loop(scenario, options.seconds, folder, port))
    used, done = running.cpu_seconds() - before, result["done"]
    if scenario.sessions:
        check_handshakes(name, scenario, (connections_made() - connects) / done, running.ports.admin)
    return {**result, "cpu_us": used / done * 1e6, "rest_mib": running.rest_mib, "load_mib": running.memory_mib(),
            "others": others.cpus()}


class Others:
    """How many CPUs were busy with what is no part of the measurement."""

    def __init__(self, *ours):
        self.ours = ours
        self.before = self.now()

    def now(self):
        fields = [int(field) for field in open("/proc/stat").readline().split()[1:9]]
        busy = (sum(fields) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK")  # without idle and waiting
        usages = [resource.getrusage(who) for who in (resource.RUSAGE_CHILDREN, resource.RUSAGE_SELF)]
        mine = sum(each.cpu_seconds() for each in self.ours) + sum(use.ru_utime + use.ru_stime for use in usages)
        return time.monotonic(), busy - mine

    def cpus(self):
        (begin, before), (end, after) = self.before, self.now()
        return max(0.0, (after - before) / (end - begin))


def connections_made():
    """TCP connections that this network namespace has opened so far (RFC 4022, tcpActiveOpens)."""
    names, values = (line.split() for line in open("/proc/net/snmp") if line.startswith("Tcp:"))
    return int(values[names.index("ActiveOpens")])


def check_handshakes(name, scenario, connects, admin):
    """A scenario of handshakes must be one."""
    if connects < 0.95:
        raise SystemExit(f"{name}: {connects:.2f} new connections per request instead of 1")
    if name.startswith("envoy"):
        page = urllib.request.urlopen(f"http://127.0.0.1:{admin}/stats?format=json&filter=listener.*ssl", timeout=10)
        stats = {each["name"].rsplit(".", 1)[1]: each["value"] for each in json.load(page)["stats"] if "value" in each}
        resumed = stats.get("session_reused", 0) / stats["handshake"]
        if (resumed > 0.5) != (scenario.sessions == "resumed"):
            raise SystemExit(f"{name}: {resumed:.2f} of the handshakes resumed a session")
