package dev.lateen.acceptance.behaviour;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A call and what must come of it. What is called is one of {@code get: HOST[:PORT]/PATH} (or another method),
 * {@code tcp: HOST:PORT}, {@code tls: HOST:PORT}; or, for what no caller can see, {@code xds: NAME}: the resources of this
 * name that the sidecar gets. {@code apply: {…}} calls nobody: it puts these objects in the place of those that have
 * their names, as {@code given} writes them.
 *
 * @param via {@code app} (the captured app of pod client), {@code inbound} (a caller outside the mesh calls the pod),
 *     {@code gateway}, or {@code socket} (somebody whose connections nobody captures calls the address in {@code to})
 * @param host of the Host field, or the server name of TLS
 * @param to the address called, empty to look the host up in {@link World}
 * @param headers of the request
 * @param times how often
 * @param parallel how many of them at a time
 * @param keep all of them on one connection
 * @param pause milliseconds before the step, for what comes with time
 * @param gap milliseconds between calls on one connection
 * @param announced the address that the connection begins to tell of by the PROXY protocol; empty for none
 * @param expected what must come of it, by key; see {@link Verdict}
 * @param objects that are applied, empty for a call
 */
record Step(
        String method,
        String via,
        String host,
        int port,
        String path,
        String to,
        Map<String, String> headers,
        String body,
        int times,
        int parallel,
        boolean keep,
        int pause,
        int gap,
        String announced,
        Map<String, JsonNode> expected,
        List<ObjectNode> objects) {
    private static final Set<String> METHODS =
            Set.of("get", "head", "put", "post", "delete", "options", "patch", "tcp", "tls", "xds");
    private static final Set<String> CALL =
            Set.of("via", "to", "headers", "body", "times", "parallel", "keep", "sni", "pause", "gap", "announced");
    private static final Set<String> EXPECTED = Set.of(
            "status",
            "statuses",
            "from",
            "arrives",
            "answers",
            "text",
            "ms",
            "copies",
            "closed",
            "connections",
            "each",
            "slowest",
            "log");
    private static final Pattern URL = Pattern.compile("([^:/]*)(?::([0-9]+))?(/.*)?");

    static Step read(JsonNode node) {
        if (node.has("apply")) {
            List<ObjectNode> objects = Behaviour.objects(node.path("apply"));
            int pause = node.path("pause").asInt(0);
            return new Step("apply", "", "", 0, "", "", Map.of(), "", 1, 1, false, pause, 0, "", Map.of(), objects);
        }
        String method = "";
        String url = "";
        Map<String, JsonNode> expected = new java.util.LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> entry : node.properties()) {
            String key = entry.getKey();
            if (METHODS.contains(key)) {
                method = key;
                url = entry.getValue().asString();
            } else if (EXPECTED.contains(key)) {
                expected.put(key, entry.getValue());
            } else if (!CALL.contains(key)) {
                throw new IllegalStateException("unknown key " + key + " of a step");
            }
        }
        if (method.equals("xds")) {
            return new Step(method, "", url, 0, "", "", Map.of(), "", 1, 1, false, 0, 0, "", expected, List.of());
        }
        Matcher parts = URL.matcher(url);
        if (method.isEmpty() || !parts.matches()) {
            throw new IllegalStateException("a step without a call: " + node);
        }
        Map<String, String> headers = new java.util.LinkedHashMap<>();
        node.path("headers").properties().forEach(e -> headers.put(e.getKey(), text(e.getValue())));
        int times = node.path("times").asInt(1);
        String host = parts.group(1);
        String port = parts.group(2);
        return new Step(
                method,
                node.path("via").asString("app"),
                node.path("sni").asString(host),
                port == null ? 80 : Integer.parseInt(port),
                parts.group(3) == null ? "/" : parts.group(3),
                node.path("to").asString(World.address(host)),
                headers,
                text(node.path("body")),
                times,
                node.path("parallel").asInt(1),
                node.path("keep").asBoolean(false),
                node.path("pause").asInt(0),
                node.path("gap").asInt(0),
                node.path("announced").asString(""),
                expected,
                List.of());
    }

    static String text(JsonNode node) {
        return node.isMissingNode() || node.isNull() ? "" : node.isString() ? node.stringValue() : node.toString();
    }

    /** The address to connect to and the caller's. */
    String target() {
        return switch (via) {
            case "gateway" -> World.GATEWAY;
            case "inbound" -> World.CLIENT;
            default -> to;
        };
    }

    String source() {
        return via.equals("app") ? World.CLIENT : to.startsWith("127.") ? to : World.PEER;
    }

    /** What the Host field says. */
    String authority() {
        return port == 80 ? host : host + ":" + port;
    }

    @Nullable
    JsonNode expected(String key) {
        return expected.get(key);
    }

    /** Texts of a list, or of a single value. */
    static List<String> list(JsonNode node) {
        List<String> texts = new ArrayList<>();
        if (node.isArray()) {
            node.forEach(n -> texts.add(text(n)));
        } else {
            texts.add(text(node));
        }
        return texts;
    }

    @Override
    public String toString() {
        return method + " " + host + ":" + port + path + (headers.isEmpty() ? "" : " " + headers);
    }
}
