package dev.lateen.telemetry;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Who calls whom, from Istio's standard metrics of many proxies, kept as bounded time series. Each call is counted once:
 * where its source reports it that counts, else what its destination reports. Thread-safe.
 */
public final class MeshTraffic {
    private static final int POINTS = 1800;
    private static final int SNAPSHOTS = 60;

    private final int maxEdges;
    private final Map<Edge, Kept> edges = new TreeMap<>();
    private long dropped;

    /**
     * One direction of calls.
     *
     * @param source workload that calls, {@code unknown} from outside
     * @param sourceNamespace its namespace
     * @param service host of the called service
     * @param workload that answers; {@code unknown} where nobody did
     * @param workloadNamespace its namespace
     * @param version of that workload
     * @param protocol {@code http}, {@code grpc} or {@code tcp}
     */
    public record Edge(
            String source,
            String sourceNamespace,
            String service,
            String workload,
            String workloadNamespace,
            String version,
            String protocol)
            implements Comparable<Edge> {
        @Override
        public int compareTo(Edge other) {
            return key().compareTo(other.key());
        }

        private String key() {
            return String.join("\0", source, sourceNamespace, service, workload, workloadNamespace, version, protocol);
        }
    }

    /**
     * What an edge carried.
     *
     * @param total requests, or connections of TCP, since its proxies started
     * @param failed those of them that failed: status 5xx or no answer
     * @param perSecond requests of the window, per second
     * @param failedPerSecond failed ones of the window, per second
     * @param p50 median of the duration of the window's requests in milliseconds, NaN without any
     * @param p99 likewise, the 99th percentile
     * @param codes requests since the proxies started, by status
     * @param mutualTls whether the receiving side saw mutual TLS
     */
    public record Carried(
            Edge edge,
            long total,
            long failed,
            double perSecond,
            double failedPerSecond,
            double p50,
            double p99,
            Map<String, Long> codes,
            boolean mutualTls) {}

    private static final class Kept {
        private final TimeSeries requests = new TimeSeries(POINTS);
        private final TimeSeries failed = new TimeSeries(POINTS);
        private final Deque<Buckets> durations = new ArrayDeque<>();
        private Sums last = new Sums();
    }

    @SuppressWarnings("ArrayRecordComponent") // never compared as a record
    private record Buckets(Instant time, double[] counts) {}

    private static final class Sums {
        private double requests;
        private double failed;
        private boolean mutualTls;
        private final Map<String, Double> codes = new TreeMap<>();
        private final TreeMap<Double, Double> buckets = new TreeMap<>();
    }

    /** Keeps at most so many edges; what comes beyond is counted in {@link #dropped()}. */
    public MeshTraffic(int maxEdges) {
        this.maxEdges = maxEdges;
    }

    /** Takes the pages of all proxies, scraped at about {@code time}. */
    public synchronized void add(Instant time, Collection<List<Sample>> pages) {
        Map<Edge, Sums> source = new HashMap<>();
        Map<Edge, Sums> destination = new HashMap<>();
        for (List<Sample> page : pages) {
            for (Sample sample : page) {
                Map<Edge, Sums> side = sample.label("reporter").equals("source") ? source : destination;
                add(side, sample);
            }
        }
        destination.forEach((edge, sums) -> {
            Sums told = source.get(edge);
            if (told != null) {
                told.mutualTls = sums.mutualTls;
            } else if (source.keySet().stream().noneMatch(other -> sameCalls(other, edge))) {
                source.put(edge, sums);
            }
        });
        source.forEach((edge, sums) -> keep(time, edge, sums));
    }

    /** Whether a source's edge tells of a destination's calls, though it may not know its workload's version. */
    private static boolean sameCalls(Edge source, Edge destination) {
        return source.source().equals(destination.source())
                && source.sourceNamespace().equals(destination.sourceNamespace())
                && source.service().equals(destination.service())
                && source.workload().equals(destination.workload());
    }

    private static void add(Map<Edge, Sums> side, Sample sample) {
        switch (sample.name()) {
            case "istio_requests_total" -> {
                Sums sums = sums(side, sample);
                String code = sample.label("response_code");
                sums.requests += sample.value();
                sums.codes.merge(code, sample.value(), Double::sum);
                if (code.startsWith("5") || code.equals("0")) {
                    sums.failed += sample.value();
                }
                sums.mutualTls |= sample.label("connection_security_policy").equals("mutual_tls");
            }
            case "istio_request_duration_milliseconds_bucket" -> {
                String bound = sample.label("le");
                sums(side, sample)
                        .buckets
                        .merge(
                                bound.equals("+Inf") ? Double.POSITIVE_INFINITY : Double.parseDouble(bound),
                                sample.value(),
                                Double::sum);
            }
            case "istio_tcp_connections_opened_total" -> sums(side, sample).requests += sample.value();
            default -> {}
        }
    }

    private static Sums sums(Map<Edge, Sums> side, Sample sample) {
        Edge edge = new Edge(
                sample.label("source_workload"),
                sample.label("source_workload_namespace"),
                sample.label("destination_service"),
                sample.label("destination_workload"),
                sample.label("destination_workload_namespace"),
                sample.label("destination_version"),
                sample.label("request_protocol"));
        return side.computeIfAbsent(edge, _ -> new Sums());
    }

    private void keep(Instant time, Edge edge, Sums sums) {
        Kept kept = edges.get(edge);
        if (kept == null) {
            if (edges.size() >= maxEdges) {
                dropped++;
                return;
            }
            kept = new Kept();
            edges.put(edge, kept);
            // Before it was first seen it carried nothing.
            kept.durations.add(new Buckets(time.minusMillis(1), new double[sums.buckets.size()]));
        }
        kept.requests.add(time, sums.requests);
        kept.failed.add(time, sums.failed);
        kept.durations.add(new Buckets(
                time,
                sums.buckets.values().stream().mapToDouble(Double::doubleValue).toArray()));
        while (kept.durations.size() > SNAPSHOTS) {
            kept.durations.removeFirst();
        }
        kept.last = sums;
    }

    /** What every edge carried; rates and quantiles are of the last {@code window}. */
    public synchronized List<Carried> edges(Duration window) {
        List<Carried> all = new ArrayList<>();
        edges.forEach((edge, kept) -> {
            double[] counts = counts(kept, window);
            Double[] bounds = kept.last.buckets.keySet().toArray(Double[]::new);
            Map<String, Long> codes = new LinkedHashMap<>();
            kept.last.codes.forEach((code, count) -> codes.put(code, Math.round(count)));
            all.add(new Carried(
                    edge,
                    Math.round(kept.last.requests),
                    Math.round(kept.last.failed),
                    kept.requests.rate(window),
                    kept.failed.rate(window),
                    quantile(0.5, bounds, counts),
                    quantile(0.99, bounds, counts),
                    codes,
                    kept.last.mutualTls));
        });
        return all;
    }

    private static double[] counts(Kept kept, Duration window) {
        Buckets last = kept.durations.getLast();
        Buckets first = last;
        for (Buckets buckets : kept.durations) {
            if (!buckets.time().isBefore(last.time().minus(window))) {
                first = buckets;
                break;
            }
        }
        double[] counts = Arrays.copyOf(last.counts(), last.counts().length);
        if (first.time().isBefore(last.time()) && first.counts().length == counts.length) {
            for (int i = 0; i < counts.length; i++) {
                // A restarted proxy counts from zero: then its count is what came since.
                counts[i] = counts[i] >= first.counts()[i] ? counts[i] - first.counts()[i] : counts[i];
            }
        }
        return counts;
    }

    /** As Prometheus' {@code histogram_quantile}: linear within the bucket, the highest finite bound at most. */
    static double quantile(double quantile, Double[] bounds, double[] cumulated) {
        if (cumulated.length == 0 || cumulated[cumulated.length - 1] <= 0) {
            return Double.NaN;
        }
        double rank = quantile * cumulated[cumulated.length - 1];
        for (int i = 0; i < cumulated.length; i++) {
            if (cumulated[i] >= rank) {
                double low = i == 0 ? 0 : bounds[i - 1];
                double before = i == 0 ? 0 : cumulated[i - 1];
                if (bounds[i].isInfinite()) {
                    return low;
                }
                double inside = cumulated[i] - before;
                return inside <= 0 ? bounds[i] : low + (bounds[i] - low) * (rank - before) / inside;
            }
        }
        return bounds[bounds.length - 1];
    }

    /** How often an edge was left out because there were too many. */
    public synchronized long dropped() {
        return dropped;
    }
}
