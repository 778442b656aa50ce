package dev.lateen.telemetry;

import dev.lateen.telemetry.ProxyCounters.Growth;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Who calls whom, from Istio's standard metrics of many proxies, kept over time in bounded memory: five minutes of every
 * reading, hours of one a minute. Each call is counted once: where its source reports it that counts, else what its
 * destination reports. A proxy that goes takes nothing away of what was counted. Thread-safe.
 */
public final class MeshTraffic {
    private static final Duration FORGOTTEN = Duration.ofMinutes(10);

    private final int maxEdges;
    private final Map<String, ProxyCounters> proxies = new HashMap<>();
    private final Map<Edge, Total> bySource = new HashMap<>();
    private final Map<Edge, Total> byDestination = new HashMap<>();
    private final Map<Identity, Long> identities = new HashMap<>();
    private final Map<Edge, Kept> edges = new TreeMap<>();
    private @Nullable Instant newest;
    private long dropped;

    private static final class Total {
        private final Counts counts = new Counts();
        private final Map<String, Long> codes = new TreeMap<>();
    }

    private static final class Kept {
        private final EdgeHistory history = new EdgeHistory();
        private Total total = new Total();
    }

    /**
     * What was carried in one piece of time.
     *
     * @param end of the piece
     * @param securedPerSecond requests that the receiving side saw under mutual TLS
     * @param plainPerSecond those that it saw in plain text
     */
    public record Point(
            Instant end,
            double perSecond,
            double failedPerSecond,
            double securedPerSecond,
            double plainPerSecond,
            Quantiles duration,
            Quantiles requestBytes,
            Quantiles responseBytes) {}

    /** Keeps at most so many edges, 140 kB each; what comes beyond is counted in {@link #dropped()}. */
    public MeshTraffic(int maxEdges) {
        this.maxEdges = maxEdges;
    }

    /** Takes the pages of proxies, by the names of these, read at about {@code time}. */
    public synchronized void add(Instant time, Map<String, List<Sample>> pages) {
        pages.forEach((proxy, page) -> {
            ProxyCounters.Page growth =
                    proxies.computeIfAbsent(proxy, _ -> new ProxyCounters()).grow(time, page);
            growth.calls().forEach(this::count);
            growth.identities().forEach(met -> {
                if (identities.containsKey(met.identity()) || identities.size() < maxEdges) {
                    identities.merge(met.identity(), met.requests(), Long::sum);
                }
            });
        });
        proxies.values().removeIf(proxy -> proxy.read.isBefore(time.minus(FORGOTTEN)));
        keep(time);
        newest = time;
    }

    private void count(Growth growth) {
        Map<Edge, Total> side = growth.told().source() ? bySource : byDestination;
        Total total = side.get(growth.told().edge());
        if (total == null) {
            if (side.size() >= maxEdges) {
                dropped++;
                return;
            }
            total = new Total();
            side.put(growth.told().edge(), total);
        }
        total.counts.add(growth.counts());
        Map<String, Long> codes = total.codes;
        growth.codes().forEach((code, more) -> codes.merge(code, more, Long::sum));
    }

    private void keep(Instant time) {
        Map<Edge, Total> shown = new HashMap<>(bySource);
        Map<Edge, Counts> otherVersions = new HashMap<>();
        Set<Edge> calls = new HashSet<>();
        bySource.keySet().forEach(edge -> calls.add(edge.withoutVersion()));
        byDestination.forEach((edge, total) -> {
            if (!bySource.containsKey(edge)) {
                otherVersions
                        .computeIfAbsent(edge.withoutVersion(), _ -> new Counts())
                        .add(total.counts);
            }
            if (!calls.contains(edge.withoutVersion())) {
                shown.put(edge, total);
            }
        });
        edges.keySet().retainAll(shown.keySet());
        shown.forEach((edge, total) -> {
            if (edges.size() >= maxEdges && !edges.containsKey(edge)) {
                dropped++;
                return;
            }
            Kept kept = edges.computeIfAbsent(edge, _ -> {
                Kept made = new Kept();
                if (newest != null) {
                    made.history.add(newest, new Counts()); // before it was first seen it carried nothing
                }
                return made;
            });
            kept.total = total;
            // How calls were secured is what their receiver says, whose version the caller may not know.
            Total received = byDestination.get(edge);
            kept.history.add(
                    time,
                    total.counts.securedAs(
                            received == null
                                    ? otherVersions.getOrDefault(edge.withoutVersion(), new Counts())
                                    : received.counts));
        });
    }

    /** What every edge carries now; rates and quantiles are of the last {@code window}. */
    public synchronized List<Carried> edges(Duration window) {
        Instant now = newest;
        return now == null ? List.of() : edges(now, window);
    }

    /** What every edge carried at that time; rates and quantiles are of the {@code window} before it, totals of now. */
    public synchronized List<Carried> edges(Instant at, Duration window) {
        List<Carried> all = new ArrayList<>();
        edges.forEach((edge, kept) -> {
            long to = at.toEpochMilli();
            Counts carried = kept.history.between(to - window.toMillis(), to);
            Quantiles duration = carried.quantiles(Counts.DURATION);
            all.add(new Carried(
                    edge,
                    kept.total.counts.at(Counts.REQUESTS),
                    kept.total.counts.at(Counts.FAILED),
                    carried.perSecond(Counts.REQUESTS),
                    carried.perSecond(Counts.FAILED),
                    duration.p50(),
                    duration.p99(),
                    kept.total.codes,
                    carried.at(Counts.SECURED),
                    carried.at(Counts.PLAIN)));
        });
        return all;
    }

    /** What the edges of this kind carried together, in {@code points} pieces of equal length up to the newest reading. */
    public synchronized List<Point> series(Predicate<Edge> kind, Duration length, int points) {
        Instant end = newest;
        List<Point> series = new ArrayList<>();
        for (int i = points - 1; end != null && i >= 0; i--) {
            long to = end.toEpochMilli() - i * length.toMillis() / points;
            long from = to - length.toMillis() / points;
            Counts together = new Counts();
            double[] rates = new double[Counts.DURATION];
            for (Map.Entry<Edge, Kept> entry : edges.entrySet()) {
                if (kind.test(entry.getKey())) {
                    Counts carried = entry.getValue().history.between(from, to);
                    together.add(carried);
                    // Readings do not fall together with the ends of pieces: each rate is of its own time.
                    for (int column = 0; column < rates.length; column++) {
                        rates[column] += carried.perSecond(column);
                    }
                }
            }
            series.add(new Point(
                    Instant.ofEpochMilli(to),
                    rates[Counts.REQUESTS],
                    rates[Counts.FAILED],
                    rates[Counts.SECURED],
                    rates[Counts.PLAIN],
                    together.quantiles(Counts.DURATION),
                    together.quantiles(Counts.REQUEST_BYTES),
                    together.quantiles(Counts.RESPONSE_BYTES)));
        }
        return series;
    }

    /** How often who called whom under which identity, as the receiving sides told. */
    public synchronized Map<Identity, Long> identities() {
        return Map.copyOf(identities);
    }

    /** When the first reading that is still known was; empty before any. */
    public synchronized Optional<Instant> oldest() {
        return edges.values().stream().mapToLong(kept -> kept.history.oldest()).min().stream()
                .mapToObj(Instant::ofEpochMilli)
                .findFirst();
    }

    /** How often an edge was left out because there were too many. */
    public synchronized long dropped() {
        return dropped;
    }
}
