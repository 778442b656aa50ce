package dev.lateen.cluster.api;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/** Field selectors in the text form of the query parameter. */
final class Selector {
    private static final Pattern FIELD = Pattern.compile("\\s*([\\w.\\[\\]]+)\\s*(==|=|!=)\\s*([^,]*)\\s*(?:,|$)");

    /** Kinds with fields of their own to select by. */
    private static final Set<String> KNOWN = Set.of(
            "Pod", "Event", "Secret", "Namespace", "Node", "Job", "ReplicaSet", "ReplicationController", "Service");

    private Selector() {}

    /** Objects whose fields fit; a field is a path, and one that is missing is empty. */
    static Predicate<JsonNode> fields(String text, ResourceType type) throws ApiException {
        List<Predicate<JsonNode>> parts = new ArrayList<>();
        int at = 0;
        while (at < text.length()) {
            Matcher field = FIELD.matcher(text).region(at, text.length());
            if (!field.lookingAt()) {
                throw ApiException.badRequest(
                        "invalid selector: '" + text + "'; can't understand '" + text.substring(at) + "'");
            }
            String path = field.group(1);
            if (!supported(path, type)) {
                throw ApiException.badRequest(
                        KNOWN.contains(type.kind())
                                ? "field label not supported: " + path
                                : "\"" + path + "\" is not a known field selector: only \"metadata.name\","
                                        + " \"metadata.namespace\"");
            }
            boolean wanted = !field.group(2).equals("!=");
            String value = field.group(3).strip();
            parts.add(object -> at(object, path).equals(value) == wanted);
            at = field.end();
        }
        return object -> parts.stream().allMatch(part -> part.test(object));
    }

    private static boolean supported(String path, ResourceType type) {
        if (path.equals("metadata.name") || path.equals("metadata.namespace")) {
            return true;
        }
        return switch (type.kind()) {
            case "Pod" ->
                Set.of(
                                "spec.nodeName",
                                "spec.restartPolicy",
                                "spec.schedulerName",
                                "spec.serviceAccountName",
                                "spec.hostNetwork",
                                "status.phase",
                                "status.podIP",
                                "status.nominatedNodeName")
                        .contains(path);
            case "Event" ->
                path.startsWith("involvedObject.")
                        || Set.of("reason", "reportingComponent", "source", "type")
                                .contains(path);
            case "Secret" -> path.equals("type");
            case "Namespace" -> path.equals("status.phase");
            case "Node" -> path.equals("spec.unschedulable");
            case "Job" -> path.equals("status.successful");
            case "ReplicaSet", "ReplicationController" -> path.equals("status.replicas");
            case "Service" -> path.equals("spec.clusterIP") || path.equals("spec.type");
            default -> false;
        };
    }

    private static String at(JsonNode object, String path) {
        JsonNode node = object;
        for (String part : path.split("\\.")) {
            node = node.path(part);
        }
        return node.asString("");
    }
}
