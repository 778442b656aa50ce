package dev.lateen.telemetry;

import java.util.Map;

/**
 * What an edge carried.
 *
 * @param total requests, or connections of TCP, that its proxies have counted
 * @param failed those of them that failed: status 5xx or no answer
 * @param perSecond requests of the window, per second
 * @param failedPerSecond failed ones of the window, per second
 * @param p50 median of the duration of the window's requests in milliseconds, NaN without any
 * @param p99 likewise, the 99th percentile
 * @param codes requests that its proxies have counted, by status
 * @param secured requests of the window that the receiving side saw under mutual TLS
 * @param plain those that it saw in plain text
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
        long secured,
        long plain) {
    public Carried {
        codes = Map.copyOf(codes);
    }

    /** Whether the receiving side saw mutual TLS and nothing else. */
    public boolean mutualTls() {
        return secured > 0 && plain == 0;
    }
}
