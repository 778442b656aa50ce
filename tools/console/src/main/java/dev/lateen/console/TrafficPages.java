package dev.lateen.console;

import dev.lateen.telemetry.Carried;
import dev.lateen.telemetry.Edge;
import dev.lateen.telemetry.MeshTraffic;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.Supplier;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** What was carried, as JSON. Any thread. */
final class TrafficPages {
    private static final int POINTS = 60;
    private static final long LONGEST = Duration.ofHours(6).toSeconds();

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
                .forEach(carried -> add(edges.addObject(), carried));
        return json.toString();
    }

    private static void add(ObjectNode json, Carried carried) {
        Edge edge = carried.edge();
        json.put("source", edge.source())
                .put("sourceNamespace", edge.sourceNamespace())
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
     * {@code {"time":[…],"perSecond":[…],"failedPerSecond":[…],"p50":[…],"p99":[…]}} of the last {@code seconds}, of all
     * edges or of those with this {@code service}, {@code workload} or {@code source}. Times are seconds of the epoch.
     */
    String series(Map<String, String> query) {
        Duration length = Duration.ofSeconds(Query.number(query, "seconds", POINTS, LONGEST, 300));
        String service = query.getOrDefault("service", "");
        String workload = query.getOrDefault("workload", "");
        String source = query.getOrDefault("source", "");
        Predicate<Edge> kind = edge -> !edge.protocol().equals("tcp")
                && (service.isEmpty() || service.equals(edge.service()))
                && (workload.isEmpty() || workload.equals(edge.workload()))
                && (source.isEmpty() || source.equals(edge.source()));
        ObjectNode json = JsonMapper.shared().createObjectNode();
        ArrayNode time = json.putArray("time");
        ArrayNode perSecond = json.putArray("perSecond");
        ArrayNode failed = json.putArray("failedPerSecond");
        ArrayNode p50 = json.putArray("p50");
        ArrayNode p99 = json.putArray("p99");
        for (MeshTraffic.Point point : traffic.series(kind, length, POINTS)) {
            time.add(point.end().toEpochMilli() / 1000.0);
            perSecond.add(point.perSecond());
            failed.add(point.failedPerSecond());
            number(p50, point.p50());
            number(p99, point.p99());
        }
        return json.toString();
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

    private static void number(ArrayNode array, double number) {
        if (Double.isNaN(number)) {
            array.addNull();
        } else {
            array.add(number);
        }
    }
}
