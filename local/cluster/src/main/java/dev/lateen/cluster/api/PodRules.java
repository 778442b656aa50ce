package dev.lateen.cluster.api;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** What a pod's specification must keep, when it is made and when it changes; pure, in the API's own words. */
final class PodRules {
    private static final Set<String> POLICIES = Set.of("Always", "OnFailure", "Never");
    private static final List<String> LISTS = List.of("containers", "initContainers");
    private static final int LAST_PORT = 65_535;

    private PodRules() {}

    /** Problems of a specification at {@code path}, such as {@code spec.template.spec}. */
    static List<ApiException.Cause> problems(JsonNode spec, String path) {
        List<ApiException.Cause> causes = new ArrayList<>();
        Set<String> volumes = new HashSet<>();
        int index = 0;
        for (JsonNode volume : spec.path("volumes")) {
            String name = volume.path("name").asString("");
            name(name, volumes, path + ".volumes[" + index++ + "].name", causes);
        }
        if (spec.path("containers").isEmpty()) {
            causes.add(required(path + ".containers"));
        }
        Set<String> names = new HashSet<>();
        for (String list : LISTS) {
            index = 0;
            for (JsonNode container : spec.path(list)) {
                container(container, names, volumes, path + "." + list + "[" + index++ + "]", causes);
            }
        }
        String policy = spec.path("restartPolicy").asString("Always");
        if (!POLICIES.contains(policy)) {
            causes.add(new ApiException.Cause(
                    "FieldValueNotSupported",
                    "Unsupported value: \"" + policy + "\": supported values: \"Always\", \"OnFailure\", \"Never\"",
                    path + ".restartPolicy"));
        }
        return causes;
    }

    private static void container(
            JsonNode container, Set<String> names, Set<String> volumes, String at, List<ApiException.Cause> causes) {
        name(container.path("name").asString(""), names, at + ".name", causes);
        if (container.path("image").asString("").isEmpty()) {
            causes.add(required(at + ".image"));
        }
        int index = 0;
        for (JsonNode port : container.path("ports")) {
            port(port.path("containerPort"), at + ".ports[" + index + "].containerPort", causes);
            if (port.has("hostPort")) {
                port(port.path("hostPort"), at + ".ports[" + index + "].hostPort", causes);
            }
            index++;
        }
        index = 0;
        for (JsonNode mount : container.path("volumeMounts")) {
            String volume = mount.path("name").asString("");
            if (!volumes.contains(volume)) {
                causes.add(new ApiException.Cause(
                        "FieldValueNotFound",
                        "Not found: \"" + volume + "\"",
                        at + ".volumeMounts[" + index + "].name"));
            }
            if (mount.path("mountPath").asString("").isEmpty()) {
                causes.add(required(at + ".volumeMounts[" + index + "].mountPath"));
            }
            index++;
        }
    }

    static void port(JsonNode port, String at, List<ApiException.Cause> causes) {
        int number = port.asInt(0);
        if (number < 1 || number > LAST_PORT) {
            causes.add(new ApiException.Cause(
                    "FieldValueInvalid",
                    "Invalid value: " + number + ": must be between 1 and " + LAST_PORT + ", inclusive",
                    at));
        }
    }

    private static void name(String name, Set<String> taken, String at, List<ApiException.Cause> causes) {
        if (name.isEmpty()) {
            causes.add(required(at));
        } else if (!MetadataRules.isLabel(name)) {
            causes.add(new ApiException.Cause(
                    "FieldValueInvalid", "Invalid value: \"" + name + "\": " + MetadataRules.LABEL_MESSAGE, at));
        } else if (!taken.add(name)) {
            causes.add(new ApiException.Cause("FieldValueDuplicate", "Duplicate value: \"" + name + "\"", at));
        }
    }

    private static ApiException.Cause required(String at) {
        return new ApiException.Cause("FieldValueRequired", "Required value", at);
    }

    /** What may not change once the pod is there. */
    static ApiException.@Nullable Cause change(JsonNode before, JsonNode after) {
        for (String list : LISTS) {
            if (before.path(list).size() != after.path(list).size()) {
                return new ApiException.Cause(
                        "FieldValueForbidden",
                        "Forbidden: pod updates may not add or remove containers",
                        "spec." + list);
            }
        }
        if (fixed(before).equals(fixed(after))) {
            return null;
        }
        return new ApiException.Cause(
                "FieldValueForbidden",
                "Forbidden: pod updates may not change fields other than `spec.containers[*].image`,"
                        + "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only"
                        + " additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be"
                        + " set to 1 if it was previously negative)",
                "spec");
    }

    private static JsonNode fixed(JsonNode spec) {
        if (!(spec.deepCopy() instanceof ObjectNode fields)) {
            return spec;
        }
        fields.remove(List.of("activeDeadlineSeconds", "tolerations", "schedulingGates"));
        for (String list : LISTS) {
            if (fields.path(list) instanceof ArrayNode containers) {
                containers.forEach(each -> ((ObjectNode) each).remove("image"));
            }
        }
        return fields;
    }
}
