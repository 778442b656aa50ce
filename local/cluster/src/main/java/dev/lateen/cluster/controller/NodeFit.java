package dev.lateen.cluster.controller;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeSelectorRequirement;
import io.fabric8.kubernetes.api.model.NodeSelectorTerm;
import io.fabric8.kubernetes.api.model.NodeSpec;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Taint;
import io.fabric8.kubernetes.api.model.Toleration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Which node a pod fits, by node selector, required node affinity, taints and whether the node takes pods at all; what
 * a pod asks of CPU and memory does not count, a laptop being small. Pure; the reasons are in Kubernetes' own words.
 */
final class NodeFit {
    private NodeFit() {}

    /** Why the pod does not fit the node, or null when it does. */
    static @Nullable String obstacle(Pod pod, Node node) {
        NodeSpec spec = Objects.requireNonNullElseGet(node.getSpec(), NodeSpec::new);
        if (Boolean.TRUE.equals(spec.getUnschedulable()) && !tolerates(pod, UNSCHEDULABLE)) {
            return "node(s) were unschedulable";
        }
        for (Taint taint : Objects.requireNonNullElse(spec.getTaints(), List.<Taint>of())) {
            if (!"PreferNoSchedule".equals(taint.getEffect()) && !tolerates(pod, taint)) {
                return "node(s) had untolerated taint {" + taint.getKey() + ": "
                        + Objects.requireNonNullElse(taint.getValue(), "") + "}";
            }
        }
        Map<String, String> labels =
                Objects.requireNonNullElse(node.getMetadata().getLabels(), Map.of());
        Map<String, String> selector = Objects.requireNonNullElse(pod.getSpec().getNodeSelector(), Map.of());
        if (!labels.entrySet().containsAll(selector.entrySet()) || !affinityFits(pod, node, labels)) {
            return "node(s) didn't match Pod's node affinity/selector";
        }
        return null;
    }

    private static final Taint UNSCHEDULABLE = new Taint("NoSchedule", "node.kubernetes.io/unschedulable", null, null);

    private static boolean tolerates(Pod pod, Taint taint) {
        for (Toleration each : Objects.requireNonNullElse(pod.getSpec().getTolerations(), List.<Toleration>of())) {
            boolean key = each.getKey() == null || each.getKey().isEmpty()
                    ? "Exists".equals(each.getOperator())
                    : each.getKey().equals(taint.getKey());
            boolean effect = each.getEffect() == null
                    || each.getEffect().isEmpty()
                    || each.getEffect().equals(taint.getEffect());
            boolean value = "Exists".equals(each.getOperator())
                    || Objects.requireNonNullElse(each.getValue(), "")
                            .equals(Objects.requireNonNullElse(taint.getValue(), ""));
            if (key && effect && value) {
                return true;
            }
        }
        return false;
    }

    private static boolean affinityFits(Pod pod, Node node, Map<String, String> labels) {
        var affinity = pod.getSpec().getAffinity() == null
                ? null
                : pod.getSpec().getAffinity().getNodeAffinity();
        var required = affinity == null ? null : affinity.getRequiredDuringSchedulingIgnoredDuringExecution();
        if (required == null) {
            return true;
        }
        for (NodeSelectorTerm term : required.getNodeSelectorTerms()) {
            boolean all = true;
            for (NodeSelectorRequirement each :
                    Objects.requireNonNullElse(term.getMatchExpressions(), List.<NodeSelectorRequirement>of())) {
                all &= holds(each, labels.get(each.getKey()));
            }
            for (NodeSelectorRequirement each :
                    Objects.requireNonNullElse(term.getMatchFields(), List.<NodeSelectorRequirement>of())) {
                all &= holds(each, node.getMetadata().getName());
            }
            if (all) {
                return true;
            }
        }
        return false;
    }

    private static boolean holds(NodeSelectorRequirement requirement, @Nullable String value) {
        List<String> values = Objects.requireNonNullElse(requirement.getValues(), List.of());
        return switch (requirement.getOperator()) {
            case "In" -> value != null && values.contains(value);
            case "NotIn" -> value == null || !values.contains(value);
            case "Exists" -> value != null;
            case "DoesNotExist" -> value == null;
            case "Gt" -> value != null && Long.parseLong(value) > Long.parseLong(values.getFirst());
            case "Lt" -> value != null && Long.parseLong(value) < Long.parseLong(values.getFirst());
            default -> false;
        };
    }

    /** Kubernetes' sentence for a pod that fits no node. */
    static String sentence(Pod pod, List<Node> nodes) {
        Map<String, Long> reasons = nodes.stream()
                .collect(Collectors.groupingBy(
                        node -> Objects.requireNonNull(obstacle(pod, node)), TreeMap::new, Collectors.counting()));
        if (nodes.isEmpty()) {
            return "no nodes available to schedule pods";
        }
        return "0/" + nodes.size() + " nodes are available: "
                + reasons.entrySet().stream()
                        .map(each -> each.getValue() + " " + each.getKey())
                        .collect(Collectors.joining(", "))
                + ". preemption: 0/" + nodes.size() + " nodes are available: " + nodes.size()
                + " Preemption is not helpful for scheduling.";
    }
}
