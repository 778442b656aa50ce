package dev.lateen.cluster.api;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** What a service must keep; pure, in the API's own words. */
final class ServiceRules {
    static final int FIRST_NODE_PORT = 30_000;
    static final int LAST_NODE_PORT = 32_767;
    private static final Set<String> TYPES = Set.of("ClusterIP", "ExternalName", "LoadBalancer", "NodePort");
    private static final String NO_ADDRESS = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";

    /** Neither a name nor one of the shorter forms of IPv4. */
    private static final Pattern ADDRESS = Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*");

    private static final Set<String> PROTOCOLS = Set.of("TCP", "UDP", "SCTP");

    private ServiceRules() {}

    static List<ApiException.Cause> problems(JsonNode spec, @Nullable JsonNode before) {
        List<ApiException.Cause> causes = new ArrayList<>();
        String type = spec.path("type").asString("");
        if (!TYPES.contains(type)) {
            causes.add(
                    unsupported(type, "\"ClusterIP\", \"ExternalName\", \"LoadBalancer\", \"NodePort\"", "spec.type"));
        }
        boolean headless = spec.path("clusterIP").asString("").equals("None");
        if (spec.path("ports").isEmpty() && !headless && !type.equals("ExternalName")) {
            causes.add(new ApiException.Cause("FieldValueRequired", "Required value", "spec.ports"));
        }
        if (type.equals("ExternalName")
                && spec.path("externalName").asString("").isEmpty()) {
            causes.add(new ApiException.Cause("FieldValueRequired", "Required value", "spec.externalName"));
        }
        ports(spec.path("ports"), causes);
        externalAddresses(spec.path("externalIPs"), causes);
        String old = before == null ? "" : before.path("clusterIP").asString("");
        String now = spec.path("clusterIP").asString("");
        boolean stays = before != null
                && !before.path("type").asString("").equals("ExternalName")
                && !type.equals("ExternalName");
        if (stays && !old.isEmpty() && !old.equals(now)) {
            causes.add(new ApiException.Cause(
                    "FieldValueInvalid",
                    "Invalid value: [\"" + now + "\"]: may not change once set",
                    "spec.clusterIPs[0]"));
        }
        return causes;
    }

    private static void externalAddresses(JsonNode addresses, List<ApiException.Cause> causes) {
        for (int i = 0; i < addresses.size(); i++) {
            String address = addresses.get(i).asString("");
            String why = notExternal(address);
            if (!why.isEmpty()) {
                causes.add(new ApiException.Cause(
                        "FieldValueInvalid",
                        "Invalid value: \"" + address + "\": " + why,
                        "spec.externalIPs[" + i + "]"));
            }
        }
    }

    /** Why the text is no address that nodes could take for a service; empty when it is one. */
    private static String notExternal(String text) {
        if (!ADDRESS.matcher(text).matches()) {
            return NO_ADDRESS;
        }
        InetAddress address;
        try {
            address = InetAddress.ofLiteral(text);
        } catch (IllegalArgumentException e) {
            return NO_ADDRESS;
        }
        if (address.isAnyLocalAddress()) {
            return "may not be unspecified (" + text + ")";
        }
        if (address.isLoopbackAddress()) {
            return "may not be in the loopback range (127.0.0.0/8, ::1/128)";
        }
        if (address.isLinkLocalAddress()) {
            return "may not be in the link-local range (169.254.0.0/16, fe80::/10)";
        }
        return address.isMCLinkLocal() ? "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)" : "";
    }

    private static void ports(JsonNode ports, List<ApiException.Cause> causes) {
        Set<String> names = new HashSet<>();
        int index = 0;
        for (JsonNode port : ports) {
            String at = "spec.ports[" + index++ + "]";
            String name = port.path("name").asString("");
            if (name.isEmpty() && ports.size() > 1) {
                causes.add(new ApiException.Cause("FieldValueRequired", "Required value", at + ".name"));
            } else if (!name.isEmpty() && !MetadataRules.isLabel(name)) {
                causes.add(new ApiException.Cause(
                        "FieldValueInvalid",
                        "Invalid value: \"" + name + "\": " + MetadataRules.LABEL_MESSAGE,
                        at + ".name"));
            } else if (!name.isEmpty() && !names.add(name)) {
                causes.add(new ApiException.Cause(
                        "FieldValueDuplicate", "Duplicate value: \"" + name + "\"", at + ".name"));
            }
            PodRules.port(port.path("port"), at + ".port", causes);
            String protocol = port.path("protocol").asString("TCP");
            if (!PROTOCOLS.contains(protocol)) {
                causes.add(unsupported(protocol, "\"SCTP\", \"TCP\", \"UDP\"", at + ".protocol"));
            }
            if (port.path("targetPort").isNumber()) {
                PodRules.port(port.path("targetPort"), at + ".targetPort", causes);
            }
        }
    }

    private static ApiException.Cause unsupported(String value, String supported, String at) {
        return new ApiException.Cause(
                "FieldValueNotSupported", "Unsupported value: \"" + value + "\": supported values: " + supported, at);
    }
}
