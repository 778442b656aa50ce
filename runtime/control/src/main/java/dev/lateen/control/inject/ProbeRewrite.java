package dev.lateen.control.inject;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Sends the kubelet's probes to the proxy's agent, which asks the application in its stead: the kubelet speaks no
 * mesh, and a probe that went through the listeners would show the proxy's health, not the application's.
 */
final class ProbeRewrite {
    private static final int AGENT_PORT = 15020;
    private static final Map<String, String> PATHS =
            Map.of("readinessProbe", "readyz", "livenessProbe", "livez", "startupProbe", "startupz");
    private static final List<String> HANDLERS = List.of("httpGet", "tcpSocket", "grpc");

    private ProbeRewrite() {}

    /**
     * Rewrites the probes of all containers in place.
     *
     * @return what the agent shall ask, by the path that it is asked at: the value of ISTIO_KUBE_APP_PROBERS
     */
    static ObjectNode rewrite(JsonNode containers) {
        ObjectNode probers = JsonNodeFactory.instance.objectNode();
        for (JsonNode container : containers) {
            for (String probe : List.of("readinessProbe", "livenessProbe", "startupProbe")) {
                if (container.path(probe) instanceof ObjectNode object) {
                    handler(object).ifPresent(handler -> rewrite(container, probe, object, handler, probers));
                }
            }
        }
        return probers;
    }

    private static Optional<String> handler(ObjectNode probe) {
        return HANDLERS.stream().filter(probe::has).findFirst();
    }

    private static void rewrite(
            JsonNode container, String probe, ObjectNode object, String handler, ObjectNode probers) {
        String path = "/app-health/" + container.path("name").asString("") + "/" + PATHS.get(probe);
        ObjectNode asked = probers.putObject(path);
        JsonNode original = object.remove(handler);
        ObjectNode target = asked.putObject(handler);
        if (original instanceof ObjectNode fields) {
            target.setAll(fields);
        }
        if (target.path("port").isString()) {
            target.put("port", number(container, target.path("port").asString()));
        }
        if (object.has("timeoutSeconds")) {
            asked.set("timeoutSeconds", object.get("timeoutSeconds"));
        }
        object.putObject("httpGet").put("path", path).put("port", AGENT_PORT);
    }

    private static int number(JsonNode container, String port) {
        for (JsonNode declared : container.path("ports")) {
            if (declared.path("name").asString("").equals(port)) {
                return declared.path("containerPort").asInt();
            }
        }
        try {
            return Integer.parseInt(port);
        } catch (NumberFormatException e) {
            throw new InjectionException("container " + container.path("name").asString("") + ": its probe names port "
                    + port + ", which the container does not declare; add it under ports");
        }
    }
}
