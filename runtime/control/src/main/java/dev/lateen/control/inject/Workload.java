package dev.lateen.control.inject;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/**
 * The object that a pod belongs to, for the names that metrics and maps give it.
 *
 * @param apiVersion such as {@code apps/v1}
 * @param kind such as {@code Deployment}
 * @param namespace the namespace, empty when the manifest leaves it to kubectl
 * @param name the object's name
 */
public record Workload(String apiVersion, String kind, String namespace, String name) {
    /** What a CronJob calls its Jobs: its own name, then the minute. */
    private static final Pattern JOB_OF_CRON_JOB = Pattern.compile("(.+)-\\d{8,10}");

    /**
     * Whose pod it is, as far as the pod itself tells: its controller, or what its controller's name says stands above it;
     * the pod itself where nothing controls it.
     *
     * @param namespace that the pod is made in
     */
    public static Workload ofPod(JsonNode pod, String namespace) {
        JsonNode metadata = pod.path("metadata");
        for (JsonNode owner : metadata.path("ownerReferences")) {
            // The node stands above pods of files on it, which are what they are without it.
            if (owner.path("controller").asBoolean(false)
                    && !owner.path("kind").asString("").equals("Node")) {
                return above(owner, metadata.path("labels"), namespace);
            }
        }
        String given = metadata.path("name").asString("");
        String name =
                given.isEmpty() ? metadata.path("generateName").asString("").replaceFirst("-$", "") : given;
        return new Workload("v1", "Pod", namespace, name);
    }

    private static Workload above(JsonNode owner, JsonNode labels, String namespace) {
        String kind = owner.path("kind").asString("");
        String name = owner.path("name").asString("");
        String version = owner.path("apiVersion").asString("v1");
        String hash = "-" + labels.path("pod-template-hash").asString("");
        String rollout = "-" + labels.path("rollouts-pod-template-hash").asString("");
        String configured = labels.path("deploymentconfig").asString("");
        Matcher minute = JOB_OF_CRON_JOB.matcher(name);
        if (kind.equals("ReplicaSet") && hash.length() > 1 && name.endsWith(hash)) {
            return new Workload(version, "Deployment", namespace, name.substring(0, name.length() - hash.length()));
        }
        if (kind.equals("ReplicaSet") && rollout.length() > 1 && name.endsWith(rollout)) {
            return new Workload(
                    "argoproj.io/v1alpha1", "Rollout", namespace, name.substring(0, name.length() - rollout.length()));
        }
        if (kind.equals("ReplicationController") && !configured.isEmpty()) {
            return new Workload("apps.openshift.io/v1", "DeploymentConfig", namespace, configured);
        }
        if (kind.equals("Job") && minute.matches()) {
            return new Workload("batch/v1", "CronJob", namespace, minute.group(1));
        }
        return new Workload(version, kind, namespace, name);
    }

    /** The owner as Istio's node metadata writes it. */
    String owner() {
        String plural = kind.toLowerCase(Locale.ROOT) + "s";
        return "kubernetes://apis/" + apiVersion + "/namespaces/" + (namespace.isEmpty() ? "default" : namespace) + "/"
                + plural + "/" + name;
    }
}
