package dev.lateen.analysis;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;

/**
 * Tables out of a proxy's admin pages, ours or Envoy's: {@code /config_dump} (envoy.admin.v3.ConfigDump as JSON) and
 * {@code /clusters?format=json} (envoy.admin.v3.Clusters). Fields are named as in the proto files.
 */
public final class ConfigTables {
    private ConfigTables() {}

    /** The listeners of a dump: address, port, what each filter chain takes, and where it leads. */
    public static TextTable listeners(JsonNode dump) {
        TextTable table = new TextTable("ADDRESS", "PORT", "MATCH", "DESTINATION");
        Map<String, JsonNode> byName = new TreeMap<>();
        for (JsonNode each : section(dump, "ListenersConfigDump").path("dynamic_listeners")) {
            JsonNode listener = each.path("active_state").path("listener");
            byName.put(listener.path("name").asString(), listener);
        }
        for (JsonNode listener : byName.values()) {
            JsonNode socket = listener.path("address").path("socket_address");
            List<JsonNode> chains = new ArrayList<>();
            listener.path("filter_chains").forEach(chains::add);
            if (listener.has("default_filter_chain")) {
                chains.add(listener.path("default_filter_chain"));
            }
            for (JsonNode chain : chains) {
                table.row(
                        socket.path("address").asString(""),
                        socket.path("port_value").asString("0"),
                        match(chain.path("filter_chain_match")),
                        destination(chain));
            }
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

    /** The clusters of a dump: whose they are, how their endpoints are found, and the rule behind them. */
    public static TextTable clusters(JsonNode dump) {
        TextTable table = new TextTable("SERVICE FQDN", "PORT", "SUBSET", "DIRECTION", "TYPE", "DESTINATION RULE");
        Map<String, JsonNode> byName = new TreeMap<>();
        JsonNode section = section(dump, "ClustersConfigDump");
        section.path("static_clusters").forEach(c -> put(c, byName));
        section.path("dynamic_active_clusters").forEach(c -> put(c, byName));
        byName.forEach((name, cluster) -> {
            String[] parts = name.split("\\|", -1);
            boolean named = parts.length == 4;
            String type = cluster.path("type").asString("STATIC");
            table.row(
                    named ? parts[3] : name,
                    named ? parts[1] : "-",
                    named && !parts[2].isEmpty() ? parts[2] : "-",
                    named ? parts[0] : "-",
                    type,
                    rule(cluster.path("metadata")));
        });
        return table;
    }

    private static void put(JsonNode each, Map<String, JsonNode> byName) {
        JsonNode cluster = each.path("cluster");
        byName.put(cluster.path("name").asString(), cluster);
    }

    /** {@code name.namespace} of the object that the metadata names. */
    private static String rule(JsonNode metadata) {
        String path =
                metadata.path("filter_metadata").path("istio").path("config").asString("");
        String[] parts = path.split("/");
        return parts.length < 8 ? "" : parts[7] + "." + parts[5];
    }

    /** The route tables of a dump: virtual hosts, their domains, each route, and the rule behind it. */
    public static TextTable routes(JsonNode dump) {
        TextTable table = new TextTable("NAME", "VHOST NAME", "DOMAINS", "MATCH", "VIRTUAL SERVICE");
        Map<String, JsonNode> byName = new TreeMap<>();
        for (JsonNode each : section(dump, "RoutesConfigDump").path("dynamic_route_configs")) {
            JsonNode routes = each.path("route_config");
            byName.put(routes.path("name").asString(), routes);
        }
        byName.forEach((name, routes) -> {
            for (JsonNode host : routes.path("virtual_hosts")) {
                for (JsonNode route : host.path("routes")) {
                    table.row(
                            name,
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
        });
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

    /** The endpoints of {@code /clusters?format=json}: address, health, whether ejected, and of which cluster. */
    public static TextTable endpoints(JsonNode clusters) {
        TextTable table = new TextTable("ENDPOINT", "STATUS", "OUTLIER CHECK", "CLUSTER");
        for (JsonNode cluster : clusters.path("cluster_statuses")) {
            for (JsonNode host : cluster.path("host_statuses")) {
                JsonNode socket = host.path("address").path("socket_address");
                JsonNode health = host.path("health_status");
                table.row(
                        socket.path("address").asString() + ":"
                                + socket.path("port_value").asString(),
                        health.path("eds_health_status").asString("HEALTHY"),
                        health.path("failed_outlier_check").asBoolean(false) ? "FAILED" : "OK",
                        cluster.path("name").asString());
            }
        }
        return table;
    }

    /** One part of a dump by the name of its message; missing when the dump has none. */
    public static JsonNode section(JsonNode dump, String message) {
        for (JsonNode part : dump.path("configs")) {
            if (part.path("@type").asString("").endsWith("." + message)) {
                return part;
            }
        }
        return dump.path("no such part");
    }
}
