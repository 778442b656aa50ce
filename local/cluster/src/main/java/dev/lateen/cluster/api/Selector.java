package dev.lateen.cluster.api;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/** Label and field selectors in the text form of the query parameters. */
final class Selector {
    private static final Pattern SET = Pattern.compile("\\s*([^\\s,()!=]+)\\s+(in|notin)\\s*\\(([^)]*)\\)\\s*(?:,|$)");
    private static final Pattern EQUALITY =
            Pattern.compile("\\s*([^\\s,()!=]+)\\s*(==|=|!=)\\s*([^\\s,()]*)\\s*(?:,|$)");
    private static final Pattern EXISTS = Pattern.compile("\\s*(!?)\\s*([^\\s,()!=]+)\\s*(?:,|$)");
    private static final Pattern FIELD = Pattern.compile("\\s*([\\w.\\[\\]]+)\\s*(==|=|!=)\\s*([^,]*)\\s*(?:,|$)");

    private Selector() {}

    /** Objects whose labels fit. */
    static Predicate<JsonNode> labels(String text) throws ApiException {
        List<Predicate<JsonNode>> parts = new ArrayList<>();
        int at = 0;
        while (at < text.length()) {
            Matcher set = SET.matcher(text).region(at, text.length());
            Matcher equality = EQUALITY.matcher(text).region(at, text.length());
            Matcher exists = EXISTS.matcher(text).region(at, text.length());
            if (set.lookingAt()) {
                parts.add(in(
                        set.group(1),
                        set.group(2).equals("in"),
                        Set.of(set.group(3).strip().split("\\s*,\\s*"))));
                at = set.end();
            } else if (equality.lookingAt()) {
                parts.add(in(equality.group(1), !equality.group(2).equals("!="), Set.of(equality.group(3))));
                at = equality.end();
            } else if (exists.lookingAt()) {
                boolean wanted = exists.group(1).isEmpty();
                String label = exists.group(2);
                parts.add(object -> labelsOf(object).has(label) == wanted);
                at = exists.end();
            } else {
                throw ApiException.badRequest("unable to parse requirement: found '" + text.substring(at)
                        + "', expected: label, !label, label=value, label!=value, label in (…) or label notin (…)");
            }
        }
        return object -> parts.stream().allMatch(part -> part.test(object));
    }

    private static Predicate<JsonNode> in(String label, boolean wanted, Set<String> values) {
        return object -> {
            JsonNode value = labelsOf(object).path(label);
            return (!value.isMissingNode() && values.contains(value.asString(""))) == wanted;
        };
    }

    private static JsonNode labelsOf(JsonNode object) {
        return object.path("metadata").path("labels");
    }

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
                throw ApiException.badRequest("field label not supported: " + path);
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
