package dev.lateen.console;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.lateen.telemetry.Carried;
import dev.lateen.telemetry.MeshTraffic;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The web page: the map of calls, dashboards, rules. Read-only, without outside resources, under a strict content
 * security policy. It also answers where Istio's Grafana and servicegraph did.
 */
public final class Console implements AutoCloseable {
    private static final Duration WINDOW = Duration.ofMinutes(1);

    /**
     * What is for those alone who may forward a port to this pod, or use its machine: single requests, refusals and rules.
     * Others show a token that says that they may. The figures of traffic are for everybody who reaches the page, as the
     * proxies' metrics are.
     */
    private static final Set<String> PRIVATE =
            Set.of("/api/requests", "/api/security", "/api/identities", "/api/rules");

    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final Source source;
    private final TrafficPages traffic;
    private final Landing landing;
    private final Authorizer authorizer;
    private final Library library = new Library();

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
     * @param control metrics of the control plane by series, as JSON
     * @param controlSeries some of them over time, as JSON, by the query of who asks
     * @param rules the rules, as JSON
     * @param requests requests as they end, as JSON, by the query of who asks
     * @param security certificates and refusals, as JSON
     */
    public record Source(
            MeshTraffic traffic,
            Supplier<MeshWatch.State> state,
            Supplier<String> control,
            Function<Map<String, String>, String> controlSeries,
            Supplier<String> rules,
            Function<Map<String, String>, String> requests,
            Supplier<String> security) {
        /** From a cluster. */
        public static Source of(
                MeshTraffic traffic, MeshWatch watch, Rules rules, Requests requests, Security security) {
            return new Source(
                    traffic,
                    watch::state,
                    watch::control,
                    watch::controlSeries,
                    rules::json,
                    requests::json,
                    security::json);
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

    /**
     * Serves on this address until closed.
     *
     * @param authorizer asked about who does not come from this machine
     */
    public Console(InetSocketAddress address, Source source, Landing landing, Authorizer authorizer)
            throws IOException {
        this.authorizer = authorizer;
        this.source = source;
        this.traffic = new TrafficPages(source.traffic(), source.state(), WINDOW);
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

    private Answer answer(String path, Map<String, String> query) throws IOException {
        return switch (path) {
            case "/" -> page(landing.name().toLowerCase(Locale.ROOT));
            case "/map", "/force/forcegraph.html" -> page("map");
            case "/dashboards", "/dashboard/db/istio-dashboard" -> page("dashboards");
            case "/requests" -> page("requests");
            case "/rules" -> page("rules");
            case "/security" -> page("security");
            case "/api/traffic" -> Answer.json(traffic.traffic(query));
            case "/api/series" -> Answer.json(traffic.series(query));
            case "/api/control" -> Answer.json(source.control().get());
            case "/api/control/series" -> Answer.json(source.controlSeries().apply(query));
            case "/api/requests" -> Answer.json(source.requests().apply(query));
            case "/api/identities" -> Answer.json(traffic.identities());
            case "/api/security" -> Answer.json(source.security().get());
            case "/api/rules" -> Answer.json(source.rules().get());
            case "/graph" -> Answer.json(Graph.json(edges()));
            case "/dotviz" -> Answer.text(200, "text/vnd.graphviz", Graph.dot(edges()));
            case "/healthz" -> Answer.text(200, "text/plain", "ok\n");
            default -> file(path);
        };
    }

    private Answer page(String name) throws IOException {
        return Answer.text(200, "text/html", library.own("console.html").replace("${page}", name));
    }

    private Answer file(String path) throws IOException {
        String text = library.file(path);
        return text == null
                ? Answer.text(404, "text/plain", "no such page: " + path + "\n")
                : Answer.text(200, path.endsWith(".css") ? "text/css" : "text/javascript", text);
    }

    private List<Carried> edges() {
        return source.traffic().edges(WINDOW);
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            boolean get = exchange.getRequestMethod().equals("GET");
            Answer answer = get ? answered(exchange) : Answer.text(405, "text/plain", "this page only shows\n");
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
            if (answer.status() == 401) {
                fields.set("WWW-Authenticate", "Basic realm=\"Lateen: a token as the password\", charset=\"UTF-8\"");
            }
            exchange.sendResponseHeaders(answer.status(), answer.body().length);
            exchange.getResponseBody().write(answer.body());
        }
    }

    private Answer answered(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getPath();
        try {
            Answer refusal = PRIVATE.contains(path) ? refusal(exchange) : null;
            return refusal == null ? answer(path, Query.of(exchange.getRequestURI())) : refusal;
        } catch (IllegalArgumentException e) {
            return Answer.text(400, "text/plain", e.getMessage() + "\n");
        }
    }

    /** Why somebody may not see what is private; null for who may. */
    private @Nullable Answer refusal(HttpExchange exchange) {
        var fields = exchange.getRequestHeaders();
        InetAddress caller = exchange.getRemoteAddress().getAddress();
        if (caller.isLoopbackAddress() && Credentials.isLoopback(fields.getFirst("Host"))) {
            return null;
        }
        String token = Credentials.token(fields.getFirst("Authorization"));
        try {
            return switch (token.isEmpty()
                    ? Authorizer.Verdict.NOT_KNOWN
                    : authorizer.of(token, caller.getHostAddress())) {
                case ALLOWED -> null;
                case TOO_MANY ->
                    Answer.text(
                            429,
                            "text/plain",
                            "too many tokens came from " + caller.getHostAddress() + "; try again later\n");
                case FORBIDDEN ->
                    Answer.text(
                            403,
                            "text/plain",
                            "this token is of somebody who may not create pods/portforward in istio-system\n");
                case NOT_KNOWN ->
                    Answer.text(
                            401,
                            "text/plain",
                            "shown through a port that was forwarded (lateen dashboard), or to who shows a token:"
                                    + " kubectl create token NAME --audience " + ClusterAuthorizer.AUDIENCE + "\n");
            };
        } catch (KubernetesClientException e) {
            return Answer.text(
                    503, "text/plain", "the cluster does not say whose token this is: " + e.getMessage() + "\n");
        }
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
