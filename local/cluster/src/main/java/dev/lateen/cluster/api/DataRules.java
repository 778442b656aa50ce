package dev.lateen.cluster.api;

import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/** What ConfigMaps and Secrets must keep; pure, in the API's own words. */
final class DataRules {
    private static final Pattern KEY = Pattern.compile("[-._a-zA-Z0-9]+");
    private static final int LONGEST_KEY = 253;
    private static final Map<String, List<String>> KEYS = Map.of(
            "kubernetes.io/tls", List.of("tls.crt", "tls.key"),
            "kubernetes.io/dockerconfigjson", List.of(".dockerconfigjson"),
            "kubernetes.io/dockercfg", List.of(".dockercfg"),
            "kubernetes.io/ssh-auth", List.of("ssh-privatekey"));

    private DataRules() {}

    static List<ApiException.Cause> problems(JsonNode object) {
        List<ApiException.Cause> causes = new ArrayList<>();
        for (String field : List.of("data", "binaryData")) {
            for (String key : object.path(field).propertyNames()) {
                if (key.length() > LONGEST_KEY || !KEY.matcher(key).matches()) {
                    causes.add(new ApiException.Cause(
                            "FieldValueInvalid",
                            "Invalid value: \"" + key + "\": a valid config key must consist of alphanumeric"
                                    + " characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name',"
                                    + " regex used for validation is '[-._a-zA-Z0-9]+')",
                            field + "[" + key + "]"));
                }
            }
        }
        for (String key : KEYS.getOrDefault(object.path("type").asString(""), List.of())) {
            if (!object.path("data").has(key)) {
                causes.add(new ApiException.Cause("FieldValueRequired", "Required value", "data[" + key + "]"));
            }
        }
        return causes;
    }

    /** Whether every value of a Secret is base64. */
    static void decodable(ResourceType type, JsonNode secret) throws ApiException {
        for (JsonNode value : secret.path("data")) {
            try {
                var _ = Base64.getDecoder().decode(value.asString(""));
            } catch (IllegalArgumentException e) {
                throw ApiException.badRequest(type.kind() + " in version \"" + type.version()
                        + "\" cannot be handled as a " + type.kind() + ": illegal base64 data: " + e.getMessage());
            }
        }
    }
}
