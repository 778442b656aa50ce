package dev.lateen.cluster.api;

import dev.lateen.cluster.store.ObjectStore;
import dev.lateen.cluster.store.ObjectStore.Key;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** What happens to an object before it is stored: defaults, allocation of addresses, and the rules it must keep. */
final class Admission {
    private static final Pattern SUBDOMAIN =
            Pattern.compile("[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*");
    private static final int FIRST_NODE_PORT = 30_000;

    private final ObjectStore store;
    private final ResourceRegistry registry;
    private final CelRules rules = new CelRules();

    Admission(ObjectStore store, ResourceRegistry registry) {
        this.store = store;
        this.registry = registry;
    }

    void admit(ResourceType type, @Nullable ObjectNode present, ObjectNode object) throws ApiException {
        String name = object.path("metadata").path("name").asString("");
        if (present == null) {
            named(type, name);
            namespaceIsThere(type, object.path("metadata").path("namespace").asString(""), name);
        }
        if (registry.isCustom(type)) {
            custom(type, name, present, object);
            return;
        }
        Defaults.apply(type, object);
        switch (type.kind()) {
            case "Service" -> allocate(object, present);
            case "CustomResourceDefinition" -> DefinitionAdmission.admit(type, object, rules);
            case "Deployment", "ReplicaSet" -> selectorFits(type, name, object);
            case "Pod" -> containers(type, name, object.path("spec"), "spec");
            default -> {}
        }
    }

    private void custom(ResourceType type, String name, @Nullable ObjectNode present, ObjectNode object)
            throws ApiException {
        JsonNode schema = registry.schema(type);
        for (String part : List.copyOf(object.propertyNames())) {
            if (!part.equals("metadata")) {
                CustomValidation.defaults(schema.path("properties").path(part), object.path(part));
            }
        }
        List<ApiException.Cause> problems = CustomValidation.problems(rules, schema, object, present);
        if (!problems.isEmpty()) {
            throw ApiException.invalid(type, name, problems);
        }
    }

    private static void named(ResourceType type, String name) throws ApiException {
        if (name.isEmpty()) {
            throw ApiException.invalid(
                    type,
                    "",
                    List.of(new ApiException.Cause(
                            "FieldValueRequired",
                            "Required value: name or generateName is required",
                            "metadata.name")));
        }
        boolean free = type.group().equals("rbac.authorization.k8s.io");
        if (!free && (name.length() > 253 || !SUBDOMAIN.matcher(name).matches())) {
            throw ApiException.invalid(
                    type,
                    name,
                    List.of(new ApiException.Cause(
                            "FieldValueInvalid",
                            "Invalid value: \"" + name + "\": a lowercase RFC 1123 subdomain must consist of lower case"
                                    + " alphanumeric characters, '-' or '.', and must start and end with an alphanumeric"
                                    + " character (e.g. 'example.com', regex used for validation is"
                                    + " '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
                            "metadata.name")));
        }
    }

    private void namespaceIsThere(ResourceType type, String namespace, String name) throws ApiException {
        if (!type.namespaced()) {
            return;
        }
        ObjectStore.Item item = store.get(new Key("/namespaces", "", namespace))
                .orElseThrow(() -> ApiException.of(404, "NotFound", "namespaces \"" + namespace + "\" not found"));
        if (Json.readStored(item.value()).path("metadata").has("deletionTimestamp")) {
            throw ApiException.of(
                    403,
                    "Forbidden",
                    type.groupResource() + " \"" + name + "\" is forbidden: unable to create new content in namespace "
                            + namespace + " because it is being terminated");
        }
    }

    private static void selectorFits(ResourceType type, String name, ObjectNode object) throws ApiException {
        JsonNode wanted = object.path("spec").path("selector").path("matchLabels");
        JsonNode labels = object.path("spec").path("template").path("metadata").path("labels");
        List<ApiException.Cause> causes = new ArrayList<>();
        if (object.path("spec").path("selector").isMissingNode()) {
            causes.add(new ApiException.Cause("FieldValueRequired", "Required value", "spec.selector"));
        }
        for (var entry : wanted.properties()) {
            if (!entry.getValue().equals(labels.path(entry.getKey()))) {
                causes.add(new ApiException.Cause(
                        "FieldValueInvalid",
                        "Invalid value: " + labels + ": `selector` does not match template `labels`",
                        "spec.template.metadata.labels"));
                break;
            }
        }
        if (!causes.isEmpty()) {
            throw ApiException.invalid(type, name, causes);
        }
        containers(type, name, object.path("spec").path("template").path("spec"), "spec.template.spec");
    }

    private static void containers(ResourceType type, String name, JsonNode spec, String path) throws ApiException {
        List<ApiException.Cause> causes = new ArrayList<>();
        if (spec.path("containers").isEmpty()) {
            causes.add(new ApiException.Cause("FieldValueRequired", "Required value", path + ".containers"));
        }
        Set<String> names = new HashSet<>();
        int index = 0;
        for (JsonNode container : spec.path("containers")) {
            String at = path + ".containers[" + index++ + "]";
            String containerName = container.path("name").asString("");
            if (containerName.isEmpty()) {
                causes.add(new ApiException.Cause("FieldValueRequired", "Required value", at + ".name"));
            } else if (!names.add(containerName)) {
                causes.add(new ApiException.Cause(
                        "FieldValueDuplicate", "Duplicate value: \"" + containerName + "\"", at + ".name"));
            }
            if (container.path("image").asString("").isEmpty()) {
                causes.add(new ApiException.Cause("FieldValueRequired", "Required value", at + ".image"));
            }
        }
        if (!causes.isEmpty()) {
            throw ApiException.invalid(type, name, causes);
        }
    }

    /** Gives a service its address and node ports; those it has, it keeps. */
    private void allocate(ObjectNode service, @Nullable ObjectNode present) throws ApiException {
        ObjectNode spec = Defaults.object(service, "spec");
        String type = spec.path("type").asString("");
        if (present != null && !spec.has("clusterIP")) {
            String old = present.path("spec").path("clusterIP").asString("");
            if (!old.isEmpty()) {
                spec.put("clusterIP", old);
            }
        }
        if (!type.equals("ExternalName")) {
            if (spec.path("clusterIP").asString("").isEmpty()) {
                spec.put("clusterIP", freeAddress());
            }
            spec.putArray("clusterIPs").add(spec.path("clusterIP").asString());
        }
        if (type.equals("NodePort") || type.equals("LoadBalancer")) {
            Set<Integer> taken = taken();
            for (JsonNode port : spec.path("ports")) {
                if (port.path("nodePort").asInt(0) == 0) {
                    int next = FIRST_NODE_PORT;
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

    private Set<Integer> taken() {
        Set<Integer> ports = new HashSet<>();
        for (ObjectStore.Item item : store.list("/services", null).items()) {
            JsonNode list = Json.readStored(item.value()).path("spec").path("ports");
            if (list instanceof ArrayNode array) {
                array.forEach(port -> ports.add(port.path("nodePort").asInt(0)));
            }
        }
        return ports;
    }
}
