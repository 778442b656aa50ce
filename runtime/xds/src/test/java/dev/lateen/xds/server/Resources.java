package dev.lateen.xds.server;

import static dev.lateen.xds.ResourceType.CLUSTER;
import static dev.lateen.xds.ResourceType.ENDPOINT;
import static dev.lateen.xds.ResourceType.LISTENER;
import static dev.lateen.xds.ResourceType.ROUTE;

import com.google.protobuf.Message;
import com.google.protobuf.StringValue;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Resource sets and wire messages as text: {@code "CDS a=1 b=1; EDS a=1"}. {@code EDS a=[x,y]} is an assignment with these
 * endpoints, whose content is told by its name.
 */
final class Resources {
    private static final Map<String, String> URLS =
            Map.of("CDS", CLUSTER, "EDS", ENDPOINT, "LDS", LISTENER, "RDS", ROUTE, "", "");
    private static final ResourceEncoder ENCODER = new ResourceEncoder();
    private static long generation;

    private Resources() {}

    static String url(String type) {
        return URLS.getOrDefault(type, type);
    }

    static String type(String url) {
        return URLS.entrySet().stream()
                .filter(entry -> entry.getValue().equals(url))
                .map(Map.Entry::getKey)
                .findFirst()
                .orElse(url);
    }

    static ResourceSet set(String text) {
        Map<String, Map<String, Message>> types = new LinkedHashMap<>();
        for (String part : text.split(";")) {
            String[] words = part.strip().split(" ");
            Map<String, Message> resources = new LinkedHashMap<>();
            Arrays.stream(words)
                    .skip(1)
                    .map(word -> word.split("="))
                    .forEach(pair -> resources.put(pair[0], message(pair[0], pair[1])));
            types.put(url(words[0]), resources);
        }
        return ENCODER.encode(types, ++generation);
    }

    private static Message message(String name, String content) {
        if (!content.startsWith("[")) {
            return StringValue.of(content);
        }
        ClusterLoadAssignment.Builder assignment =
                ClusterLoadAssignment.newBuilder().setClusterName(name);
        String hosts = content.substring(1, content.length() - 1);
        for (String host : hosts.isEmpty() ? new String[0] : hosts.split(",")) {
            assignment
                    .addEndpointsBuilder()
                    .addLbEndpointsBuilder()
                    .getEndpointBuilder()
                    .getAddressBuilder()
                    .getSocketAddressBuilder()
                    .setAddress(host);
        }
        return assignment.build();
    }

    static String version(String type, String name, String content) {
        return java.util.Objects.requireNonNull(
                        set(type + " " + name + "=" + content).of(url(type)).get(name))
                .version();
    }

    static String join(Iterable<String> names) {
        return java.util.stream.StreamSupport.stream(names.spliterator(), false)
                .sorted()
                .collect(Collectors.joining(" "));
    }
}
