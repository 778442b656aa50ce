package dev.lateen.proxy.telemetry;

import dev.lateen.proxycore.listener.MetricRules;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Istio's standard metrics as text. */
final class TrafficPage {
    private static final String PREFIX = "istio_";

    private TrafficPage() {}

    /** The tables of all loops, added up. */
    static void write(StringBuilder text, List<LoopTelemetry> loops, SeriesBudget budget, Workload own) {
        Map<TrafficLabels, Requests> requests = new LinkedHashMap<>();
        Map<TrafficLabels, long[]> connections = new LinkedHashMap<>();
        for (LoopTelemetry loop : loops) {
            loop.requests().forEach((labels, series) -> requests.computeIfAbsent(labels, _ -> new Requests())
                    .add(series));
            loop.connections()
                    .forEach((labels, series) ->
                            add(connections.computeIfAbsent(labels, _ -> new long[4]), series.values()));
        }
        cut(
                text,
                budget,
                requests.values().stream()
                        .mapToLong(r -> r.whole ? 0 : r.requests)
                        .sum());
        Names names = new Names(own);
        counter(text, "requests_total", names.total("requests_total", requests, r -> new long[] {r.requests}), 0);
        requests.values().removeIf(of -> !of.whole);
        histogram(text, "request_duration_milliseconds", names, requests, r -> r.duration);
        histogram(text, "request_bytes", names, requests, r -> r.received);
        histogram(text, "response_bytes", names, requests, r -> r.sent);
        requests.keySet().removeIf(labels -> labels.protocol != TrafficLabels.Protocol.GRPC);
        String[] ofMessages = {"request_messages_total", "response_messages_total"};
        for (int i = 0; i < ofMessages.length; i++) {
            counter(text, ofMessages[i], names.total(ofMessages[i], requests, r -> r.messages), i);
        }
        String[] ofConnections = {
            "tcp_connections_opened_total",
            "tcp_connections_closed_total",
            "tcp_sent_bytes_total",
            "tcp_received_bytes_total"
        };
        for (int i = 0; i < ofConnections.length; i++) {
            counter(text, ofConnections[i], names.total(ofConnections[i], connections, values -> values), i);
        }
    }

    /** Gives label sets their text, which is that of most metrics. */
    private static final class Names {
        private final Workload own;
        private final Map<TrafficLabels, String> plain = new HashMap<>();

        Names(Workload own) {
            this.own = own;
        }

        /** What is counted under each text: rules may make texts of several label sets the same. */
        <T> Map<String, long[]> total(String metric, Map<TrafficLabels, T> all, Function<T, long[]> values) {
            Map<String, long[]> total = LinkedHashMap.newLinkedHashMap(all.size());
            all.forEach((labels, counted) -> {
                MetricRules.Rule rule = labels.rules.rule(metric);
                if (!rule.dropped()) {
                    long[] more = values.apply(counted);
                    add(total.computeIfAbsent(text(labels, rule), _ -> new long[more.length]), more);
                }
            });
            return total;
        }

        private String text(TrafficLabels labels, MetricRules.Rule rule) {
            return rule.removed().isEmpty() && rule.added().isEmpty()
                    ? plain.computeIfAbsent(labels, key -> key.text(own))
                    : labels.text(own, rule);
        }
    }

    private static void add(long[] total, long[] more) {
        for (int i = 0; i < total.length; i++) {
            total[i] += more[i];
        }
    }

    /** What was cut: calls that are told of as {@code other}, and those of which that is so but for their number. */
    private static void cut(StringBuilder text, SeriesBudget budget, long withoutHistograms) {
        type(text, "lateen_telemetry_series", "gauge");
        text.append("lateen_telemetry_series ").append(budget.used()).append('\n');
        type(text, "lateen_telemetry_series_limit", "gauge");
        text.append("lateen_telemetry_series_limit ").append(budget.limit()).append('\n');
        type(text, "lateen_telemetry_cut_total", "counter");
        text.append("lateen_telemetry_cut_total{what=\"all\"} ")
                .append(budget.cut())
                .append('\n');
        text.append("lateen_telemetry_cut_total{what=\"histograms\"} ")
                .append(withoutHistograms)
                .append('\n');
    }

    private static void counter(StringBuilder text, String metric, Map<String, long[]> all, int index) {
        String name = PREFIX + metric;
        type(text, name, "counter");
        all.forEach((labels, values) -> text.append(name)
                .append('{')
                .append(labels)
                .append("} ")
                .append(values[index])
                .append('\n'));
    }

    private static void histogram(
            StringBuilder text,
            String metric,
            Names names,
            Map<TrafficLabels, Requests> requests,
            Function<Requests, long[]> counts) {
        String name = PREFIX + metric;
        type(text, name, "histogram");
        names.total(metric, requests, counts).forEach((labels, values) -> {
            String start = labels.isEmpty() ? "" : labels + ",";
            long cumulated = 0;
            for (int i = 0; i <= Histogram.BOUNDS.length; i++) {
                cumulated += values[i];
                text.append(name)
                        .append("_bucket{")
                        .append(start)
                        .append("le=\"")
                        .append(i == Histogram.BOUNDS.length ? "+Inf" : bound(Histogram.BOUNDS[i]))
                        .append("\"} ")
                        .append(cumulated)
                        .append('\n');
            }
            text.append(name).append("_sum{").append(labels).append("} ");
            text.append(values[values.length - 1]).append('\n');
            text.append(name).append("_count{").append(labels).append("} ");
            text.append(cumulated).append('\n');
        });
    }

    private static String bound(double bound) {
        return bound == Math.rint(bound) ? Long.toString((long) bound) : Double.toString(bound);
    }

    static void type(StringBuilder text, String name, String type) {
        text.append("# TYPE ").append(name).append(' ').append(type).append('\n');
    }

    private static final class Requests {
        private final long[] duration = Histogram.total();
        private final long[] received = Histogram.total();
        private final long[] sent = Histogram.total();
        private final long[] messages = new long[2];
        private long requests;
        private boolean whole;

        void add(RequestSeries series) {
            requests += series.requests();
            whole = series.whole();
            if (!whole) {
                return;
            }
            series.duration.addTo(duration);
            series.requestBytes.addTo(received);
            series.responseBytes.addTo(sent);
            series.addMessagesTo(messages);
        }
    }
}
