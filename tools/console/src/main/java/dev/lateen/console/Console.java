package dev.lateen.console;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.lateen.telemetry.MeshTraffic;
import dev.lateen.telemetry.MeshTraffic.Carried;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The web page: the map of calls, dashboards, rules. Read-only, without outside resources, under a strict content
 * security policy. It also answers where Istio's Grafana and servicegraph did.
 */
public final class Console implements AutoCloseable {
    private static final Duration WINDOW = Duration.ofMinutes(1);

    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final Source source;
    private final Landing landing;

    /** What {@code /} shows. */
    public enum Landing {
        MAP,
        DASHBOARDS
    }

    /**
     * Where its figures come from.
     *
     * @param traffic what was read of the proxies
     * @param state how reading went
     * @param rules the rules, as JSON
     */
    public record Source(MeshTraffic traffic, Supplier<MeshWatch.State> state, Supplier<String> rules) {
        /** From a cluster. */
        public static Source of(MeshTraffic traffic, MeshWatch watch, Rules rules) {
            return new Source(traffic, watch::state, rules::json);
        }
    }

    @SuppressWarnings("ArrayRecordComponent") // never compared as a record
    private record Answer(int status, String type, byte[] body) {
        static Answer text(int status, String type, String text) {
            return new Answer(status, type + "; charset=utf-8", text.getBytes(StandardCharsets.UTF_8));
        }

        static Answer json(String text) {
            return new Answer(200, "application/json", text.getBytes(StandardCharsets.UTF_8));
        }
    }

    /** Serves on this address until closed. */
    public Console(InetSocketAddress address, Source source, Landing landing) throws IOException {
        this.source = source;
        this.landing = landing;
        server = HttpServer.create(address, 0);
        server.setExecutor(threads);
        server.createContext("/", this::handle);
        server.start();
    }

    /** Where it listens. */
    public InetSocketAddress address() {
        return server.getAddress();
    }

    private Answer answer(String path) throws IOException {
        return switch (path) {
            case "/" -> page(landing == Landing.MAP ? "map" : "dashboards");
            case "/map", "/force/forcegraph.html" -> page("map");
            case "/dashboards", "/dashboard/db/istio-dashboard" -> page("dashboards");
            case "/rules" -> page("rules");
            case "/console.js" -> Answer.text(200, "text/javascript", resource("console.js"));
            case "/console.css" -> Answer.text(200, "text/css", resource("console.css"));
            case "/api/traffic" -> Answer.json(traffic());
            case "/api/rules" -> Answer.json(source.rules().get());
            case "/graph" -> Answer.json(Graph.json(edges()));
            case "/dotviz" -> Answer.text(200, "text/vnd.graphviz", Graph.dot(edges()));
            case "/healthz" -> Answer.text(200, "text/plain", "ok\n");
            default -> Answer.text(404, "text/plain", "no such page: " + path + "\n");
        };
    }

    private static Answer page(String name) throws IOException {
        return Answer.text(200, "text/html", resource("console.html").replace("${page}", name));
    }

    private List<Carried> edges() {
        return source.traffic().edges(WINDOW);
    }

    private String traffic() {
        MeshWatch.State state = source.state().get();
        ObjectNode json = JsonMapper.shared().createObjectNode();
        json.put("rounds", state.rounds()).put("proxies", state.proxies());
        json.put("leftOut", source.traffic().dropped());
        ArrayNode problems = json.putArray("problems");
        state.problems().forEach(problems::add);
        ArrayNode edges = json.putArray("edges");
        for (Carried carried : edges()) {
            MeshTraffic.Edge edge = carried.edge();
            ObjectNode one = edges.addObject()
                    .put("source", edge.source())
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
                    .put("mutualTls", carried.mutualTls());
            if (!Double.isNaN(carried.p50())) {
                one.put("p50", carried.p50()).put("p99", carried.p99());
            }
            ObjectNode codes = one.putObject("codes");
            carried.codes().forEach(codes::put);
        }
        return json.toString();
    }

    private static String resource(String name) throws IOException {
        try (InputStream in = Console.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IOException("the console's page " + name + " is missing from its jar");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            boolean get = exchange.getRequestMethod().equals("GET");
            Answer answer = get
                    ? answer(exchange.getRequestURI().getPath())
                    : Answer.text(405, "text/plain", "this page only shows\n");
            var fields = exchange.getResponseHeaders();
            fields.set("Content-Type", answer.type());
            fields.set("X-Content-Type-Options", "nosniff");
            fields.set("Cache-Control", "no-store");
            fields.set("Referrer-Policy", "no-referrer");
            fields.set(
                    "Content-Security-Policy",
                    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:;"
                            + " frame-ancestors 'none'; base-uri 'none'; form-action 'none'");
            if (!get) {
                fields.set("Allow", "GET");
            }
            exchange.sendResponseHeaders(answer.status(), answer.body().length);
            exchange.getResponseBody().write(answer.body());
        }
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
