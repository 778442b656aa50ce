package dev.lateen.ops;

import dev.lateen.telemetry.MetricsScraper;
import dev.lateen.telemetry.ServiceTraffic;
import java.io.PrintStream;
import java.net.URI;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;

/**
 * The services of a mesh by what they carry: reads the proxies' metrics and prints, for each caller and called
 * service, requests per second and the share that failed.
 */
public final class Top {
    private static final int MAX_EDGES = 10_000;

    private final MetricsScraper scraper;
    private final List<URI> proxies;
    private final InstantSource clock;
    private final ServiceTraffic traffic = new ServiceTraffic(MAX_EDGES);

    /** Reads from the given metrics addresses, such as {@code http://10.244.0.7:15090/stats/prometheus}. */
    public Top(MetricsScraper scraper, List<URI> proxies, InstantSource clock) {
        this.scraper = scraper;
        this.proxies = List.copyOf(proxies);
        this.clock = clock;
    }

    /** Reads all proxies once and prints the rates of the last {@code window}, busiest first. */
    public void round(Duration window, PrintStream out) throws InterruptedException {
        MetricsScraper.Round round = scraper.scrape(proxies);
        traffic.add(clock.instant(), round.pages());
        out.printf(Locale.ROOT, "%-30s %-50s %10s %8s%n", "SOURCE", "DESTINATION", "RPS", "ERRORS");
        traffic.rates(window).stream()
                .sorted((a, b) -> Double.compare(b.requestsPerSecond(), a.requestsPerSecond()))
                .forEach(rate -> out.printf(
                        Locale.ROOT,
                        "%-30s %-50s %10.1f %7.1f%%%n",
                        rate.edge().source(),
                        rate.edge().destination(),
                        rate.requestsPerSecond(),
                        rate.errorShare() * 100));
        round.failures().forEach((address, why) -> out.println("no metrics from " + address + ": " + why));
        if (traffic.dropped() > 0) {
            out.println("left out, beyond " + MAX_EDGES + " edges: " + traffic.dropped());
        }
    }
}
