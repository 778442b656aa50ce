package dev.lateen.telemetry;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What the counters of one proxy have grown by since its page was last read: a counter that fell was restarted from zero.
 * Not thread-safe.
 */
final class ProxyCounters {
    /** By what a page tells of: an edge as its source or as its destination sees it. */
    record Told(Edge edge, boolean source) {}

    private final Map<Told, Counts> last = new HashMap<>();
    private final Map<Told, Map<String, Long>> lastCodes = new HashMap<>();
    private final Map<Identity, Long> lastIdentities = new HashMap<>();
    Instant read = Instant.EPOCH;

    /** Growth of one kind of calls. */
    record Growth(Told told, Counts counts, Map<String, Long> codes) {}

    /** Growth of the calls between two identities. */
    record Met(Identity identity, long requests) {}

    /** Growth of one page. */
    record Page(List<Growth> calls, List<Met> identities) {}

    /** Takes the page that was read now. */
    Page grow(Instant time, List<Sample> page) {
        read = time;
        Map<Told, Counts> now = new HashMap<>();
        Map<Told, Map<String, Long>> codes = new HashMap<>();
        Map<Identity, Long> identities = new HashMap<>();
        for (Sample sample : page) {
            add(now, codes, identities, sample);
        }
        now.values().forEach(Counts::uncumulate);
        List<Growth> calls = new ArrayList<>();
        now.forEach((told, counts) -> {
            Counts before = last.put(told, counts);
            Map<String, Long> since = codes.getOrDefault(told, Map.of());
            Map<String, Long> codesBefore = lastCodes.put(told, since);
            boolean restarted = before == null || counts.at(Counts.REQUESTS) < before.at(Counts.REQUESTS);
            Counts growth = new Counts();
            growth.add(counts);
            Map<String, Long> more = new HashMap<>(since);
            if (!restarted) {
                for (int column = 0; column < Counts.COLUMNS; column++) {
                    growth.add(column, -Math.min(before.at(column), counts.at(column)));
                }
                codesBefore.forEach((code, count) -> more.merge(code, -count, Long::sum));
            }
            calls.add(new Growth(told, growth, more));
        });
        List<Met> met = new ArrayList<>();
        identities.forEach((identity, count) -> {
            long before = lastIdentities.getOrDefault(identity, 0L);
            lastIdentities.put(identity, count);
            met.add(new Met(identity, count >= before ? count - before : count));
        });
        return new Page(calls, met);
    }

    private static void add(
            Map<Told, Counts> calls,
            Map<Told, Map<String, Long>> codes,
            Map<Identity, Long> identities,
            Sample sample) {
        boolean source = sample.label("reporter").equals("source");
        long value = Math.round(sample.value());
        switch (sample.name()) {
            case "istio_requests_total", "istio_tcp_connections_opened_total" -> {
                Told told = new Told(Edge.of(sample), source);
                Counts counts = calls.computeIfAbsent(told, _ -> new Counts());
                counts.add(Counts.REQUESTS, value);
                if (!source) {
                    boolean secured = sample.label("connection_security_policy").equals("mutual_tls");
                    counts.add(secured ? Counts.SECURED : Counts.PLAIN, value);
                    identities.merge(Identity.of(sample), value, Long::sum);
                }
                if (sample.name().equals("istio_requests_total")) {
                    String code = sample.label("response_code");
                    codes.computeIfAbsent(told, _ -> new HashMap<>()).merge(code, value, Long::sum);
                    if (code.startsWith("5") || code.equals("0")) {
                        counts.add(Counts.FAILED, value);
                    }
                }
            }
            case "istio_request_duration_milliseconds_bucket" -> bucket(calls, source, Counts.DURATION, sample);
            case "istio_request_bytes_bucket" -> bucket(calls, source, Counts.REQUEST_BYTES, sample);
            case "istio_response_bytes_bucket" -> bucket(calls, source, Counts.RESPONSE_BYTES, sample);
            default -> {}
        }
    }

    private static void bucket(Map<Told, Counts> calls, boolean source, int histogram, Sample sample) {
        int column = Counts.bucket(histogram, sample.label("le"));
        if (column >= 0) {
            calls.computeIfAbsent(new Told(Edge.of(sample), source), _ -> new Counts())
                    .add(column, Math.round(sample.value()));
        }
    }
}
