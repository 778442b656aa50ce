package dev.lateen.cluster.api;

import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Fills in what an object leaves out, as the Kubernetes API does before it stores it. Changes the given object. */
final class Defaults {
    private Defaults() {}

    static void apply(ResourceType type, ObjectNode object) {
        switch (type.stored()) {
            case "/pods" -> pod(object);
            case "/services" -> service(object);
            case "/namespaces" -> namespace(object);
            case "/secrets" -> secret(object);
            case "apps/deployments" -> deployment(object);
            case "apps/replicasets", "/replicationcontrollers" -> replicas(object);
            case "apps/statefulsets", "apps/daemonsets" -> template(object);
            case "batch/jobs" -> job(object);
            case "batch/cronjobs" -> cronJob(object);
            case "/persistentvolumeclaims" -> absent(object(object, "status"), "phase", "Pending");
            case "networking.k8s.io/ingresses" -> object(object(object, "status"), "loadBalancer");
            default -> {}
        }
    }

    private static void namespace(ObjectNode namespace) {
        String name = namespace.path("metadata").path("name").asString("");
        object(object(namespace, "metadata"), "labels").put("kubernetes.io/metadata.name", name);
        if (!namespace.path("spec").has("finalizers")) {
            object(namespace, "spec").putArray("finalizers").add("kubernetes");
        }
        absent(object(namespace, "status"), "phase", "Active");
    }

    private static void secret(ObjectNode secret) {
        absent(secret, "type", "Opaque");
        if (secret.remove("stringData") instanceof ObjectNode texts) {
            ObjectNode data = object(secret, "data");
            texts.properties()
                    .forEach(entry -> data.put(
                            entry.getKey(),
                            java.util.Base64.getEncoder()
                                    .encodeToString(entry.getValue()
                                            .asString("")
                                            .getBytes(java.nio.charset.StandardCharsets.UTF_8))));
        }
    }

    private static void pod(ObjectNode pod) {
        ObjectNode spec = object(pod, "spec");
        podSpec(spec);
        for (String list : List.of("containers", "initContainers")) {
            spec.path(list).forEach(container -> PodResources.requestLimits((ObjectNode) container));
        }
        absent(spec, "serviceAccountName", "default");
        spec.set("serviceAccount", spec.get("serviceAccountName"));
        tokenVolume(spec);
        tolerations(spec);
        ObjectNode status = object(pod, "status");
        absent(status, "phase", "Pending");
        absent(status, "qosClass", PodResources.qualityOfService(spec));
        absent(spec, "enableServiceLinks", true);
        absent(spec, "preemptionPolicy", "PreemptLowerPriority");
        absent(spec, "priority", 0);
    }

    /** What Kubernetes' own types always write in a pod's status. */
    static void podStatus(ObjectNode pod) {
        JsonNode status = pod.path("status");
        for (JsonNode condition : status.path("conditions")) {
            if (!condition.has("lastProbeTime")) {
                ((ObjectNode) condition).putNull("lastProbeTime");
            }
        }
        for (String list : List.of("containerStatuses", "initContainerStatuses")) {
            for (JsonNode container : status.path(list)) {
                object((ObjectNode) container, "lastState");
            }
        }
    }

    private static void tolerations(ObjectNode spec) {
        for (String taint : List.of("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")) {
            ArrayNode tolerations = array(spec, "tolerations");
            boolean present = false;
            for (JsonNode toleration : tolerations) {
                present |= toleration.path("key").asString("").equals(taint);
            }
            if (!present) {
                tolerations
                        .addObject()
                        .put("effect", "NoExecute")
                        .put("key", taint)
                        .put("operator", "Exists")
                        .put("tolerationSeconds", 300);
            }
        }
    }

    /** The volume with the pod's token, the cluster's root certificate and the namespace: the service account admission. */
    private static void tokenVolume(ObjectNode spec) {
        if (!spec.path("automountServiceAccountToken").asBoolean(true)) {
            return;
        }
        String path = "/var/run/secrets/kubernetes.io/serviceaccount";
        String name = "kube-api-access-" + Resources.suffix();
        boolean used = false;
        for (String list : List.of("containers", "initContainers")) {
            for (JsonNode container : spec.path(list)) {
                boolean mounted = false;
                for (JsonNode mount : container.path("volumeMounts")) {
                    mounted |= mount.path("mountPath").asString("").equals(path);
                }
                if (!mounted) {
                    used = true;
                    array((ObjectNode) container, "volumeMounts")
                            .addObject()
                            .put("mountPath", path)
                            .put("name", name)
                            .put("readOnly", true);
                }
            }
        }
        if (!used) {
            return;
        }
        ObjectNode projected =
                array(spec, "volumes").addObject().put("name", name).putObject("projected");
        projected.put("defaultMode", 420);
        ArrayNode sources = projected.putArray("sources");
        sources.addObject()
                .putObject("serviceAccountToken")
                .put("expirationSeconds", 3607)
                .put("path", "token");
        ObjectNode root = sources.addObject().putObject("configMap").put("name", "kube-root-ca.crt");
        root.putArray("items").addObject().put("key", "ca.crt").put("path", "ca.crt");
        ObjectNode item =
                sources.addObject().putObject("downwardAPI").putArray("items").addObject();
        item.put("path", "namespace")
                .putObject("fieldRef")
                .put("apiVersion", "v1")
                .put("fieldPath", "metadata.namespace");
    }

    static void podSpec(ObjectNode spec) {
        podSpec(spec, "Always");
    }

    /** @param restartPolicy the default, empty where there is none */
    private static void podSpec(ObjectNode spec, String restartPolicy) {
        if (!restartPolicy.isEmpty()) {
            absent(spec, "restartPolicy", restartPolicy);
        }
        absent(spec, "dnsPolicy", "ClusterFirst");
        absent(spec, "schedulerName", "default-scheduler");
        if (spec.path("terminationGracePeriodSeconds").asInt(30) < 0) {
            spec.put("terminationGracePeriodSeconds", 1);
        }
        absent(spec, "terminationGracePeriodSeconds", 30);
        if (!spec.has("securityContext")) {
            spec.putObject("securityContext");
        }
        for (String list : List.of("containers", "initContainers")) {
            for (JsonNode container : spec.path(list)) {
                if (container instanceof ObjectNode fields) {
                    container(fields);
                }
            }
        }
        for (JsonNode volume : spec.path("volumes")) {
            for (String kind : List.of("configMap", "secret", "projected", "downwardAPI")) {
                if (volume.path(kind) instanceof ObjectNode source) {
                    absent(source, "defaultMode", 420);
                }
            }
            for (JsonNode source : volume.path("projected").path("sources")) {
                if (source.path("serviceAccountToken") instanceof ObjectNode token) {
                    absent(token, "expirationSeconds", 3600);
                }
            }
        }
    }

    private static void container(ObjectNode container) {
        String image = container.path("image").asString("");
        String tag = image.substring(image.lastIndexOf('/') + 1);
        absent(container, "imagePullPolicy", !tag.contains(":") || tag.endsWith(":latest") ? "Always" : "IfNotPresent");
        absent(container, "terminationMessagePath", "/dev/termination-log");
        absent(container, "terminationMessagePolicy", "File");
        if (!container.has("resources")) {
            container.putObject("resources");
        }
        for (JsonNode port : container.path("ports")) {
            absent((ObjectNode) port, "protocol", "TCP");
        }
        for (String name : List.of("livenessProbe", "readinessProbe", "startupProbe")) {
            if (container.path(name) instanceof ObjectNode probe) {
                absent(probe, "timeoutSeconds", 1);
                absent(probe, "periodSeconds", 10);
                absent(probe, "successThreshold", 1);
                absent(probe, "failureThreshold", 3);
                if (probe.path("httpGet") instanceof ObjectNode get) {
                    absent(get, "scheme", "HTTP");
                    absent(get, "path", "/");
                }
            }
        }
        for (JsonNode variable : container.path("env")) {
            if (variable.path("valueFrom").path("fieldRef") instanceof ObjectNode field) {
                absent(field, "apiVersion", "v1");
            }
        }
    }

    private static void service(ObjectNode service) {
        ObjectNode spec = object(service, "spec");
        absent(spec, "type", "ClusterIP");
        absent(spec, "sessionAffinity", "None");
        String type = spec.path("type").asString();
        if (!type.equals("ExternalName")) {
            absent(spec, "internalTrafficPolicy", "Cluster");
            absent(spec, "ipFamilyPolicy", "SingleStack");
            if (!spec.has("ipFamilies")) {
                spec.putArray("ipFamilies").add("IPv4");
            }
        }
        if (spec.path("sessionAffinity").asString("").equals("ClientIP")) {
            absent(object(object(spec, "sessionAffinityConfig"), "clientIP"), "timeoutSeconds", 10_800);
        }
        if (type.equals("LoadBalancer") || type.equals("NodePort")) {
            absent(spec, "externalTrafficPolicy", "Cluster");
        }
        if (type.equals("LoadBalancer")) {
            absent(spec, "allocateLoadBalancerNodePorts", true);
        }
        for (JsonNode port : spec.path("ports")) {
            ObjectNode fields = (ObjectNode) port;
            absent(fields, "protocol", "TCP");
            if (!fields.has("targetPort")) {
                fields.set("targetPort", fields.path("port"));
            }
        }
        if (!service.has("status")) {
            service.putObject("status").putObject("loadBalancer");
        }
    }

    private static void deployment(ObjectNode deployment) {
        replicas(deployment);
        ObjectNode spec = object(deployment, "spec");
        absent(spec, "revisionHistoryLimit", 10);
        absent(spec, "progressDeadlineSeconds", 600);
        ObjectNode strategy = object(spec, "strategy");
        absent(strategy, "type", "RollingUpdate");
        if (strategy.path("type").asString().equals("RollingUpdate")) {
            absent(object(strategy, "rollingUpdate"), "maxSurge", "25%");
            absent(object(strategy, "rollingUpdate"), "maxUnavailable", "25%");
        }
    }

    private static void replicas(ObjectNode workload) {
        absent(object(workload, "spec"), "replicas", 1);
        template(workload);
    }

    private static void template(ObjectNode workload) {
        if (workload.path("spec").path("template") instanceof ObjectNode template) {
            podSpec(object(template, "spec"));
        }
        if (!workload.has("status")) {
            workload.putObject("status");
        }
    }

    private static void job(ObjectNode job) {
        ObjectNode spec = object(job, "spec");
        if (!spec.hasNonNull("parallelism")) {
            absent(spec, "completions", 1);
        }
        absent(spec, "parallelism", 1);
        absent(spec, "backoffLimit", 6);
        absent(spec, "completionMode", "NonIndexed");
        absent(spec, "suspend", false);
        absent(spec, "manualSelector", false);
        absent(spec, "podReplacementPolicy", "TerminatingOrFailed");
        if (!job.has("status")) {
            job.putObject("status");
        }
        if (spec.path("template") instanceof ObjectNode pods) {
            podSpec(object(pods, "spec"), "");
        }
        String uid = job.path("metadata").path("uid").asString("");
        if (!spec.has("selector") && !uid.isEmpty()) {
            object(object(spec, "selector"), "matchLabels").put("batch.kubernetes.io/controller-uid", uid);
            String name = job.path("metadata").path("name").asString("");
            ObjectNode labels = object(object(object(spec, "template"), "metadata"), "labels");
            labels.put("batch.kubernetes.io/controller-uid", uid).put("controller-uid", uid);
            labels.put("batch.kubernetes.io/job-name", name).put("job-name", name);
            labelled(job);
        }
    }

    /** A workload without labels of its own has those of its pods. */
    private static void labelled(ObjectNode workload) {
        JsonNode labels =
                workload.path("spec").path("template").path("metadata").path("labels");
        ObjectNode metadata = object(workload, "metadata");
        if (metadata.path("labels").isEmpty() && !labels.isEmpty()) {
            metadata.set("labels", labels.deepCopy());
        }
    }

    private static void cronJob(ObjectNode cronJob) {
        ObjectNode spec = object(cronJob, "spec");
        absent(spec, "concurrencyPolicy", "Allow");
        absent(spec, "suspend", false);
        absent(spec, "successfulJobsHistoryLimit", 3);
        absent(spec, "failedJobsHistoryLimit", 1);
        ObjectNode job = object(spec, "jobTemplate");
        object(job, "metadata");
        object(object(object(job, "spec"), "template"), "metadata");
        podSpec(object(object(object(object(spec, "jobTemplate"), "spec"), "template"), "spec"));
        if (!cronJob.has("status")) {
            cronJob.putObject("status");
        }
    }

    static ObjectNode object(ObjectNode parent, String field) {
        return parent.path(field) instanceof ObjectNode object ? object : parent.putObject(field);
    }

    static ArrayNode array(ObjectNode parent, String field) {
        return parent.path(field) instanceof ArrayNode array ? array : parent.putArray(field);
    }

    private static void absent(ObjectNode object, String field, String value) {
        if (!object.hasNonNull(field)) {
            object.put(field, value);
        }
    }

    private static void absent(ObjectNode object, String field, int value) {
        if (!object.hasNonNull(field)) {
            object.put(field, value);
        }
    }

    private static void absent(ObjectNode object, String field, boolean value) {
        if (!object.hasNonNull(field)) {
            object.put(field, value);
        }
    }
}
