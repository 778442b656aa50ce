package dev.lateen.ops;

import dev.lateen.telemetry.Carried;
import dev.lateen.telemetry.MeshTraffic;
import dev.lateen.telemetry.MetricsScraper;
import java.io.PrintStream;
import java.net.URI;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * The services of a mesh by what they carry: reads the proxies' metrics and prints for each service requests per second,
 * the share that failed, and quantiles of their durations. One thread.
 */
public final class Top {
    private static final int MAX_EDGES = 2000;

    private final MetricsScraper scraper;
    private final InstantSource clock;
    private final MeshTraffic traffic = new MeshTraffic(MAX_EDGES);

    private record Line(String service, double perSecond, double failed, double p50, double p99, long total) {
        Line and(Carried carried) {
            return new Line(
                    service,
                    perSecond + carried.perSecond(),
                    failed + carried.failedPerSecond(),
                    larger(p50, carried.p50()),
                    larger(p99, carried.p99()),
                    total + carried.total());
        }

        private static double larger(double one, double other) {
            return Double.isNaN(one) ? other : Double.isNaN(other) ? one : Math.max(one, other);
        }
    }

    public Top(MetricsScraper scraper, InstantSource clock) {
        this.scraper = scraper;
        this.clock = clock;
    }

    /** Reads all proxies once, such as {@code http://10.244.0.7:15090/stats/prometheus}; gives why any were not read. */
    public List<String> read(Collection<URI> proxies) throws InterruptedException {
        MetricsScraper.Round round = scraper.scrape(List.copyOf(proxies));
        traffic.add(clock.instant(), round.byName());
        return round.failures().entrySet().stream()
                .map(failure -> "no metrics from " + failure.getKey() + ": " + failure.getValue())
                .toList();
    }

    /**
     * Prints the rates of the last {@code window}, busiest first. Quantiles of a service are the worst of those of its
     * callers.
     */
    public void print(Duration window, PrintStream out) {
        Map<String, Line> services = new TreeMap<>();
        for (Carried carried : traffic.edges(window)) {
            String service = carried.edge().service();
            services.put(
                    service,
                    services.getOrDefault(service, new Line(service, 0, 0, Double.NaN, Double.NaN, 0))
                            .and(carried));
        }
        out.printf(Locale.ROOT, "%-50s %10s %8s %9s %9s %10s%n", "SERVICE", "RPS", "ERRORS", "P50", "P99", "TOTAL");
        services.values().stream()
                .sorted(Comparator.comparingDouble(Line::perSecond).reversed())
                .forEach(line -> out.printf(
                        Locale.ROOT,
                        "%-50s %10.1f %7.1f%% %9s %9s %10d%n",
                        line.service(),
                        line.perSecond(),
                        line.perSecond() == 0 ? 0 : line.failed() / line.perSecond() * 100,
                        millis(line.p50()),
                        millis(line.p99()),
                        line.total()));
        if (traffic.dropped() > 0) {
            out.println("left out, beyond " + MAX_EDGES + " edges: " + traffic.dropped());
        }
    }

    private static String millis(double millis) {
        return Double.isNaN(millis) ? "-" : String.format(Locale.ROOT, "%.1fms", millis);
    }
}
