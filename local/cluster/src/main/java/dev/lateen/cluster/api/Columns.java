package dev.lateen.cluster.api;

import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;

/** Columns of the built-in kinds, as {@code kubectl get} shows them. */
final class Columns {
    static final Column AGE = Column.text(
            "Age",
            object -> age(object.path("metadata").path("creationTimestamp").asString("")));

    private Columns() {}

    static String age(String time) {
        if (time.isEmpty()) {
            return "<unknown>";
        }
        try {
            return human(Duration.between(Instant.parse(time), Instant.now()));
        } catch (DateTimeParseException e) {
            return "<invalid>";
        }
    }

    /** A duration in at most two units, as kubectl writes it. */
    static String human(Duration duration) {
        long seconds = Math.max(0, duration.toSeconds());
        if (seconds < 120) {
            return seconds + "s";
        }
        long minutes = seconds / 60;
        if (minutes < 10) {
            return minutes + "m" + (seconds % 60 == 0 ? "" : seconds % 60 + "s");
        }
        if (minutes < 180) {
            return minutes + "m";
        }
        long hours = minutes / 60;
        if (hours < 8) {
            return hours + "h" + (minutes % 60 == 0 ? "" : minutes % 60 + "m");
        }
        if (hours < 48) {
            return hours + "h";
        }
        long days = hours / 24;
        if (days < 8) {
            return days + "d" + (hours % 24 == 0 ? "" : hours % 24 + "h");
        }
        return days < 730 ? days + "d" : days / 365 + "y" + days % 365 + "d";
    }

    static String orNone(JsonNode value) {
        String text = value.asString("");
        return text.isEmpty() ? "<none>" : text;
    }

    static List<Column> services() {
        return List.of(
                Column.text("Type", service -> service.path("spec").path("type").asString("")),
                Column.text("Cluster-IP", service -> orNone(service.path("spec").path("clusterIP"))),
                Column.text("External-IP", Columns::externalAddress),
                Column.text("Port(s)", Columns::ports),
                AGE,
                Column.wide("Selector", service -> labels(service.path("spec").path("selector"))));
    }

    private static String externalAddress(JsonNode service) {
        List<String> addresses = new ArrayList<>();
        for (JsonNode ingress : service.path("status").path("loadBalancer").path("ingress")) {
            addresses.add(ingress.path("ip").asString(ingress.path("hostname").asString("")));
        }
        service.path("spec").path("externalIPs").forEach(ip -> addresses.add(ip.asString()));
        return switch (service.path("spec").path("type").asString("")) {
            case "LoadBalancer" -> addresses.isEmpty() ? "<pending>" : String.join(",", addresses);
            case "ExternalName" -> service.path("spec").path("externalName").asString("");
            default -> addresses.isEmpty() ? "<none>" : String.join(",", addresses);
        };
    }

    private static String ports(JsonNode service) {
        List<String> ports = new ArrayList<>();
        for (JsonNode port : service.path("spec").path("ports")) {
            int nodePort = port.path("nodePort").asInt(0);
            ports.add(port.path("port").asInt() + (nodePort == 0 ? "" : ":" + nodePort) + "/"
                    + port.path("protocol").asString("TCP"));
        }
        return ports.isEmpty() ? "<none>" : String.join(",", ports);
    }

    static String labels(JsonNode labels) {
        return labels.isEmpty()
                ? "<none>"
                : labels.properties().stream()
                        .map(entry -> entry.getKey() + "=" + entry.getValue().asString(""))
                        .sorted()
                        .collect(Collectors.joining(","));
    }

    static List<Column> jobs() {
        return List.of(
                Column.text("Status", Columns::jobStatus),
                Column.text("Completions", Columns::jobCompletions),
                Column.text("Duration", Columns::jobDuration),
                AGE,
                KindColumns.containers("Containers", "spec.template.spec", "name"),
                KindColumns.containers("Images", "spec.template.spec", "image"),
                KindColumns.labels("Selector", "spec.selector.matchLabels"));
    }

    private static String jobStatus(JsonNode job) {
        Set<String> conditions = new HashSet<>();
        for (JsonNode condition : job.path("status").path("conditions")) {
            if (condition.path("status").asString("").equals("True")) {
                conditions.add(condition.path("type").asString(""));
            }
        }
        for (String end : List.of("Complete", "Failed")) {
            if (conditions.contains(end)) {
                return end;
            }
        }
        if (job.path("metadata").has("deletionTimestamp")) {
            return "Terminating";
        }
        for (String stage : List.of("Suspended", "FailureTarget", "SuccessCriteriaMet")) {
            if (conditions.contains(stage)) {
                return stage;
            }
        }
        return "Running";
    }

    private static String jobCompletions(JsonNode job) {
        int succeeded = job.path("status").path("succeeded").asInt(0);
        JsonNode spec = job.path("spec");
        if (spec.hasNonNull("completions")) {
            return succeeded + "/" + spec.path("completions").asInt(1);
        }
        int parallelism = spec.path("parallelism").asInt(0);
        return succeeded + (parallelism > 1 ? "/1 of " + parallelism : "/1");
    }

    private static String jobDuration(JsonNode job) {
        String start = job.path("status").path("startTime").asString("");
        String end = job.path("status").path("completionTime").asString("");
        return start.isEmpty()
                ? ""
                : human(Duration.between(Instant.parse(start), end.isEmpty() ? Instant.now() : Instant.parse(end)));
    }

    static List<Column> nodes() {
        return List.of(
                Column.text("Status", Columns::nodeStatus),
                Column.text("Roles", Columns::roles),
                AGE,
                Column.text("Version", node -> node.path("status")
                        .path("nodeInfo")
                        .path("kubeletVersion")
                        .asString("")),
                Column.wide("Internal-IP", Columns::nodeAddress),
                Column.wide("OS-Image", node -> node.path("status")
                        .path("nodeInfo")
                        .path("osImage")
                        .asString("")),
                Column.wide("Kernel-Version", node -> node.path("status")
                        .path("nodeInfo")
                        .path("kernelVersion")
                        .asString("")));
    }

    private static String nodeStatus(JsonNode node) {
        String ready = "Unknown";
        for (JsonNode condition : node.path("status").path("conditions")) {
            if (condition.path("type").asString("").equals("Ready")) {
                ready = condition.path("status").asString("").equals("True") ? "Ready" : "NotReady";
            }
        }
        return node.path("spec").path("unschedulable").asBoolean(false) ? ready + ",SchedulingDisabled" : ready;
    }

    private static String roles(JsonNode node) {
        String prefix = "node-role.kubernetes.io/";
        String roles = node.path("metadata").path("labels").propertyNames().stream()
                .filter(name -> name.startsWith(prefix))
                .map(name -> name.substring(prefix.length()))
                .sorted()
                .collect(Collectors.joining(","));
        return roles.isEmpty() ? "<none>" : roles;
    }

    private static String nodeAddress(JsonNode node) {
        for (JsonNode address : node.path("status").path("addresses")) {
            if (address.path("type").asString("").equals("InternalIP")) {
                return address.path("address").asString("");
            }
        }
        return "<none>";
    }

    static List<Column> events() {
        return List.of(
                Column.text(
                        "Last Seen", event -> age(event.path("lastTimestamp").asString(""))),
                Column.text("Type", event -> event.path("type").asString("")),
                Column.text("Reason", event -> event.path("reason").asString("")),
                Column.text(
                        "Object",
                        event -> event.path("involvedObject")
                                        .path("kind")
                                        .asString("")
                                        .toLowerCase(java.util.Locale.ROOT)
                                + "/"
                                + event.path("involvedObject").path("name").asString("")),
                Column.text(
                        "Message", event -> event.path("message").asString("").strip()));
    }
}
