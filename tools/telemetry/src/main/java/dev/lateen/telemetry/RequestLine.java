package dev.lateen.telemetry;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import java.util.TreeMap;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A request, or a connection that is only passed on and so has no method, as a proxy's page {@code /tap} shows it. Pure.
 *
 * @param fields by name, those of Istio's access log
 */
public record RequestLine(Map<String, String> fields) {
    /** Short names that may be given for long ones. */
    private static final Map<String, String> SHORT = Map.of(
            "status", "response_code",
            "flags", "response_flags",
            "host", "authority",
            "route", "route_name",
            "cluster", "upstream_cluster",
            "trace", "trace_id",
            "details", "response_code_details");

    public RequestLine {
        fields = java.util.Collections.unmodifiableMap(new TreeMap<>(fields));
    }

    /**
     * Which requests are wanted.
     *
     * @param field its name
     * @param value a text in which {@code *} stands for any
     */
    public record Match(String field, Pattern value) {
        /**
         * Reads {@code FIELD=VALUE}.
         *
         * @throws IllegalArgumentException when it is not that
         */
        public static Match parse(String text) {
            int equals = text.indexOf('=');
            if (equals <= 0) {
                throw new IllegalArgumentException("--match " + text + ": not FIELD=VALUE, such as status=5*");
            }
            String field = text.substring(0, equals);
            List<String> parts = new ArrayList<>();
            for (String part : text.substring(equals + 1).split("\\*", -1)) {
                parts.add(Pattern.quote(part));
            }
            return new Match(SHORT.getOrDefault(field, field), Pattern.compile(String.join(".*", parts)));
        }

        boolean takes(RequestLine line) {
            return value.matcher(line.field(field)).matches();
        }
    }

    /**
     * Reads a line of the page.
     *
     * @throws IllegalArgumentException when it is none
     */
    public static RequestLine parse(String json) {
        try {
            Map<String, String> fields = new TreeMap<>();
            JsonMapper.shared()
                    .readTree(json)
                    .properties()
                    .forEach(field -> fields.put(field.getKey(), text(field.getValue())));
            return new RequestLine(fields);
        } catch (JacksonException e) {
            throw new IllegalArgumentException("not a line of a proxy's requests: " + json, e);
        }
    }

    private static String text(JsonNode node) {
        return node.isNull() ? "" : node.asString("");
    }

    /** The same with these fields too. */
    public RequestLine with(Map<String, String> more) {
        Map<String, String> all = new TreeMap<>(fields);
        all.putAll(more);
        return new RequestLine(all);
    }

    /** A field, or empty. */
    public String field(String name) {
        return fields.getOrDefault(name, "");
    }

    /** All fields as a JSON object. */
    public String json() {
        return JsonMapper.shared().writeValueAsString(fields);
    }

    /** Whether all of these take it. */
    public boolean matches(List<Match> wanted) {
        return wanted.stream().allMatch(match -> match.takes(this));
    }

    /** For people: one line without control characters. */
    @Override
    public String toString() {
        StringJoiner line = new StringJoiner(" ");
        String cluster = field("upstream_cluster");
        line.add(field("start_time").replaceFirst("^.*T", "").replaceFirst("Z$", ""));
        boolean inbound = cluster.startsWith("inbound")
                || cluster.equals("InboundPassthroughCluster")
                || !field("connection_termination_details").isEmpty(); // refused before it had a cluster
        line.add(inbound ? "in " : "out");
        if (field("method").isEmpty()) {
            line.add("connection to " + field("downstream_local_address"));
            line.add(field("bytes_received") + "B in").add(field("bytes_sent") + "B out");
        } else {
            line.add(field("response_code")).add(field("method")).add(field("authority") + field("path"));
        }
        line.add(field("duration") + "ms");
        add(line, "flags", field("response_flags"));
        add(
                line,
                "details",
                field("response_code_details").equals("via_upstream") ? "" : field("response_code_details"));
        add(line, "details", field("connection_termination_details"));
        add(line, "name", field("requested_server_name"));
        add(line, "route", field("route_name"));
        add(line, "cluster", cluster);
        add(line, "to", field("upstream_host"));
        add(line, "attempts", field("attempts").equals("1") ? "" : field("attempts"));
        add(line, "peer", field("peer"));
        add(line, "trace", field("trace_id"));
        add(line, "fault", field("fault"));
        return line.toString().replaceAll("\\p{Cntrl}", "?");
    }

    private static void add(StringJoiner line, String name, String value) {
        if (!value.isEmpty() && !value.equals("-")) {
            line.add(name + "=" + value);
        }
    }
}
