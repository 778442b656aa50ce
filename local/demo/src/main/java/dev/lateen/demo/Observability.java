package dev.lateen.demo;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Dashboards, traces and the map of calls, opened as the text opens them; what they show is what was sent. */
final class Observability implements Chapter {
    private static final int CALLS = 200;
    private static final int TURNS = 60;
    /** A UUID whose 9 says that the request is sampled: Envoy records spans of no other ids. */
    private static final String REQUEST = "00000000-0000-9000-8000-00000000de30";

    @Override
    public String name() {
        return "observability";
    }

    @Override
    public String title() {
        return "Dashboards, traces, graph";
    }

    @Override
    public void walk(Walk walk) throws IOException, InterruptedException, ChapterException {
        walk.scenery().needApps(walk);
        try (var _ = walk.background(Deviation.WAIT, forward("grafana", 3000));
                var _ = walk.background(Deviation.GRAPH, forward("servicegraph", 8088));
                var _ = walk.background(Deviation.GRAPH, forward("jaeger", 16686))) {
            page(walk, "the dashboards", "localhost:3000/dashboard/db/istio-dashboard", "data-page=\"dashboards\"");
            page(walk, "the graph", "localhost:8088/force/forcegraph.html", "data-page=\"map\"");
            page(walk, "tracing", "localhost:16686/zipkin/", "<title>");
            if (walk.scenery().envoy()) {
                walk.absent("figures of calls: a stock Envoy counts none by workload, it lacks Istio's statistics");
            } else {
                figures(walk);
            }
            trace(walk);
        }
    }

    private static String forward(String app, int port) {
        return "kubectl port-forward -n istio-system $(kubectl get pod -n istio-system -l app=" + app
                + " -o jsonpath='{.items[0].metadata.name}') " + port + ":" + port;
    }

    private static void page(Walk walk, String what, String address, String part)
            throws IOException, InterruptedException, ChapterException {
        Result page = walk.silently(
                "curl -sS --retry 30 --retry-delay 1 --retry-connrefused --retry-all-errors -m 60 http://" + address);
        walk.claim(what + ": http://" + address + " is there", page.out().contains(part), page.all());
    }

    /** Requests so far by edge {@code client → workload}. */
    private record Counts(long rounds, Map<String, Long> byEdge) {
        Map<String, Long> since(Counts before) {
            Map<String, Long> moved = new TreeMap<>();
            byEdge.forEach((edge, count) -> {
                long more = count - before.byEdge().getOrDefault(edge, 0L);
                if (more != 0) {
                    moved.put(edge, more);
                }
            });
            return moved;
        }
    }

    private static Counts counts(Walk walk, int port) throws IOException, InterruptedException, ChapterException {
        JsonNode traffic = json(walk, "http://localhost:" + port + "/api/traffic");
        Map<String, Long> counts = new TreeMap<>();
        for (JsonNode edge : traffic.path("edges")) {
            if (!edge.path("protocol").asString("").equals("tcp")) {
                counts.merge(
                        edge.path("source").asString("") + " → "
                                + edge.path("workload").asString(""),
                        edge.path("total").asLong(0),
                        Long::sum);
            }
        }
        return new Counts(traffic.path("rounds").asLong(0), counts);
    }

    /** What is shown after all proxies have been read anew: two rounds later, as one may be under way. */
    private static Counts later(Walk walk, int port) throws IOException, InterruptedException, ChapterException {
        long seen = counts(walk, port).rounds();
        Counts now = counts(walk, port);
        for (int turn = 0; turn < TURNS && now.rounds() < seen + 2; turn++) {
            walk.silently("sleep 1");
            now = counts(walk, port);
        }
        return now;
    }

    private static void figures(Walk walk) throws IOException, InterruptedException, ChapterException {
        Counts dashboardsBefore = later(walk, 3000);
        Counts mapBefore = later(walk, 8088);
        Result calls = Calls.web(walk, CALLS, "");
        Map<String, Long> sent = new TreeMap<>();
        for (int version : new int[] {1, 2}) {
            int answers = calls.count("^Version " + version + " ");
            if (answers > 0) {
                sent.put("client → myweb-deploy-v" + version, (long) answers);
            }
        }
        walk.claim(Claim.within("answers", CALLS, CALLS, calls.count("^Version [12] ")));
        Map<String, Long> shown = later(walk, 3000).since(dashboardsBefore);
        walk.claim(new Claim(
                "the dashboards show what was sent, by version",
                sent.toString(),
                shown.toString(),
                shown.equals(sent)));
        Set<String> edges = new TreeSet<>(later(walk, 8088).since(mapBefore).keySet());
        walk.claim(new Claim(
                "edges of the map that carried traffic",
                sent.keySet().toString(),
                edges.toString(),
                edges.equals(sent.keySet())));
        Set<String> drawn = new TreeSet<>();
        for (JsonNode edge : json(walk, "http://localhost:8088/graph").path("edges")) {
            drawn.add(edge.path("source").asString("") + " → "
                    + edge.path("target").asString(""));
        }
        walk.claim("the graph draws them", drawn.containsAll(sent.keySet()), drawn.toString());
    }

    private static void trace(Walk walk) throws IOException, InterruptedException, ChapterException {
        walk.run(
                Deviation.PROOF,
                "kubectl exec $clientPod -c client -- curl -s -H 'x-request-id: " + REQUEST + "' myweb-service");
        List<String> hops = List.of();
        for (int turn = 0; turn < TURNS && hops.size() < 2; turn++) {
            walk.silently("sleep 1");
            hops = hops(
                    json(walk, "http://localhost:16686/api/v2/traces?annotationQuery=guid:x-request-id=" + REQUEST));
        }
        List<String> expected = List.of("CLIENT client.default", "SERVER myweb.default under CLIENT client.default");
        walk.claim(new Claim(
                "the trace of one request has its hops in order",
                expected.toString(),
                hops.toString(),
                hops.equals(expected)));
    }

    /** The spans of the one trace in the order of their start, each with the one that caused it. */
    private static List<String> hops(JsonNode traces) {
        List<JsonNode> spans = new ArrayList<>();
        traces.forEach(trace -> trace.forEach(spans::add));
        spans.sort(Comparator.comparingLong(span -> span.path("timestamp").asLong(0)));
        Map<String, String> named = new TreeMap<>();
        spans.forEach(span -> named.put(
                span.path("id").asString(""),
                span.path("kind").asString("") + " "
                        + span.path("localEndpoint").path("serviceName").asString("")));
        return spans.stream()
                .map(span -> {
                    String parent = named.get(span.path("parentId").asString(""));
                    return named.get(span.path("id").asString("")) + (parent == null ? "" : " under " + parent);
                })
                .toList();
    }

    private static JsonNode json(Walk walk, String address) throws IOException, InterruptedException, ChapterException {
        String text = walk.silently("curl -sS -m 30 '" + address + "'").out();
        try {
            return new JsonMapper().readTree(text);
        } catch (JacksonException e) {
            throw new ChapterException(address + " is no JSON: " + text);
        }
    }
}
