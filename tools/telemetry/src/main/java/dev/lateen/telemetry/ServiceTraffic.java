package dev.lateen.telemetry;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Who calls whom, from Istio's standard metric {@code istio_requests_total} of many proxies, kept as bounded time
 * series. Only samples of one reporter count, so that no call is counted at both of its ends. Thread-safe.
 */
public final class ServiceTraffic {
    private static final int POINTS = 720;

    private final int maxSeries;
    private final Map<Edge, Counters> edges = new TreeMap<>();
    private long dropped;

    /** One direction of calls between two workloads' services. */
    public record Edge(String source, String destination) implements Comparable<Edge> {
        @Override
        public int compareTo(Edge other) {
            int order = source.compareTo(other.source);
            return order != 0 ? order : destination.compareTo(other.destination);
        }
    }

    /** What an edge carried: requests per second and the share of those that failed (5xx or no answer), 0 to 1. */
    public record Rate(Edge edge, double requestsPerSecond, double errorShare) {}

    private record Counters(TimeSeries requests, TimeSeries errors) {}

    /** Keeps at most so many edges; what comes beyond is counted in {@link #dropped()}. */
    public ServiceTraffic(int maxSeries) {
        this.maxSeries = maxSeries;
    }

    /** Takes the pages of all proxies, scraped at about {@code time}. */
    public synchronized void add(Instant time, Collection<List<Sample>> pages) {
        Map<Edge, double[]> sums = new TreeMap<>();
        for (List<Sample> page : pages) {
            for (Sample sample : page) {
                if (sample.name().equals("istio_requests_total")
                        && sample.label("reporter").equals("source")) {
                    Edge edge = new Edge(sample.label("source_workload"), sample.label("destination_service"));
                    double[] sum = sums.computeIfAbsent(edge, _ -> new double[2]);
                    sum[0] += sample.value();
                    if (failed(sample.label("response_code"))) {
                        sum[1] += sample.value();
                    }
                }
            }
        }
        sums.forEach((edge, sum) -> {
            Counters counters = edges.get(edge);
            if (counters == null) {
                if (edges.size() >= maxSeries) {
                    dropped++;
                    return;
                }
                counters = new Counters(new TimeSeries(POINTS), new TimeSeries(POINTS));
                edges.put(edge, counters);
            }
            counters.requests().add(time, sum[0]);
            counters.errors().add(time, sum[1]);
        });
    }

    private static boolean failed(String responseCode) {
        return responseCode.startsWith("5") || responseCode.equals("0");
    }

    /** Rates of every edge over the last {@code window}, by name. */
    public synchronized List<Rate> rates(Duration window) {
        List<Rate> rates = new ArrayList<>();
        edges.forEach((edge, counters) -> {
            double requests = counters.requests().rate(window);
            double errors = counters.errors().rate(window);
            rates.add(new Rate(edge, requests, requests == 0 ? 0 : errors / requests));
        });
        return rates;
    }

    /** How often an edge was left out because {@code maxSeries} was reached. */
    public synchronized long dropped() {
        return dropped;
    }
}
