package dev.lateen.analysis;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Calls to something that no Service and no ServiceEntry has: let out as they were, or refused.
 *
 * @param namespace of the workload that called
 * @param source that workload
 * @param host as it was called, in lower case: a name or an address
 * @param port as it was called
 * @param protocol what was spoken, as far as the proxy saw
 * @param refused whether the mesh kept it in
 * @param calls requests or connections
 */
public record Outgoing(
        String namespace, String source, String host, int port, Protocol protocol, boolean refused, long calls) {
    /** Clusters of a proxy that stand for what it does not know. */
    public static final String REFUSED = "BlackHoleCluster";

    public static final String LET_OUT = "PassthroughCluster";

    private static final int HTTP_PORT = 80;

    /** The end of a line of Istio's access log for a connection, from the cluster on. */
    private static final Pattern LINE = Pattern.compile(
            "^\\[\\S+] \"- \\S* ?-\" .* (" + REFUSED + "|" + LET_OUT + ") \\S+ (\\S+):(\\d+) \\S+ (\\S+) \\S+$");

    /** What was spoken. */
    public enum Protocol {
        HTTP,
        TLS,
        TCP
    }

    /**
     * Requests, as a metric counts them.
     *
     * @param authority as the caller wrote it, perhaps with a port
     * @param cluster {@link #REFUSED} or {@link #LET_OUT}
     */
    public static Outgoing http(String namespace, String source, String authority, String cluster, long calls) {
        Matcher port = Pattern.compile("^(.*?):(\\d{1,5})$").matcher(authority);
        boolean told =
                port.matches() && (!port.group(1).contains(":") || port.group(1).endsWith("]"));
        String host = (told ? port.group(1) : authority).replace("[", "").replace("]", "");
        return new Outgoing(
                namespace,
                source,
                host.toLowerCase(Locale.ROOT),
                told ? Integer.parseInt(port.group(2)) : HTTP_PORT,
                Protocol.HTTP,
                cluster.equals(REFUSED),
                calls);
    }

    /**
     * The connection of a line of a proxy's access log, in Istio's text or as JSON with its names; null when the line is
     * none, or of something that the mesh knows.
     */
    public static @Nullable Outgoing connection(String namespace, String source, String line) {
        if (line.startsWith("{")) {
            return json(namespace, source, line);
        }
        Matcher text = LINE.matcher(line);
        return text.matches()
                ? connection(namespace, source, text.group(1), text.group(2), text.group(3), text.group(4))
                : null;
    }

    private static @Nullable Outgoing json(String namespace, String source, String line) {
        JsonNode json;
        try {
            json = JsonMapper.shared().readTree(line);
        } catch (JacksonException e) {
            return null; // an app's own line
        }
        String cluster = json.path("upstream_cluster").asString("");
        String address = json.path("downstream_local_address").asString("");
        int colon = address.lastIndexOf(':');
        boolean unknown = cluster.equals(REFUSED) || cluster.equals(LET_OUT);
        return unknown && json.path("method").asString("").isEmpty() && colon > 0
                ? connection(
                        namespace,
                        source,
                        cluster,
                        address.substring(0, colon),
                        address.substring(colon + 1),
                        json.path("requested_server_name").asString("-"))
                : null;
    }

    private static Outgoing connection(
            String namespace, String source, String cluster, String address, String port, String name) {
        boolean named = !name.isEmpty() && !name.equals("-");
        return new Outgoing(
                namespace,
                source,
                named ? name.toLowerCase(Locale.ROOT) : address.replaceAll("[\\[\\]]", ""),
                Integer.parseInt(port),
                named ? Protocol.TLS : Protocol.TCP,
                cluster.equals(REFUSED),
                1);
    }

    /** One for each kind of call, with the sum of its calls; in the order of their first ones. */
    static List<Outgoing> sums(List<Outgoing> all) {
        Map<Outgoing, Long> sums = new LinkedHashMap<>();
        all.forEach(each -> sums.merge(each.withCalls(0), each.calls, Long::sum));
        return sums.entrySet().stream()
                .map(each -> each.getKey().withCalls(each.getValue()))
                .toList();
    }

    private Outgoing withCalls(long number) {
        return new Outgoing(namespace, source, host, port, protocol, refused, number);
    }
}
