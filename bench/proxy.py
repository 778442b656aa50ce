"""Side-by-side benchmark of proxies: CPU per request, requests per second, latency, memory. Called by bench/run."""

import argparse
import datetime
import json
import os
import platform
import re
import signal
import statistics
import subprocess
import tempfile
import time

BACKEND, LISTENER = 28100, 28110
SCENARIOS = {
    # name: protocol, connections, bytes of the answer, proxies that take part
    "http1-16": ("http1", 16, 100, "lateen envoy haproxy nginx"),
    "http1-64": ("http1", 64, 100, "lateen envoy haproxy nginx"),
    "http1-1000": ("http1", 1000, 100, "lateen envoy haproxy nginx"),
    "http1-telemetry-16": ("http1-telemetry", 16, 100, "lateen envoy"),
    "http1-1MB": ("http1", 16, 1 << 20, "lateen envoy haproxy nginx"),
    "http2-16": ("http2", 16, 100, "lateen envoy"),
    "tcp-16": ("tcp", 16, 100, "lateen envoy haproxy"),
}
TYPE = "type.googleapis.com/envoy.extensions."


def java():
    return [os.environ["JAVA_HOME"] + "/bin/java", "-XX:+UseSerialGC", "-Xmx512m", "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow", "-cp", "quality/bench/target/classes:tools/cli/target/lateen/lib/*"]


def bootstrap(protocol):
    """The same static resources for Envoy and for ours."""
    if protocol == "tcp":
        filters = [{"name": "tcp", "typed_config": {
            "@type": TYPE + "filters.network.tcp_proxy.v3.TcpProxy", "stat_prefix": "b", "cluster": "app"}}]
    else:
        manager = {
            "@type": TYPE + "filters.network.http_connection_manager.v3.HttpConnectionManager", "stat_prefix": "b",
            "codec_type": "HTTP2" if protocol == "http2" else "HTTP1", "normalize_path": True,
            "route_config": {"name": "r", "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [
                {"match": {"prefix": "/"}, "route": {"cluster": "app", "timeout": "15s", "retry_policy": {
                    "retry_on": "connect-failure,refused-stream,reset-before-request", "num_retries": 2}}}]}]},
            "http_filters": [{"name": "router", "typed_config": {"@type": TYPE + "filters.http.router.v3.Router"}}]}
        if protocol == "http1-telemetry":
            manager["access_log"] = [{"name": "log", "typed_config": {
                "@type": TYPE + "access_loggers.file.v3.FileAccessLog", "path": "/dev/null"}}]
        filters = [{"name": "http", "typed_config": manager}]
    cluster = {"name": "app", "type": "STATIC", "connect_timeout": "5s",
               "circuit_breakers": {"thresholds": [
                   {"max_connections": 65536, "max_pending_requests": 65536, "max_requests": 65536}]},
               "load_assignment": {"cluster_name": "app", "endpoints": [{"lb_endpoints": [{"endpoint": {"address": {
                   "socket_address": {"address": "127.0.0.1", "port_value": BACKEND + (protocol == "http2")}}}}]}]}}
    if protocol == "http2":
        options = {"@type": TYPE + "upstreams.http.v3.HttpProtocolOptions",
                   "explicit_http_config": {"http2_protocol_options": {}}}
        cluster["typed_extension_protocol_options"] = {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": options}
    return {"static_resources": {"clusters": [cluster], "listeners": [{
        "name": "edge", "address": {"socket_address": {"address": "127.0.0.1", "port_value": LISTENER}},
        "filter_chains": [{"filters": filters}]}]}}


def haproxy(protocol):
    http = "" if protocol == "tcp" else "    http-reuse always\n"
    return (f"global\n    nbthread 1\n    maxconn 4000\n\ndefaults\n    mode {'tcp' if protocol == 'tcp' else 'http'}\n"
            "    timeout connect 5s\n    timeout client 1h\n    timeout server 1h\n" + http +
            f"\nlisten b\n    bind 127.0.0.1:{LISTENER}\n    server app 127.0.0.1:{BACKEND}\n")


def nginx(folder):
    return (f"daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error; events {{ worker_connections 8000; }}"
            f" http {{ access_log off; keepalive_requests 1000000000; proxy_temp_path {folder}/temp;"
            f" client_body_temp_path {folder}/body; upstream app {{ server 127.0.0.1:{BACKEND}; keepalive 1024;"
            f" keepalive_requests 1000000000; }} server {{ listen 127.0.0.1:{LISTENER}; location / {{ proxy_pass http://app;"
            f" proxy_http_version 1.1; proxy_set_header Connection ''; proxy_buffering on; }} }} }}")


def start(name, protocol, folder):
    path = f"{folder}/{name}.conf"
    with open(path, "w") as file:
        if name in ("lateen", "envoy"):
            json.dump(bootstrap(protocol), file)
        else:
            file.write(haproxy(protocol) if name == "haproxy" else nginx(folder))
    command = {
        "lateen": java() + ["dev.lateen.bench.BootstrapProxy", path],
        "envoy": [os.environ["ENVOY"], "--concurrency", "1", "--disable-hot-restart", "-l", "error", "-c", path],
        "haproxy": ["/usr/sbin/haproxy", "-f", path],
        "nginx": ["/usr/sbin/nginx", "-c", path, "-e", f"{folder}/error"],
    }[name]
    process = subprocess.Popen(["taskset", "-c", "0"] + command, stdout=subprocess.DEVNULL,
                               stderr=open(f"{folder}/{name}.log", "w"), start_new_session=True)
    process.log = f"{folder}/{name}.log"
    return process


def await_port(port, process):
    import socket
    for _ in range(300):
        if process.poll() is not None:
            said = open(process.log).read() if hasattr(process, "log") else ""
            raise SystemExit(f"a program ended at once: {process.args}\n{said}")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.2)
    raise SystemExit(f"nothing listens on port {port}")


def group(process):
    """All processes of the program: nginx has a master and a worker."""
    out = subprocess.run(["pgrep", "-g", str(process.pid)], capture_output=True, text=True).stdout
    return [int(pid) for pid in out.split()]


def cpu_seconds(process):
    total = 0
    for pid in group(process):
        fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def memory_mib(process):
    total = 0
    for pid in group(process):
        total += int(re.search(r"^Pss:\s+(\d+)", open(f"/proc/{pid}/smaps_rollup").read(), re.M).group(1))
    return total / 1024


def load(protocol, connections, seconds):
    """Closed loop from the other core; requests done, seconds, latencies in ms."""
    url = f"http://127.0.0.1:{LISTENER}/"
    begin = time.monotonic()
    if protocol == "http2":
        out = subprocess.run(["taskset", "-c", "1", "h2load", "-t", "1", "-c", str(connections), "-m", "10", "-D",
                              str(seconds), url], capture_output=True, text=True).stdout
        done = int(re.search(r"(\d+) succeeded", out).group(1))
        latency = re.search(r"time for request:.*?([\d.]+)(us|ms|s)\s+([\d.]+)(us|ms|s)\s+([\d.]+)(us|ms|s)", out)
        scale = {"us": 0.001, "ms": 1, "s": 1000}
        p50 = float(latency.group(5)) * scale[latency.group(6)]
        return done, time.monotonic() - begin, p50, float("nan")
    out = subprocess.run(["taskset", "-c", "1", "wrk", "-t", "1", "-c", str(connections), "-d", f"{seconds}s", "--latency",
                          url], capture_output=True, text=True).stdout
    if "Non-2xx" in out:
        raise SystemExit("requests failed:\n" + out)
    done = int(re.search(r"(\d+) requests in", out).group(1))
    scale = {"us": 0.001, "ms": 1, "s": 1000}
    percent = {p: float(v) * scale[u] for p, v, u in re.findall(r"(50|99)%\s+([\d.]+)(us|ms|s)", out)}
    return done, time.monotonic() - begin, percent["50"], percent["99"]


def measure(name, scenario, seconds, warm, folder):
    protocol, connections, _, _ = SCENARIOS[scenario]
    process = start(name, protocol, folder)
    try:
        await_port(LISTENER, process)
        rest = memory_mib(process)
        load(protocol, connections, warm)  # compilers and pools
        before = cpu_seconds(process)
        done, took, p50, p99 = load(protocol, connections, seconds)
        used = cpu_seconds(process) - before
        return {"cpu_us": used / done * 1e6, "rps": done / took, "p50_ms": p50, "p99_ms": p99, "rest_mib": rest,
                "load_mib": memory_mib(process)}
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def version(*command):
    out = subprocess.run(command, capture_output=True, text=True)
    # Envoy begins with its own path, which says nothing to others.
    return (out.stdout + out.stderr).strip().splitlines()[0].removeprefix(command[0]).strip()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--warm", type=int, default=20, help="seconds of load before what is measured")
    parser.add_argument("--scenario", action="append", choices=SCENARIOS)
    options = parser.parse_args()
    rows = []
    busiest = 0.0
    others = os.getloadavg()[0]
    commit = version("git", "rev-parse", "--short", "HEAD")
    for scenario in options.scenario or SCENARIOS:
        _, _, size, names = SCENARIOS[scenario]
        with tempfile.TemporaryDirectory() as folder:
            app = subprocess.Popen(["taskset", "-c", "1"] + java() + ["dev.lateen.bench.Backend", str(BACKEND), str(size)],
                                   stdout=subprocess.DEVNULL)
            try:
                await_port(BACKEND, app)
                results = {name: [] for name in names.split()}
                for _ in range(options.rounds):  # A B C D, A B C D: what changes on the machine meets all alike
                    for name in results:
                        results[name].append(measure(name, scenario, options.seconds, options.warm, folder))
                        busiest = max(busiest, os.getloadavg()[0])
            finally:
                app.kill()
                app.wait()
        for name, all_rounds in results.items():
            median = {key: statistics.median(r[key] for r in all_rounds) for key in all_rounds[0]}
            spread = [r["cpu_us"] for r in all_rounds]
            ratios = [r["cpu_us"] / e["cpu_us"] for r, e in zip(all_rounds, results["envoy"])]
            rows.append((scenario, name, median, min(spread), max(spread), statistics.median(ratios)))
            print(f"{scenario} {name}: {median['cpu_us']:.1f} us CPU per request ({min(spread):.1f} to {max(spread):.1f}), "
                  f"{statistics.median(ratios):.2f} of Envoy's, {median['rps']:.0f} requests/s", flush=True)
    now = datetime.datetime.now(datetime.timezone.utc)
    path = f"bench/results/proxy-{now:%Y-%m-%dT%H%M}.md"
    with open(path, "w") as file:
        file.write(report(rows, options, now, commit, busiest, others))
    print("written to " + path)


def report(rows, options, now, commit, busiest, others):
    model = re.search(r"model name\s*:\s*(.*)", open("/proc/cpuinfo").read())
    text = (f"# Proxies side by side, {now:%Y-%m-%d %H:%M} UTC\n\n"
            f"`bench/run proxy --rounds {options.rounds} --seconds {options.seconds} --warm {options.warm}` at {commit}; proxy on one core, load and app "
            f"on the other; closed loop.\n\n"
            f"- machine: {model.group(1) if model else platform.machine()}, {os.cpu_count()} CPUs, Linux {platform.release()}; "
            f"load average at its highest {busiest:.1f} (2 is what the benchmark itself makes), before it {others:.1f}\n"
            + ("- **others made load on this machine**: neither absolute figures nor rates are to be relied on, and ratios "
               "only as far as they are steady; measure again on a quiet one\n" if others > 1.5 else "")
            + f"- Envoy: {version(os.environ['ENVOY'], '--version')}\n- HAProxy: {version('/usr/sbin/haproxy', '-v')}\n"
            f"- nginx: {version('/usr/sbin/nginx', '-v')}\n- Java: {version(os.environ['JAVA_HOME'] + '/bin/java', '--version')}\n\n"
            "| scenario | proxy | CPU-µs per request (least to most) | of Envoy's | requests/s | p50 ms | p99 ms | PSS at rest, under "
            "load, MiB |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n")
    for scenario, name, m, least, most, ratio in rows:
        p99 = "" if m["p99_ms"] != m["p99_ms"] else f"{m['p99_ms']:.2f}"
        text += (f"| {scenario} | {name} | {m['cpu_us']:.1f} ({least:.1f} to {most:.1f}) | {ratio:.2f} | {m['rps']:.0f} | "
                 f"{m['p50_ms']:.2f} | {p99} | {m['rest_mib']:.0f}, {m['load_mib']:.0f} |\n")
    return text


main()
