package dev.lateen.control.inject;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** Whose pod it is, as the pod itself tells. */
class WorkloadTest {
    @ParameterizedTest(name = "{0}: {1} {2} {3}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {name: a}                                                                                                                             | v1 | Pod | a
            {generateName: a-}                                                                                                                    | v1 | Pod | a
            {generateName: web-7f-, labels: {pod-template-hash: 7f}, ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web-7f, controller: true}]}   | apps/v1 | Deployment | web
            {generateName: web-7f-, labels: {pod-template-hash: 80}, ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web-7f, controller: true}]}   | apps/v1 | ReplicaSet | web-7f
            {generateName: web-, ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web, controller: true}]}                         | apps/v1 | ReplicaSet | web
            {generateName: web-7f-, labels: {rollouts-pod-template-hash: 7f}, ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web-7f, controller: true}]} | argoproj.io/v1alpha1 | Rollout | web
            {name: db-0, generateName: db-, ownerReferences: [{apiVersion: apps/v1, kind: StatefulSet, name: db, controller: true}]}              | apps/v1 | StatefulSet | db
            {generateName: log-, ownerReferences: [{apiVersion: apps/v1, kind: DaemonSet, name: log, controller: true}]}                          | apps/v1 | DaemonSet | log
            {generateName: dump-29384756-, ownerReferences: [{apiVersion: batch/v1, kind: Job, name: dump-29384756, controller: true}]}           | batch/v1 | CronJob | dump
            {generateName: dump-1-, ownerReferences: [{apiVersion: batch/v1, kind: Job, name: dump-1, controller: true}]}                         | batch/v1 | Job | dump-1
            {generateName: a-1-, labels: {deploymentconfig: a}, ownerReferences: [{apiVersion: v1, kind: ReplicationController, name: a-1, controller: true}]} | apps.openshift.io/v1 | DeploymentConfig | a
            {name: a, ownerReferences: [{apiVersion: v1, kind: Other, name: b}]}                                                                  | v1 | Pod | a
            {name: static-node, ownerReferences: [{apiVersion: v1, kind: Node, name: node, controller: true}]}                                    | v1 | Pod | static-node
            """)
    void owners(String metadata, String apiVersion, String kind, String name) {
        assertThat(Workload.ofPod(new YAMLMapper().readTree("{metadata: " + metadata + "}"), "shop"))
                .isEqualTo(new Workload(apiVersion, kind, "shop", name));
    }
}
