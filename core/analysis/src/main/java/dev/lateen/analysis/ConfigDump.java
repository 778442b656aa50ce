package dev.lateen.analysis;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Resources out of a proxy's admin pages, ours or Envoy's: {@code /config_dump} (envoy.admin.v3.ConfigDump as JSON) and
 * {@code /clusters?format=json} (envoy.admin.v3.Clusters). Fields are named as in the proto files. Pure.
 */
public final class ConfigDump {
    private ConfigDump() {}

    /**
     * Listeners that are looked for.
     *
     * @param address empty for any
     * @param port 0 for any
     * @param type {@code HTTP}, {@code TCP} or {@code HTTP+TCP}, by what the filter chains speak; empty for any
     */
    public record ListenerFilter(String address, int port, String type) implements Predicate<JsonNode> {
        @Override
        public boolean test(JsonNode listener) {
            JsonNode socket = listener.path("address").path("socket_address");
            return matches(address, socket.path("address").asString(""))
                    && (port == 0 || socket.path("port_value").asInt(0) == port)
                    && (type.isEmpty() || type(listener).equalsIgnoreCase(type));
        }

        private static String type(JsonNode listener) {
            boolean http = false;
            boolean tcp = false;
            for (JsonNode chain : chains(listener)) {
                for (JsonNode filter : chain.path("filters")) {
                    JsonNode config = filter.path("typed_config");
                    http |= config.has("rds") || config.has("route_config");
                    tcp |= config.has("cluster") || config.has("weighted_clusters");
                }
            }
            return http && tcp ? "HTTP+TCP" : http ? "HTTP" : tcp ? "TCP" : "UNKNOWN";
        }
    }

    /**
     * Clusters that are looked for; the empty text and 0 mean any.
     *
     * @param direction {@code inbound} or {@code outbound}
     */
    public record ClusterFilter(String host, int port, String subset, String direction) implements Predicate<JsonNode> {
        @Override
        public boolean test(JsonNode cluster) {
            ClusterName name = ClusterName.of(cluster.path("name").asString());
            return matches(host, name.host())
                    && (port == 0 || Integer.toString(port).equals(name.port()))
                    && matches(subset, name.subset())
                    && matches(direction, name.direction());
        }
    }

    /**
     * Endpoints that are looked for; the empty text and 0 mean any.
     *
     * @param cluster whole name of the cluster
     * @param status as {@code HEALTHY}, in any case
     */
    public record EndpointFilter(String address, int port, String cluster, String status)
            implements Predicate<JsonNode> {
        @Override
        public boolean test(JsonNode host) {
            JsonNode socket = host.path("address").path("socket_address");
            return matches(address, socket.path("address").asString(""))
                    && (port == 0 || socket.path("port_value").asInt(0) == port)
                    && (status.isEmpty() || health(host).equalsIgnoreCase(status));
        }
    }

    /** The listeners in force, by name; those that an Envoy was started with among them. */
    public static List<JsonNode> listeners(JsonNode dump, ListenerFilter filter) {
        Map<String, JsonNode> byName = new TreeMap<>();
        JsonNode section = section(dump, "ListenersConfigDump");
        section.path("static_listeners").forEach(each -> put(each.path("listener"), byName));
        section.path("dynamic_listeners")
                .forEach(each -> put(each.path("active_state").path("listener"), byName));
        return byName.values().stream().filter(filter).toList();
    }

    /** The clusters in force, by name. */
    public static List<JsonNode> clusters(JsonNode dump, ClusterFilter filter) {
        Map<String, JsonNode> byName = new TreeMap<>();
        JsonNode section = section(dump, "ClustersConfigDump");
        section.path("static_clusters").forEach(each -> put(each.path("cluster"), byName));
        section.path("dynamic_active_clusters").forEach(each -> put(each.path("cluster"), byName));
        return byName.values().stream().filter(filter).toList();
    }

    /**
     * The route tables in force, by name.
     *
     * @param wanted name of the only one that is looked for; empty for all
     */
    public static List<JsonNode> routes(JsonNode dump, String wanted) {
        Map<String, JsonNode> byName = new TreeMap<>();
        section(dump, "RoutesConfigDump")
                .path("dynamic_route_configs")
                .forEach(each -> put(each.path("route_config"), byName));
        return byName.values().stream()
                .filter(routes -> matches(wanted, routes.path("name").asString()))
                .toList();
    }

    /** The clusters of {@code /clusters?format=json}, each with the endpoints that are looked for; those without none left out. */
    public static List<JsonNode> endpoints(JsonNode clusters, EndpointFilter filter) {
        List<JsonNode> chosen = new ArrayList<>();
        for (JsonNode cluster : clusters.path("cluster_statuses")) {
            ArrayNode hosts = JsonNodeFactory.instance.arrayNode();
            cluster.path("host_statuses").valueStream().filter(filter).forEach(hosts::add);
            if (!hosts.isEmpty()
                    && matches(filter.cluster(), cluster.path("name").asString())) {
                ObjectNode copy = ((ObjectNode) cluster).deepCopy();
                copy.set("host_statuses", hosts);
                chosen.add(copy);
            }
        }
        return chosen;
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

    /** The filter chains of a listener, the one for all else last. */
    static Collection<JsonNode> chains(JsonNode listener) {
        List<JsonNode> chains = new ArrayList<>();
        listener.path("filter_chains").forEach(chains::add);
        if (listener.has("default_filter_chain")) {
            chains.add(listener.path("default_filter_chain"));
        }
        return chains;
    }

    /** What the control plane says of an endpoint. */
    static String health(JsonNode host) {
        return host.path("health_status").path("eds_health_status").asString("HEALTHY");
    }

    /** One that is not in force yet is missing. */
    private static void put(JsonNode resource, Map<String, JsonNode> byName) {
        if (!resource.isMissingNode()) {
            byName.put(resource.path("name").asString(""), resource);
        }
    }

    private static boolean matches(String wanted, String found) {
        return wanted.isEmpty() || wanted.equals(found);
    }
}
