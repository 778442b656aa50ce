package dev.lateen.console;

import dev.lateen.telemetry.Carried;
import dev.lateen.telemetry.Edge;
import dev.lateen.telemetry.MeshTraffic;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** What was carried, as JSON. Any thread. */
final class TrafficPages {
    private final MeshTraffic traffic;
    private final Supplier<MeshWatch.State> state;
    private final Duration window;

    TrafficPages(MeshTraffic traffic, Supplier<MeshWatch.State> state, Duration window) {
        this.traffic = traffic;
        this.state = state;
        this.window = window;
    }

    /** All edges as of now, or as of {@code at} in milliseconds of the epoch. */
    String traffic(Map<String, String> query) {
        MeshWatch.State now = state.get();
        ObjectNode json = JsonMapper.shared().createObjectNode();
        json.put("rounds", now.rounds()).put("proxies", now.proxies()).put("leftOut", traffic.dropped());
        traffic.oldest().ifPresent(oldest -> json.put("oldest", oldest.toEpochMilli()));
        ArrayNode problems = json.putArray("problems");
        now.problems().forEach(problems::add);
        long at = Query.number(query, "at", 0, Long.MAX_VALUE, -1);
        ArrayNode edges = json.putArray("edges");
        (at < 0 ? traffic.edges(window) : traffic.edges(Instant.ofEpochMilli(at), window))
                .forEach(carried -> add(edges.addObject(), carried, now.gateways()));
        return json.toString();
    }

    private static void add(ObjectNode json, Carried carried, Set<String> gateways) {
        Edge edge = carried.edge();
        json.put("source", edge.source())
                .put("sourceNamespace", edge.sourceNamespace())
                .put("fromGateway", gateways.contains(edge.sourceNamespace() + "/" + edge.source()))
                .put("service", edge.service())
                .put("workload", edge.workload())
                .put("namespace", edge.workloadNamespace())
                .put("version", edge.version())
                .put("protocol", edge.protocol())
                .put("total", carried.total())
                .put("failed", carried.failed())
                .put("perSecond", carried.perSecond())
                .put("failedPerSecond", carried.failedPerSecond())
                .put("mutualTls", carried.mutualTls())
                .put("plain", carried.plain());
        if (!Double.isNaN(carried.p50())) {
            json.put("p50", carried.p50()).put("p99", carried.p99());
        }
        ObjectNode codes = json.putObject("codes");
        carried.codes().forEach(codes::put);
    }

    /**
     * {@link ChartData} of the last {@code seconds}, of all edges or of those with this {@code service}, {@code workload}
     * or {@code source}: requests per second, those that failed, and those that their receivers saw under mutual TLS and
     * in plain text; durations in milliseconds; sizes of requests and responses in bytes.
     */
    String series(Map<String, String> query) {
        String service = query.getOrDefault("service", "");
        String workload = query.getOrDefault("workload", "");
        String source = query.getOrDefault("source", "");
        Predicate<Edge> kind = edge -> !edge.protocol().equals("tcp")
                && (service.isEmpty() || service.equals(edge.service()))
                && (workload.isEmpty() || workload.equals(edge.workload()))
                && (source.isEmpty() || source.equals(edge.source()));
        ChartData chart = new ChartData(
                "perSecond",
                "failedPerSecond",
                "securedPerSecond",
                "plainPerSecond",
                "p50",
                "p99",
                "requestP50",
                "requestP99",
                "responseP50",
                "responseP99");
        for (MeshTraffic.Point point : traffic.series(kind, ChartData.length(query), ChartData.POINTS)) {
            chart.add(
                    point.end(),
                    point.perSecond(),
                    point.failedPerSecond(),
                    point.securedPerSecond(),
                    point.plainPerSecond(),
                    point.duration().p50(),
                    point.duration().p99(),
                    point.requestBytes().p50(),
                    point.requestBytes().p99(),
                    point.responseBytes().p50(),
                    point.responseBytes().p99());
        }
        return chart.json();
    }

    /** Who talked to whom under which identity, and requests so far: {@code {"identities":[…]}}. */
    String identities() {
        ObjectNode json = JsonMapper.shared().createObjectNode();
        ArrayNode array = json.putArray("identities");
        traffic.identities().forEach((identity, requests) -> array.addObject()
                .put("source", identity.source())
                .put("sourceNamespace", identity.sourceNamespace())
                .put("sourcePrincipal", identity.sourcePrincipal())
                .put("workload", identity.workload())
                .put("namespace", identity.workloadNamespace())
                .put("principal", identity.principal())
                .put("service", identity.service())
                .put("policy", identity.policy())
                .put("requests", requests));
        return json.toString();
    }
}
