package dev.lateen.proxy.telemetry;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;

/** Istio's standard metrics as text. */
final class TrafficPage {
    private TrafficPage() {}

    /** The tables of all loops, added up. */
    static void write(StringBuilder text, List<LoopTelemetry> loops, Workload own) {
        Map<TrafficLabels, Requests> requests = new LinkedHashMap<>();
        Map<TrafficLabels, long[]> connections = new LinkedHashMap<>();
        for (LoopTelemetry loop : loops) {
            loop.requests()
                    .forEach((labels, series) -> requests.computeIfAbsent(labels, key -> new Requests(key.text(own)))
                            .add(series));
            loop.connections().forEach((labels, series) -> {
                long[] total = connections.computeIfAbsent(labels, _ -> new long[4]);
                long[] more = series.values();
                for (int i = 0; i < total.length; i++) {
                    total[i] += more[i];
                }
            });
        }
        counter(text, "istio_requests_total", requests.values(), r -> r.labels, r -> r.requests);
        histogram(text, "istio_request_duration_milliseconds", requests, r -> r.duration);
        histogram(text, "istio_request_bytes", requests, r -> r.received);
        histogram(text, "istio_response_bytes", requests, r -> r.sent);
        Map<String, long[]> named = new LinkedHashMap<>();
        connections.forEach((labels, values) -> named.put(labels.text(own), values));
        String[] names = {
            "istio_tcp_connections_opened_total",
            "istio_tcp_connections_closed_total",
            "istio_tcp_sent_bytes_total",
            "istio_tcp_received_bytes_total"
        };
        for (int i = 0; i < names.length; i++) {
            int index = i;
            counter(text, names[i], named.entrySet(), Map.Entry::getKey, entry -> entry.getValue()[index]);
        }
    }

    /** What was cut. */
    static void write(StringBuilder text, SeriesBudget budget) {
        text.append("# TYPE lateen_telemetry_label_sets gauge\nlateen_telemetry_label_sets ")
                .append(budget.used())
                .append("\n# TYPE lateen_telemetry_label_sets_limit gauge\nlateen_telemetry_label_sets_limit ")
                .append(budget.limit())
                .append("\n# TYPE lateen_telemetry_cut_total counter\nlateen_telemetry_cut_total ")
                .append(budget.cut())
                .append('\n');
    }

    private static <T> void counter(
            StringBuilder text,
            String name,
            Iterable<T> all,
            java.util.function.Function<T, String> labels,
            ToLongFunction<T> value) {
        type(text, name, "counter");
        for (T one : all) {
            text.append(name)
                    .append('{')
                    .append(labels.apply(one))
                    .append("} ")
                    .append(value.applyAsLong(one))
                    .append('\n');
        }
    }

    private static void histogram(
            StringBuilder text,
            String name,
            Map<TrafficLabels, Requests> requests,
            java.util.function.Function<Requests, long[]> counts) {
        type(text, name, "histogram");
        for (Requests one : requests.values()) {
            long[] values = counts.apply(one);
            long cumulated = 0;
            for (int i = 0; i <= Histogram.BOUNDS.length; i++) {
                cumulated += values[i];
                text.append(name)
                        .append("_bucket{")
                        .append(one.labels)
                        .append(",le=\"")
                        .append(i == Histogram.BOUNDS.length ? "+Inf" : bound(Histogram.BOUNDS[i]))
                        .append("\"} ")
                        .append(cumulated)
                        .append('\n');
            }
            text.append(name).append("_sum{").append(one.labels).append("} ");
            text.append(values[values.length - 1]).append('\n');
            text.append(name).append("_count{").append(one.labels).append("} ");
            text.append(cumulated).append('\n');
        }
    }

    private static String bound(double bound) {
        return bound == Math.rint(bound) ? Long.toString((long) bound) : Double.toString(bound);
    }

    static void type(StringBuilder text, String name, String type) {
        text.append("# TYPE ").append(name).append(' ').append(type).append('\n');
    }

    private static final class Requests {
        private final String labels;
        private final long[] duration = Histogram.total();
        private final long[] received = Histogram.total();
        private final long[] sent = Histogram.total();
        private long requests;

        Requests(String labels) {
            this.labels = labels;
        }

        void add(RequestSeries series) {
            requests += series.requests();
            series.duration.addTo(duration);
            series.requestBytes.addTo(received);
            series.responseBytes.addTo(sent);
        }
    }
}
