package dev.lateen.analysis;

import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** Tables of what {@link ConfigDump} finds, in the columns of {@code istioctl proxy-config}. */
public final class ConfigTables {
    private ConfigTables() {}

    /** Address, port, what each filter chain takes, and where it leads. */
    public static TextTable listeners(List<JsonNode> listeners) {
        TextTable table = new TextTable("ADDRESS", "PORT", "MATCH", "DESTINATION");
        for (JsonNode listener : listeners) {
            JsonNode socket = listener.path("address").path("socket_address");
            for (JsonNode chain : ConfigDump.chains(listener)) {
                table.row(
                        socket.path("address").asString(""),
                        socket.path("port_value").asString("0"),
                        match(chain.path("filter_chain_match")),
                        destination(chain));
            }
        }
        return table;
    }

    /**
     * What connections turned out to speak where no rule says it.
     *
     * @param page of our proxy's admin interface, {@code /protocols?format=json}
     */
    public static TextTable protocols(JsonNode page) {
        TextTable table = new TextTable("LISTENER", "DESTINATION", "PROTOCOL", "CONNECTIONS");
        for (JsonNode each : page.path("protocols")) {
            table.row(
                    each.path("listener").asString(""),
                    each.path("destination").asString(""),
                    each.path("protocol").asString(""),
                    Long.toString(each.path("connections").asLong(0)));
        }
        return table;
    }

    private static String match(JsonNode match) {
        List<String> parts = new ArrayList<>();
        if (match.has("transport_protocol")) {
            parts.add("Trans: " + match.path("transport_protocol").asString());
        }
        list(match.path("application_protocols"), "App: ", parts);
        list(match.path("server_names"), "SNI: ", parts);
        List<String> ranges = new ArrayList<>();
        match.path("prefix_ranges")
                .forEach(range -> ranges.add(range.path("address_prefix").asString() + "/"
                        + range.path("prefix_len").asString("0")));
        if (!ranges.isEmpty()) {
            parts.add("Addr: " + String.join(",", ranges));
        }
        if (match.has("destination_port")) {
            parts.add("Port: " + match.path("destination_port").asString());
        }
        return parts.isEmpty() ? "ALL" : String.join("; ", parts);
    }

    private static void list(JsonNode values, String title, List<String> parts) {
        List<String> texts = new ArrayList<>();
        values.forEach(value -> texts.add(value.asString()));
        if (!texts.isEmpty()) {
            parts.add(title + String.join(",", texts));
        }
    }

    private static String destination(JsonNode chain) {
        for (JsonNode filter : chain.path("filters")) {
            JsonNode config = filter.path("typed_config");
            if (config.has("rds")) {
                return "Route: " + config.path("rds").path("route_config_name").asString();
            }
            if (config.has("route_config")) {
                return "Inline Route: "
                        + config.path("route_config").path("name").asString();
            }
            if (config.has("cluster")) {
                return "Cluster: " + config.path("cluster").asString();
            }
            if (config.has("weighted_clusters")) {
                List<String> names = new ArrayList<>();
                config.path("weighted_clusters")
                        .path("clusters")
                        .forEach(c -> names.add(c.path("name").asString() + " "
                                + c.path("weight").asString()));
                return "Clusters: " + String.join(", ", names);
            }
        }
        return "Non-HTTP/Non-TCP";
    }

    /** Whose they are, how their endpoints are found, and the rule behind them. */
    public static TextTable clusters(List<JsonNode> clusters) {
        TextTable table = new TextTable("SERVICE FQDN", "PORT", "SUBSET", "DIRECTION", "TYPE", "DESTINATION RULE");
        for (JsonNode cluster : clusters) {
            ClusterName name = ClusterName.of(cluster.path("name").asString());
            table.row(
                    name.host(),
                    orDash(name.port()),
                    orDash(name.subset()),
                    orDash(name.direction()),
                    cluster.path("type").asString("STATIC"),
                    rule(cluster.path("metadata")));
        }
        return table;
    }

    private static String orDash(String text) {
        return text.isEmpty() ? "-" : text;
    }

    /** {@code name.namespace} of the object that the metadata names. */
    private static String rule(JsonNode metadata) {
        String path =
                metadata.path("filter_metadata").path("istio").path("config").asString("");
        String[] parts = path.split("/");
        return parts.length < 8 ? "" : parts[7] + "." + parts[5];
    }

    /** Virtual hosts, their domains, each route, and the rule behind it. */
    public static TextTable routes(List<JsonNode> tables) {
        TextTable table = new TextTable("NAME", "VHOST NAME", "DOMAINS", "MATCH", "VIRTUAL SERVICE");
        for (JsonNode routes : tables) {
            for (JsonNode host : routes.path("virtual_hosts")) {
                for (JsonNode route : host.path("routes")) {
                    table.row(
                            routes.path("name").asString(),
                            host.path("name").asString(),
                            domains(host.path("domains")),
                            path(route.path("match")),
                            route.path("direct_response").isMissingNode()
                                    ? rule(route.path("metadata"))
                                    : "-> "
                                            + route.path("direct_response")
                                                    .path("status")
                                                    .asString());
                }
            }
        }
        return table;
    }

    private static String domains(JsonNode domains) {
        int more = domains.size() - 2;
        List<String> first = new ArrayList<>();
        for (int i = 0; i < Math.min(2, domains.size()); i++) {
            first.add(domains.get(i).asString());
        }
        return String.join(", ", first) + (more > 0 ? " + " + more + " more..." : "");
    }

    private static String path(JsonNode match) {
        if (match.has("path")) {
            return match.path("path").asString();
        }
        if (match.has("safe_regex")) {
            return "regex " + match.path("safe_regex").path("regex").asString();
        }
        return match.path("prefix").asString("") + "*";
    }

    /** As Envoy writes addresses; those of sockets in the file system begin with {@code unix://}. */
    private static String address(JsonNode address) {
        JsonNode socket = address.path("socket_address");
        return address.has("pipe")
                ? "unix://" + address.path("pipe").path("path").asString("")
                : socket.path("address").asString("") + ":"
                        + socket.path("port_value").asString("0");
    }

    /** Address, health, whether ejected, and of which cluster. */
    public static TextTable endpoints(List<JsonNode> clusters) {
        TextTable table = new TextTable("ENDPOINT", "STATUS", "OUTLIER CHECK", "CLUSTER");
        for (JsonNode cluster : clusters) {
            for (JsonNode host : cluster.path("host_statuses")) {
                JsonNode health = host.path("health_status");
                table.row(
                        address(host.path("address")),
                        ConfigDump.health(host),
                        health.path("failed_outlier_check").asBoolean(false) ? "FAILED" : "OK",
                        cluster.path("name").asString());
            }
        }
        return table;
    }
}
