package dev.lateen.cluster.api;

import dev.lateen.cluster.store.ObjectStore;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The addresses and node ports of services: each is given to one service at a time. */
final class ServiceAddresses {
    private final ObjectStore store;

    ServiceAddresses(ObjectStore store) {
        this.store = store;
    }

    /** What a changed service keeps of the one before, and what it loses when it changes its type. */
    void keep(ObjectNode service, @Nullable ObjectNode present) {
        ObjectNode spec = Defaults.object(service, "spec");
        boolean outside = exposed(spec);
        if (!outside) {
            spec.remove("externalTrafficPolicy");
            spec.remove("allocateLoadBalancerNodePorts");
            spec.path("ports").forEach(port -> ((ObjectNode) port).remove("nodePort"));
        } else if (spec.path("type").asString("").equals("NodePort")) {
            spec.remove("allocateLoadBalancerNodePorts");
        }
        if (present == null) {
            return;
        }
        JsonNode before = present.path("spec");
        String old = before.path("clusterIP").asString("");
        if (!old.isEmpty()
                && !spec.has("clusterIP")
                && !spec.path("type").asString("").equals("ExternalName")) {
            spec.put("clusterIP", old);
        }
        if (outside) {
            for (JsonNode port : spec.path("ports")) {
                for (JsonNode earlier : before.path("ports")) {
                    boolean same = earlier.path("port").equals(port.path("port"))
                            && earlier.path("protocol").equals(port.path("protocol"));
                    if (same && !port.has("nodePort") && earlier.has("nodePort")) {
                        ((ObjectNode) port).set("nodePort", earlier.get("nodePort"));
                    }
                }
            }
        }
    }

    private static boolean exposed(JsonNode spec) {
        String type = spec.path("type").asString("");
        return type.equals("NodePort") || type.equals("LoadBalancer");
    }

    /** Node ports that a client asks for and cannot have. */
    void checkNodePorts(ObjectNode service, List<ApiException.Cause> causes) {
        if (!exposed(service.path("spec"))) {
            return;
        }
        Set<Integer> others = taken(service.path("metadata").path("uid").asString(""));
        int index = 0;
        for (JsonNode port : service.path("spec").path("ports")) {
            int wanted = port.path("nodePort").asInt(0);
            String at = "spec.ports[" + index++ + "].nodePort";
            if (wanted != 0 && (wanted < ServiceRules.FIRST_NODE_PORT || wanted > ServiceRules.LAST_NODE_PORT)) {
                causes.add(new ApiException.Cause(
                        "FieldValueInvalid",
                        "Invalid value: " + wanted
                                + ": provided port is not in the valid range. The range of valid ports is "
                                + ServiceRules.FIRST_NODE_PORT + "-" + ServiceRules.LAST_NODE_PORT,
                        at));
            } else if (wanted != 0 && others.contains(wanted)) {
                causes.add(new ApiException.Cause(
                        "FieldValueInvalid", "Invalid value: " + wanted + ": provided port is already allocated", at));
            }
        }
    }

    /** Gives a service its address and node ports; those it has, it keeps. */
    void allocate(ObjectNode service) throws ApiException {
        ObjectNode spec = Defaults.object(service, "spec");
        String type = spec.path("type").asString("");
        if (!type.equals("ExternalName")) {
            if (spec.path("clusterIP").asString("").isEmpty()) {
                spec.put("clusterIP", freeAddress());
            }
            spec.putArray("clusterIPs").add(spec.path("clusterIP").asString());
        }
        if (exposed(spec)) {
            Set<Integer> taken = taken("");
            for (JsonNode port : spec.path("ports")) {
                if (port.path("nodePort").asInt(0) == 0) {
                    int next = ServiceRules.FIRST_NODE_PORT;
                    while (!taken.add(next)) {
                        next++;
                    }
                    ((ObjectNode) port).put("nodePort", next);
                }
            }
        }
    }

    private String freeAddress() throws ApiException {
        Set<String> taken = new HashSet<>(Set.of("10.96.0.1", "10.96.0.10"));
        for (ObjectStore.Item item : store.list("/services", null).items()) {
            taken.add(
                    Json.readStored(item.value()).path("spec").path("clusterIP").asString(""));
        }
        for (int i = 11; i < 65_535; i++) {
            String address = "10.96." + i / 256 + "." + i % 256;
            if (!taken.contains(address)) {
                return address;
            }
        }
        throw ApiException.of(500, "InternalError", "no address is left in 10.96.0.0/16 for one more service");
    }

    /** The node ports of all services but the one of that uid. */
    private Set<Integer> taken(String uid) {
        Set<Integer> ports = new HashSet<>();
        for (ObjectStore.Item item : store.list("/services", null).items()) {
            ObjectNode service = Json.readStored(item.value());
            if (!uid.isEmpty()
                    && service.path("metadata").path("uid").asString("").equals(uid)) {
                continue;
            }
            JsonNode list = service.path("spec").path("ports");
            if (list instanceof ArrayNode array) {
                array.forEach(port -> ports.add(port.path("nodePort").asInt(0)));
            }
        }
        return ports;
    }
}
