package dev.lateen.cluster.api;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What happens to a CustomResourceDefinition before it is stored: the names it leaves out, and the rules it must keep. */
final class DefinitionAdmission {
    private DefinitionAdmission() {}

    static void admit(ResourceType type, ObjectNode definition, CelRules rules) throws ApiException {
        ObjectNode spec = Defaults.object(definition, "spec");
        ObjectNode names = Defaults.object(spec, "names");
        String kind = names.path("kind").asString("");
        if (!names.has("singular")) {
            names.put("singular", kind.toLowerCase(Locale.ROOT));
        }
        if (!names.has("listKind")) {
            names.put("listKind", kind + "List");
        }
        if (!spec.has("conversion")) {
            spec.putObject("conversion").put("strategy", "None");
        }
        List<ApiException.Cause> causes = new ArrayList<>();
        for (String part : List.of("group", "scope")) {
            required(spec, part, "spec." + part, causes);
        }
        String scope = spec.path("scope").asString("");
        if (!scope.isEmpty() && !scope.equals("Cluster") && !scope.equals("Namespaced")) {
            causes.add(new ApiException.Cause(
                    "FieldValueNotSupported",
                    "Unsupported value: \"" + scope + "\": supported values: \"Cluster\", \"Namespaced\"",
                    "spec.scope"));
        }
        for (String part : List.of("plural", "kind")) {
            required(names, part, "spec.names." + part, causes);
        }
        String name = definition.path("metadata").path("name").asString("");
        String wanted =
                names.path("plural").asString("") + "." + spec.path("group").asString("");
        if (causes.isEmpty() && !name.equals(wanted)) {
            causes.add(new ApiException.Cause(
                    "FieldValueInvalid",
                    "Invalid value: \"" + name + "\": must be spec.names.plural+\".\"+spec.group",
                    "metadata.name"));
        }
        versions(spec.path("versions"), rules, causes);
        boolean one = spec.path("versions").size() == 1;
        for (int i = 0; i < spec.path("versions").size(); i++) {
            String at = one ? "spec.validation.openAPIV3Schema" : "spec.versions[" + i + "].schema.openAPIV3Schema";
            JsonNode schema = spec.path("versions").path(i).path("schema").path("openAPIV3Schema");
            StructuralSchemas.check(schema, at, causes);
        }
        if (!spec.path("conversion").path("strategy").asString("").equals("None")) {
            causes.add(new ApiException.Cause(
                    "FieldValueNotSupported",
                    "Unsupported value: " + spec.path("conversion").path("strategy")
                            + ": supported values: \"None\" (this cluster calls no conversion webhooks)",
                    "spec.conversion.strategy"));
        }
        if (!causes.isEmpty()) {
            throw ApiException.invalid(type, name, causes);
        }
    }

    private static void required(JsonNode object, String field, String path, List<ApiException.Cause> causes) {
        if (object.path(field).asString("").isEmpty()) {
            causes.add(new ApiException.Cause("FieldValueRequired", "Required value", path));
        }
    }

    private static void versions(JsonNode versions, CelRules rules, List<ApiException.Cause> causes) {
        long stored = versions.valueStream()
                .filter(version -> version.path("storage").asBoolean(false))
                .count();
        if (stored != 1) {
            causes.add(new ApiException.Cause(
                    "FieldValueInvalid",
                    "Invalid value: \"array\": must have exactly one version marked as storage version",
                    "spec.versions"));
        }
        for (int i = 0; i < versions.size(); i++) {
            String path = "spec.versions[" + i + "]";
            JsonNode schema = versions.get(i).path("schema").path("openAPIV3Schema");
            required(versions.get(i), "name", path + ".name", causes);
            if (!schema.isObject()) {
                causes.add(new ApiException.Cause(
                        "FieldValueRequired", "Required value", path + ".schema.openAPIV3Schema"));
            } else {
                rules(schema, path + ".schema.openAPIV3Schema", rules, causes);
            }
        }
    }

    private static void rules(JsonNode schema, String path, CelRules rules, List<ApiException.Cause> causes) {
        JsonNode list = schema.path("x-kubernetes-validations");
        for (int i = 0; i < list.size(); i++) {
            String rule = list.get(i).path("rule").asString("");
            @Nullable String problem = rules.problem(rule);
            if (problem != null) {
                causes.add(new ApiException.Cause(
                        "FieldValueInvalid",
                        "Invalid value: " + list.get(i).path("rule") + ": compilation failed: " + problem,
                        path + ".x-kubernetes-validations[" + i + "].rule"));
            }
        }
        schema.path("properties")
                .properties()
                .forEach(entry -> rules(entry.getValue(), path + ".properties[" + entry.getKey() + "]", rules, causes));
        for (String part : List.of("items", "additionalProperties")) {
            if (schema.path(part).isObject()) {
                rules(schema.path(part), path + "." + part, rules, causes);
            }
        }
    }
}
