package dev.lateen.cli;

import dev.lateen.config.yaml.YamlText;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * ProxyConfig of this pod (istio.mesh.v1alpha1 ProxyConfig): what its environment has, and over it what its annotation
 * says. A pod that was injected has its annotation in both; a gateway's pod in the second alone.
 */
final class PodConfig {
    private static final String ANNOTATION = "proxy.istio.io/config";

    private PodConfig() {}

    /**
     * @param environment the variable PROXY_CONFIG, JSON
     * @param annotations of the pod, as the downward API writes them: {@code key="value"} a line
     */
    static ObjectNode of(String environment, String annotations) throws CommandException {
        ObjectNode config = json("PROXY_CONFIG", environment);
        for (String line : annotations.split("\n")) {
            if (line.startsWith(ANNOTATION + "=")) {
                merge(config, annotation(line.substring(ANNOTATION.length() + 1)));
            }
        }
        return config;
    }

    private static void merge(ObjectNode config, ObjectNode own) {
        JsonNode metadata = config.path("proxyMetadata").deepCopy();
        config.setAll(own);
        if (metadata instanceof ObjectNode broader && own.path("proxyMetadata") instanceof ObjectNode nearer) {
            config.set("proxyMetadata", broader.setAll(nearer));
        }
    }

    private static ObjectNode annotation(String quoted) throws CommandException {
        String text;
        try {
            text = JsonMapper.shared().readValue(quoted, String.class);
        } catch (JacksonException e) {
            throw new CommandException("annotation " + ANNOTATION + " of the pod: " + e.getOriginalMessage());
        }
        YamlText yaml = YamlText.read(text);
        boolean fields = yaml.problems().isEmpty()
                && yaml.documents().size() == 1
                && yaml.documents().getFirst().tree().isObject();
        if (!fields) {
            throw new CommandException(
                    "annotation " + ANNOTATION + " of the pod: expected fields of ProxyConfig as YAML, found: " + text);
        }
        return (ObjectNode) yaml.documents().getFirst().tree();
    }

    private static ObjectNode json(String name, String text) throws CommandException {
        try {
            if (JsonMapper.shared().readTree(text) instanceof ObjectNode fields) {
                return fields;
            }
        } catch (JacksonException e) {
            throw new CommandException(name + " is not JSON: " + e.getOriginalMessage());
        }
        throw new CommandException(name + " is no JSON object: " + text);
    }

    /** What it adds to the environment of the proxy. */
    static void environment(ObjectNode config, Map<String, String> environment) {
        for (Map.Entry<String, JsonNode> entry : config.path("proxyMetadata").properties()) {
            environment.put(entry.getKey(), entry.getValue().asString());
        }
        environment.put("PROXY_CONFIG", config.toString());
    }
}
