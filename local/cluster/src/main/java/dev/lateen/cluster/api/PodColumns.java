package dev.lateen.cluster.api;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** What {@code kubectl get pods} shows: the server computes it, not the client. */
final class PodColumns {
    private PodColumns() {}

    static List<Column> all() {
        return List.of(
                Column.text("Ready", PodColumns::ready),
                Column.text("Status", PodColumns::status),
                Column.text("Restarts", pod -> restarts(pod, Instant.now())),
                Columns.AGE,
                Column.wide("IP", pod -> Columns.orNone(pod.path("status").path("podIP"))),
                Column.wide("Node", pod -> Columns.orNone(pod.path("spec").path("nodeName"))),
                Column.wide(
                        "Nominated Node",
                        pod -> Columns.orNone(pod.path("status").path("nominatedNodeName"))),
                Column.wide("Readiness Gates", _ -> "<none>"));
    }

    private static String ready(JsonNode pod) {
        int ready = 0;
        for (JsonNode status : pod.path("status").path("containerStatuses")) {
            ready += status.path("ready").asBoolean(false) ? 1 : 0;
        }
        int total = pod.path("spec").path("containers").size();
        for (JsonNode init : pod.path("spec").path("initContainers")) {
            if (init.path("restartPolicy").asString("").equals("Always")) {
                total++;
                ready += initReady(pod, init.path("name").asString("")) ? 1 : 0;
            }
        }
        return ready + "/" + total;
    }

    private static boolean initReady(JsonNode pod, String name) {
        for (JsonNode status : pod.path("status").path("initContainerStatuses")) {
            if (status.path("name").asString("").equals(name)) {
                return status.path("ready").asBoolean(false);
            }
        }
        return false;
    }

    static String status(JsonNode pod) {
        JsonNode status = pod.path("status");
        String text = status.path("reason").asString(status.path("phase").asString("Unknown"));
        String initializing = initializing(pod);
        if (!initializing.isEmpty()) {
            text = initializing;
        } else {
            boolean running = false;
            boolean completed = false;
            for (JsonNode container : status.path("containerStatuses")) {
                String why = reason(container.path("state"));
                if (!why.isEmpty()) {
                    text = why;
                    completed |= why.equals("Completed");
                }
                running |= container.path("state").has("running");
            }
            if (completed && running && text.equals("Completed")) {
                text = isReady(pod) ? "Running" : "NotReady";
            }
        }
        if (pod.path("metadata").has("deletionTimestamp")) {
            return status.path("phase").asString("").equals("Succeeded") ? text : "Terminating";
        }
        return text;
    }

    private static String initializing(JsonNode pod) {
        JsonNode statuses = pod.path("status").path("initContainerStatuses");
        int total = pod.path("spec").path("initContainers").size();
        int done = 0;
        for (JsonNode init : statuses) {
            JsonNode state = init.path("state");
            if (state.path("terminated").path("exitCode").asInt(-1) == 0
                    || (state.has("running") && init.path("started").asBoolean(false) && restartable(pod, init))) {
                done++;
                continue;
            }
            String why = reason(state);
            return why.isEmpty() || why.equals("PodInitializing") ? "Init:" + done + "/" + total : "Init:" + why;
        }
        return "";
    }

    private static boolean restartable(JsonNode pod, JsonNode status) {
        for (JsonNode init : pod.path("spec").path("initContainers")) {
            if (init.path("name").equals(status.path("name"))) {
                return init.path("restartPolicy").asString("").equals("Always");
            }
        }
        return false;
    }

    private static String reason(JsonNode state) {
        JsonNode terminated = state.path("terminated");
        if (!terminated.isMissingNode()) {
            String why = terminated.path("reason").asString("");
            if (!why.isEmpty()) {
                return why;
            }
            int signal = terminated.path("signal").asInt(0);
            return signal != 0
                    ? "Signal:" + signal
                    : "ExitCode:" + terminated.path("exitCode").asInt();
        }
        return state.path("waiting").path("reason").asString("");
    }

    private static boolean isReady(JsonNode pod) {
        for (JsonNode condition : pod.path("status").path("conditions")) {
            if (condition.path("type").asString("").equals("Ready")) {
                return condition.path("status").asString("").equals("True");
            }
        }
        return false;
    }

    static String restarts(JsonNode pod, Instant now) {
        int restarts = 0;
        Instant last = null;
        List<JsonNode> statuses = new ArrayList<>();
        pod.path("status").path("containerStatuses").forEach(statuses::add);
        for (JsonNode container : statuses) {
            restarts += container.path("restartCount").asInt(0);
            String finished = container
                    .path("lastState")
                    .path("terminated")
                    .path("finishedAt")
                    .asString("");
            if (!finished.isEmpty() && (last == null || Instant.parse(finished).isAfter(last))) {
                last = Instant.parse(finished);
            }
        }
        return restarts == 0 || last == null
                ? String.valueOf(restarts)
                : restarts + " (" + Columns.human(Duration.between(last, now)) + " ago)";
    }
}
