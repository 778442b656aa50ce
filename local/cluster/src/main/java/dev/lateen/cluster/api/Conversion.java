package dev.lateen.cluster.api;

import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Between the versions of a built-in kind: what a client sends in an older or other group's version becomes what is
 * stored, and back. Kinds of CustomResourceDefinitions have one shape in all versions. Changes the given object.
 */
final class Conversion {
    /** Fields of core events by their names in events.k8s.io. */
    private static final Map<String, String> EVENT_FIELDS = Map.of(
            "regarding", "involvedObject",
            "note", "message",
            "deprecatedSource", "source",
            "deprecatedFirstTimestamp", "firstTimestamp",
            "deprecatedLastTimestamp", "lastTimestamp",
            "deprecatedCount", "count",
            "reportingController", "reportingComponent");

    private Conversion() {}

    /** From what a client sends to what is stored. */
    static void in(ResourceType type, ObjectNode object) {
        switch (type.group() + "/" + type.version()) {
            case "events.k8s.io/v1" -> EVENT_FIELDS.forEach((theirs, ours) -> rename(object, theirs, ours));
            case "autoscaling/v1" -> metrics(object);
            case "apps/v1beta1", "apps/v1beta2", "extensions/v1beta1" -> selector(object);
            default -> {
                return;
            }
        }
        if (object.path("spec") instanceof ObjectNode spec) {
            spec.remove("rollbackTo");
        }
    }

    /** From what is stored to what a client of this version gets. */
    static void out(ResourceType type, ObjectNode object) {
        if (type.group().equals("events.k8s.io")) {
            EVENT_FIELDS.forEach((theirs, ours) -> rename(object, ours, theirs));
        } else if (type.apiVersion().equals("autoscaling/v1")) {
            target(object);
        }
    }

    /** The one target of autoscaling/v1 as the list of version 2. */
    private static void metrics(ObjectNode autoscaler) {
        if (!(autoscaler.path("spec") instanceof ObjectNode spec)) {
            return;
        }
        JsonNode percentage = spec.remove("targetCPUUtilizationPercentage");
        if (percentage != null) {
            ObjectNode metric = spec.putArray("metrics").addObject().put("type", "Resource");
            metric.putObject("resource")
                    .put("name", "cpu")
                    .putObject("target")
                    .put("type", "Utilization")
                    .set("averageUtilization", percentage);
        }
    }

    private static void target(ObjectNode autoscaler) {
        if (autoscaler.path("spec") instanceof ObjectNode spec) {
            for (JsonNode metric : spec.path("metrics")) {
                JsonNode resource = metric.path("resource");
                if (resource.path("name").asString("").equals("cpu")) {
                    spec.set(
                            "targetCPUUtilizationPercentage",
                            resource.path("target").path("averageUtilization"));
                }
            }
            spec.remove("metrics");
        }
    }

    private static void rename(ObjectNode object, String from, String to) {
        JsonNode value = object.get(from);
        if (value != null) {
            object.remove(List.of(from));
            object.set(to, value);
        }
    }

    /** In older versions a workload without a selector selects the labels of its template. */
    private static void selector(ObjectNode workload) {
        JsonNode labels =
                workload.path("spec").path("template").path("metadata").path("labels");
        if (labels.isObject()
                && workload.path("spec") instanceof ObjectNode spec
                && spec.path("selector").isEmpty()) {
            Defaults.object(spec, "selector").set("matchLabels", labels.deepCopy());
        }
    }
}
