"""Proxies side by side, in rounds; called by bench/run. bench/README.md says how to read it."""

import argparse
import datetime
import os
import platform
import re
import subprocess
import sys
import tempfile

from bootstrap import Ports
from measure import App, closed_loop, measure
from proxies import Certificate, Running
from report import document, ratios, shown, spread
from scenarios import SCENARIOS


def main():
    parser = argparse.ArgumentParser(prog="bench/run proxy", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=10, help="of each measurement")
    parser.add_argument("--warm", type=int, default=40, help="seconds of load before the first measurement")
    parser.add_argument("--scenario", action="append", choices=SCENARIOS)
    parser.add_argument("--participant", action="append", help="instead of all; who is compared with always takes part")
    parser.add_argument("--output", help="a file, instead of one in bench/results named after the time")
    options = parser.parse_args()
    facts = facts_now(options)
    results = {name: run(name, SCENARIOS[name], options) for name in options.scenario or SCENARIOS}
    path = options.output or f"bench/results/proxy-{facts['date'][:16].replace(' ', 'T').replace(':', '')}.md"
    with open(path, "w") as file:
        file.write(document(facts, SCENARIOS, results))
    print("written to " + path)


def run(name, scenario, options):
    """All rounds of a scenario: A B C, A B C, so that what changes on the machine meets all alike; who waits rests."""
    with tempfile.TemporaryDirectory() as folder:
        app, running = App(scenario.size, folder), {}
        try:
            certificate = Certificate.make(folder)
            wanted = options.participant and {*options.participant, scenario.base}
            for index, who in enumerate(each for each in scenario.proxies.split() if not wanted or each in wanted):
                running[who] = Running(who, scenario, f"{folder}/{index}", certificate, Ports.of(index))
                closed_loop(scenario, options.warm, folder, running[who].ports.listener)
            rate = half_of_envoys(scenario, options, folder, running["envoy"]) if scenario.fixed_rate else None
            results = {who: [] for who in running}
            for _ in range(options.rounds):
                for who, rounds in results.items():
                    rounds.append(measure(who, running[who], scenario, rate, options, folder, app))
        finally:
            for each in running.values():
                each.end()
            app.end()
    for who, rounds in results.items():
        print(f"{name} {who}: {shown(spread([each['cpu_us'] for each in rounds]), 1)} us CPU per request, "
              f"{shown(ratios(rounds, results[scenario.base]), 2)} of {scenario.base}'s", flush=True)
    return results


def half_of_envoys(scenario, options, folder, envoy):
    return round(closed_loop(scenario, options.seconds, folder, envoy.ports.listener)["rps"] / 2)


def facts_now(options):
    model = re.search(r"model name\s*:\s*(.*)", open("/proc/cpuinfo").read())
    return {
        "date": f"{datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d %H:%M} UTC",
        "command": " ".join(["bench/run proxy", *sys.argv[1:]]),
        "commit": version("git", "describe", "--always", "--dirty"),
        "rounds": options.rounds,
        "lines": [
            f"machine: {model.group(1) if model else platform.machine()}, {os.cpu_count()} CPUs, Linux {platform.release()}; "
            "proxy on one core, load and app on the other",
            f"load average before: {os.getloadavg()[0]:.1f}",
            "Envoy: " + version(os.environ["ENVOY"], "--version"),
            "HAProxy: " + version("/usr/sbin/haproxy", "-v"),
            "nginx: " + version("/usr/sbin/nginx", "-v"),
            "Java: " + version(os.environ["JAVA_HOME"] + "/bin/java", "--version"),
        ]}


def version(*command):
    out = subprocess.run(command, capture_output=True, text=True)
    # Envoy begins with its own path, which says nothing to others.
    return (out.stdout + out.stderr).strip().splitlines()[0].removeprefix(command[0]).strip()


main()
