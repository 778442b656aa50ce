"""What was measured, as Markdown. Pure: rounds in, text out."""

import math
import statistics


def percentile(ordered, percent):
    """The nearest rank: the least of these values that so many percent of them do not exceed."""
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def spread(values):
    """Median, least and most."""
    return statistics.median(values), min(values), max(values)


def ratios(rounds, base):
    """Of each round the CPU per request over that of the base in the same round: what changes on the machine meets both."""
    return spread([one["cpu_us"] / other["cpu_us"] for one, other in zip(rounds, base, strict=True)])


def shown(three, digits):
    return "{0:.{3}f} ({1:.{3}f} to {2:.{3}f})".format(*three, digits)


def median(rounds, key):
    values = [each[key] for each in rounds if key in each]
    return statistics.median(values) if values else None


def verdict(bar, ratio):
    if bar is None:
        return ""
    return f"{'held' if ratio <= bar else 'MISSED'}: {ratio:.2f} of at most {bar:.2f}"


def row(scenario, name, rounds, base):
    ratio = ratios(rounds, base)
    times = [median(rounds, key) for key in ("p50_ms", "p99_ms", "p999_ms")]
    cells = [
        name,
        shown(spread([each["cpu_us"] for each in rounds]), 1),
        shown(ratio, 2),
        verdict(scenario.bars.get(name), ratio[0]),
        f"{median(rounds, 'rps'):.0f}",
        *("" if time is None else f"{time:.2f}" for time in times),
        f"{median(rounds, 'rest_mib'):.0f}, {median(rounds, 'load_mib'):.0f}",
    ]
    return "| " + " | ".join(cells) + " |\n"


def table(name, scenario, results):
    """One scenario; results by participant, each a list of rounds."""
    base = results[scenario.base]
    text = (f"## {name}: {scenario.what}\n\n{scenario.connections} connections, answers of {scenario.size} bytes"
            + (f"; {base[0]['rps']:.0f} requests/s, which is half of Envoy's maximum in this run"
               if scenario.fixed_rate else "") + ".\n\n"
            f"| proxy | CPU-µs per request | of {scenario.base}'s | bar | requests/s | p50 ms | p99 ms | p99.9 ms | "
            "PSS at rest, under load, MiB |\n" + "| --- " * 9 + "|\n")
    text += "".join(row(scenario, participant, rounds, base) for participant, rounds in results.items())
    late = [each["late_ms"] for rounds in results.values() for each in rounds if "late_ms" in each]
    if late:
        text += f"\nThe load's own lateness, part of each latency: p99 of {shown(spread(late), 2)} ms.\n"
        p99, of_envoy = (median(results[who], "p99_ms") for who in ("lateen", "envoy"))
        text += f"\np99 no worse than Envoy's: {verdict(1.0, p99 / of_envoy)}.\n"
    return text + "\n"


def load(results):
    """How busy others kept the machine, in CPUs, over all measurements; results by scenario."""
    return spread([each["others"] for scenario in results.values() for rounds in scenario.values() for each in rounds])


QUIET = 0.1  # CPUs


def document(facts, scenarios, results):
    """
    The whole file.

    facts -- lines of what it was measured on and with
    scenarios, results -- by name
    """
    others = load(results)
    text = f"# Proxies side by side, {facts['date']}\n\n`{facts['command']}` at {facts['commit']}\n\n"
    text += "".join(f"- {line}\n" for line in facts["lines"])
    text += f"- others kept {shown(others, 2)} CPUs of the machine busy\n"
    if others[0] > QUIET:
        text += ("- **the machine was not quiet**: rates, latencies and absolute CPU are not to be relied on, ratios only "
                 "as far as their spread says; measure again on a quiet one\n")
    if facts["rounds"] < 5:
        text += f"- **only {facts['rounds']} rounds**: too few to tell a difference from chance\n"
    return text + "\n" + "".join(table(name, scenarios[name], results[name]) for name in results)
