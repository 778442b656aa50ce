package dev.lateen.cluster.controller;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NodeFitTest {
    private static final String SELECTOR = "node(s) didn't match Pod's node affinity/selector";

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                // node's spec | pod's spec | what stands in the way
                "{} | {} |",
                "{} | {nodeSelector: {disk: ssd}} |",
                "{} | {nodeSelector: {disk: hdd}} | " + SELECTOR,
                "{} | {nodeSelector: {gpu: 'yes'}} | " + SELECTOR,
                "{unschedulable: true} | {} | node(s) were unschedulable",
                "{unschedulable: true} | {tolerations: [{operator: Exists}]} |",
                "{taints: [{key: a, value: b, effect: NoSchedule}]} | {} | node(s) had untolerated taint {a: b}",
                "{taints: [{key: a, effect: NoExecute}]} | {} | 'node(s) had untolerated taint {a: }'",
                "{taints: [{key: a, value: b, effect: PreferNoSchedule}]} | {} |",
                "{taints: [{key: a, value: b, effect: NoSchedule}]} | {tolerations: [{key: a, value: b}]} |",
                "{taints: [{key: a, value: b, effect: NoSchedule}]} | {tolerations: [{key: a, value: c}]} | node(s) had untolerated taint {a: b}",
                "{taints: [{key: a, value: b, effect: NoSchedule}]} | {tolerations: [{key: a, operator: Exists, effect: NoSchedule}]} |",
                "{taints: [{key: a, value: b, effect: NoSchedule}]} | {tolerations: [{key: a, operator: Exists, effect: NoExecute}]} | node(s) had untolerated taint {a: b}",
            })
    void saysWhatStandsInTheWay(String node, String pod, @Nullable String obstacle) {
        assertThat(NodeFit.obstacle(pod(pod), node(node))).isEqualTo(obstacle);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{key: disk, operator: In, values: [hdd, ssd]} | true",
                "{key: disk, operator: In, values: [hdd]}      | false",
                "{key: disk, operator: NotIn, values: [hdd]}   | true",
                "{key: gpu, operator: NotIn, values: [hdd]}    | true",
                "{key: disk, operator: Exists}                 | true",
                "{key: gpu, operator: Exists}                  | false",
                "{key: gpu, operator: DoesNotExist}            | true",
                "{key: cores, operator: Gt, values: ['3']}     | true",
                "{key: cores, operator: Lt, values: ['3']}     | false",
            })
    void readsRequiredAffinity(String expression, boolean fits) {
        Pod pod = pod("{affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution:"
                + " {nodeSelectorTerms: [{matchExpressions: [" + expression + "]}]}}}}");
        assertThat(NodeFit.obstacle(pod, node("{}"))).isEqualTo(fits ? null : SELECTOR);
    }

    @Test
    void tellsAsKubernetesDoes() {
        assertThat(NodeFit.sentence(pod("{}"), List.of())).isEqualTo("no nodes available to schedule pods");
        assertThat(NodeFit.sentence(pod("{nodeSelector: {gpu: 'yes'}}"), List.of(node("{}"))))
                .isEqualTo("0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector. preemption:"
                        + " 0/1 nodes are available: 1 Preemption is not helpful for scheduling.");
    }

    private static Pod pod(String spec) {
        return Serialization.unmarshal("apiVersion: v1\nkind: Pod\nspec: " + spec, Pod.class);
    }

    private static Node node(String spec) {
        return Serialization.unmarshal(
                "apiVersion: v1\nkind: Node\nmetadata: {name: n1, labels: {disk: ssd, cores: '4'}}\nspec: " + spec,
                Node.class);
    }
}
