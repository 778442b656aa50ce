package dev.lateen.cluster.api;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import tools.jackson.databind.JsonNode;

/** Columns of built-in kinds that are read off single fields; most of these nothing here acts on. */
final class KindColumns {
    private static final int ENDPOINTS_SHOWN = 3;
    private static final Column CREATED =
            Column.text("Created At", object -> text(object, "metadata.creationTimestamp", ""));

    private KindColumns() {}

    static List<Column> of(String kind) {
        return switch (kind) {
            case "CronJob" ->
                list(
                        path("Schedule", "spec.schedule", ""),
                        path("Timezone", "spec.timeZone", "<none>"),
                        Column.text("Suspend", object -> flag(object, "spec.suspend")),
                        Column.number(
                                "Active", object -> at(object, "status.active").size()),
                        Column.text("Last Schedule", object -> age(object, "status.lastScheduleTime")),
                        Columns.AGE,
                        containers("Containers", "spec.jobTemplate.spec.template.spec", "name"),
                        containers("Images", "spec.jobTemplate.spec.template.spec", "image"),
                        labels("Selector", "spec.jobTemplate.spec.selector.matchLabels"));
            case "Deployment" ->
                list(
                        Column.text("Ready", KindColumns::ready),
                        count("Up-to-date", "status.updatedReplicas"),
                        count("Available", "status.availableReplicas"),
                        Columns.AGE,
                        containers("Containers", "spec.template.spec", "name"),
                        containers("Images", "spec.template.spec", "image"),
                        labels("Selector", "spec.selector.matchLabels"));
            case "ReplicaSet" ->
                list(
                        count("Desired", "spec.replicas"),
                        count("Current", "status.replicas"),
                        count("Ready", "status.readyReplicas"),
                        Columns.AGE,
                        containers("Containers", "spec.template.spec", "name"),
                        containers("Images", "spec.template.spec", "image"),
                        labels("Selector", "spec.selector.matchLabels"));
            case "StatefulSet" ->
                list(
                        Column.text("Ready", KindColumns::ready),
                        Columns.AGE,
                        containers("Containers", "spec.template.spec", "name"),
                        containers("Images", "spec.template.spec", "image"));
            case "DaemonSet" ->
                list(
                        count("Desired", "status.desiredNumberScheduled"),
                        count("Current", "status.currentNumberScheduled"),
                        count("Ready", "status.numberReady"),
                        count("Up-to-date", "status.updatedNumberScheduled"),
                        count("Available", "status.numberAvailable"),
                        Column.text(
                                "Node Selector",
                                object -> Columns.labels(at(object, "spec.template.spec.nodeSelector"))),
                        Columns.AGE,
                        containers("Containers", "spec.template.spec", "name"),
                        containers("Images", "spec.template.spec", "image"),
                        labels("Selector", "spec.selector.matchLabels"));
            case "ReplicationController" ->
                list(
                        count("Desired", "spec.replicas"),
                        count("Current", "status.replicas"),
                        count("Ready", "status.readyReplicas"),
                        Columns.AGE,
                        containers("Containers", "spec.template.spec", "name"),
                        containers("Images", "spec.template.spec", "image"),
                        labels("Selector", "spec.selector"));
            case "Ingress" ->
                list(
                        path("Class", "spec.ingressClassName", "<none>"),
                        Column.text("Hosts", KindColumns::hosts),
                        Column.text("Address", object -> joined(at(object, "status.loadBalancer.ingress"), "ip", "")),
                        Column.text("Ports", object -> at(object, "spec.tls").isEmpty() ? "80" : "80, 443"),
                        Columns.AGE);
            case "IngressClass" ->
                list(
                        path("Controller", "spec.controller", ""),
                        path("Parameters", "spec.parameters.name", "<none>"),
                        Columns.AGE);
            case "NetworkPolicy" ->
                list(
                        Column.text(
                                "Pod-Selector", object -> Columns.labels(at(object, "spec.podSelector.matchLabels"))),
                        Columns.AGE);
            case "PodDisruptionBudget" ->
                list(
                        path("Min Available", "spec.minAvailable", "N/A"),
                        path("Max Unavailable", "spec.maxUnavailable", "N/A"),
                        count("Allowed Disruptions", "status.disruptionsAllowed"),
                        Columns.AGE);
            case "PriorityClass" ->
                list(
                        count("Value", "value"),
                        Column.text("Global-Default", object -> flag(object, "globalDefault")
                                .toLowerCase(java.util.Locale.ROOT)),
                        Columns.AGE,
                        path("PreemptionPolicy", "preemptionPolicy", ""));
            case "PersistentVolumeClaim" ->
                list(
                        path("Status", "status.phase", ""),
                        path("Volume", "spec.volumeName", ""),
                        path("Capacity", "status.capacity.storage", ""),
                        Column.text("Access Modes", object -> modes(at(object, "status.accessModes"))),
                        path("StorageClass", "spec.storageClassName", ""),
                        path("VolumeAttributesClass", "spec.volumeAttributesClassName", "<unset>"),
                        Columns.AGE,
                        Column.wide("VolumeMode", object -> text(object, "spec.volumeMode", "<unset>")));
            case "PersistentVolume" ->
                list(
                        path("Capacity", "spec.capacity.storage", ""),
                        Column.text("Access Modes", object -> modes(at(object, "spec.accessModes"))),
                        path("Reclaim Policy", "spec.persistentVolumeReclaimPolicy", ""),
                        path("Status", "status.phase", ""),
                        path("Claim", "spec.claimRef.name", ""),
                        path("StorageClass", "spec.storageClassName", ""),
                        path("VolumeAttributesClass", "spec.volumeAttributesClassName", "<unset>"),
                        path("Reason", "status.reason", ""),
                        Columns.AGE,
                        Column.wide("VolumeMode", object -> text(object, "spec.volumeMode", "<unset>")));
            case "HorizontalPodAutoscaler" ->
                list(
                        Column.text(
                                "Reference",
                                object -> text(object, "spec.scaleTargetRef.kind", "") + "/"
                                        + text(object, "spec.scaleTargetRef.name", "")),
                        Column.text("Targets", KindColumns::targets),
                        path("MinPods", "spec.minReplicas", "<unset>"),
                        count("MaxPods", "spec.maxReplicas"),
                        count("Replicas", "status.currentReplicas"),
                        Columns.AGE);
            case "Lease" -> list(path("Holder", "spec.holderIdentity", ""), Columns.AGE);
            case "EndpointSlice" ->
                list(
                        path("AddressType", "addressType", ""),
                        Column.text("Ports", object -> unset(joined(object.path("ports"), "port", "*"))),
                        Column.text("Endpoints", KindColumns::addresses),
                        Columns.AGE);
            case "Endpoints" -> list(Column.text("Endpoints", KindColumns::endpoints), Columns.AGE);
            case "Role", "ClusterRole", "LimitRange" -> List.of(CREATED);
            case "RoleBinding", "ClusterRoleBinding" ->
                list(
                        Column.text(
                                "Role",
                                object -> text(object, "roleRef.kind", "") + "/" + text(object, "roleRef.name", "")),
                        Columns.AGE,
                        Column.wide("Users", object -> subjects(object, "User")),
                        Column.wide("Groups", object -> subjects(object, "Group")),
                        Column.wide("ServiceAccounts", object -> subjects(object, "ServiceAccount")));
            case "ResourceQuota" ->
                list(
                        Column.text("Request", object -> quota(object, false)),
                        Column.text("Limit", object -> quota(object, true)),
                        Columns.AGE);
            case "StorageClass" ->
                list(
                        path("Provisioner", "provisioner", ""),
                        path("ReclaimPolicy", "reclaimPolicy", "Delete"),
                        path("VolumeBindingMode", "volumeBindingMode", "Immediate"),
                        Column.text("AllowVolumeExpansion", object -> flag(object, "allowVolumeExpansion")
                                .toLowerCase(java.util.Locale.ROOT)),
                        Columns.AGE);
            case "RuntimeClass" -> list(path("Handler", "handler", ""), Columns.AGE);
            case "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration" ->
                list(Column.number("Webhooks", object -> object.path("webhooks").size()), Columns.AGE);
            case "ControllerRevision" ->
                list(Column.text("Controller", KindColumns::owner), count("Revision", "revision"), Columns.AGE);
            default -> List.of(Columns.AGE);
        };
    }

    private static List<Column> list(Column... columns) {
        return List.of(columns);
    }

    private static JsonNode at(JsonNode object, String path) {
        JsonNode node = object;
        for (String part : path.split("\\.")) {
            node = node.path(part);
        }
        return node;
    }

    private static String text(JsonNode object, String path, String absent) {
        JsonNode node = at(object, path);
        return node.isMissingNode() || node.isNull() || node.asString("").isEmpty() ? absent : node.asString("");
    }

    private static int number(JsonNode object, String path) {
        return at(object, path).asInt(0);
    }

    private static String ready(JsonNode object) {
        return number(object, "status.readyReplicas") + "/" + number(object, "spec.replicas");
    }

    private static String flag(JsonNode object, String path) {
        return at(object, path).asBoolean(false) ? "True" : "False";
    }

    private static String age(JsonNode object, String path) {
        String time = text(object, path, "");
        return time.isEmpty() ? "<none>" : Columns.age(time);
    }

    private static Column path(String name, String path, String absent) {
        return Column.text(name, object -> text(object, path, absent));
    }

    private static Column count(String name, String path) {
        return Column.number(name, object -> number(object, path));
    }

    static Column labels(String name, String labels) {
        return Column.wide(name, object -> Columns.labels(at(object, labels)));
    }

    static Column containers(String name, String spec, String field) {
        return Column.wide(name, object -> joined(at(object, spec).path("containers"), field, ""));
    }

    private static String joined(JsonNode list, String field, String absent) {
        return list.valueStream().map(each -> each.path(field).asString(absent)).collect(Collectors.joining(","));
    }

    private static String unset(String text) {
        return text.isEmpty() ? "<unset>" : text;
    }

    private static String hosts(JsonNode ingress) {
        String hosts = at(ingress, "spec.rules")
                .valueStream()
                .map(rule -> rule.path("host").asString(""))
                .filter(host -> !host.isEmpty())
                .collect(Collectors.joining(","));
        return hosts.isEmpty() ? "*" : hosts;
    }

    private static String modes(JsonNode modes) {
        return modes.valueStream()
                .map(mode -> mode.asString("").replaceAll("[a-z]", ""))
                .collect(Collectors.joining(","));
    }

    private static String targets(JsonNode autoscaler) {
        List<String> targets = new ArrayList<>();
        for (JsonNode metric : at(autoscaler, "spec.metrics")) {
            JsonNode resource = metric.path("resource");
            targets.add(resource.path("name").asString("") + ": <unknown>/"
                    + resource.path("target").path("averageUtilization").asString("<auto>") + "%");
        }
        return targets.isEmpty() ? "<none>" : String.join(", ", targets);
    }

    private static String addresses(JsonNode slice) {
        List<String> all = slice.path("endpoints")
                .valueStream()
                .flatMap(endpoint -> endpoint.path("addresses").valueStream())
                .map(address -> address.asString(""))
                .toList();
        return shown(all, "<unset>");
    }

    private static String endpoints(JsonNode endpoints) {
        List<String> all = new ArrayList<>();
        for (JsonNode subset : endpoints.path("subsets")) {
            JsonNode ports = subset.path("ports");
            for (JsonNode address : subset.path("addresses")) {
                String ip = address.path("ip").asString("");
                if (ports.isEmpty()) {
                    all.add(ip);
                }
                ports.forEach(port -> all.add(ip + ":" + port.path("port").asInt()));
            }
        }
        return shown(all, "<none>");
    }

    private static String shown(List<String> all, String none) {
        if (all.isEmpty()) {
            return none;
        }
        int more = all.size() - ENDPOINTS_SHOWN;
        return more > 0
                ? String.join(",", all.subList(0, ENDPOINTS_SHOWN)) + " + " + more + " more..."
                : String.join(",", all);
    }

    private static String subjects(JsonNode binding, String kind) {
        return binding.path("subjects")
                .valueStream()
                .filter(subject -> subject.path("kind").asString("").equals(kind))
                .map(subject -> (kind.equals("ServiceAccount")
                                ? subject.path("namespace").asString("") + "/"
                                : "")
                        + subject.path("name").asString(""))
                .collect(Collectors.joining(", "));
    }

    private static String quota(JsonNode quota, boolean limits) {
        JsonNode hard = at(quota, "status.hard");
        JsonNode used = at(quota, "status.used");
        return StreamSupport.stream(hard.propertyNames().spliterator(), false)
                .filter(name -> name.startsWith("limits.") == limits)
                .sorted()
                .map(name -> name + ": " + used.path(name).asString("0") + "/"
                        + hard.path(name).asString(""))
                .collect(Collectors.joining(", "));
    }

    private static String owner(JsonNode object) {
        for (JsonNode owner : at(object, "metadata.ownerReferences")) {
            if (owner.path("controller").asBoolean(false)) {
                return owner.path("kind").asString("").toLowerCase(java.util.Locale.ROOT) + "."
                        + owner.path("apiVersion").asString("").replaceAll("/.*", "") + "/"
                        + owner.path("name").asString("");
            }
        }
        return "<none>";
    }
}
