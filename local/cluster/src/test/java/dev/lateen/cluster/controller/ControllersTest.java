package dev.lateen.cluster.controller;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.cluster.api.LoopbackApi;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.DeletionPropagation;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.dsl.Waitable;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The controllers as clients of a real API server; a node that only says so takes the place of processes. */
class ControllersTest {
    private static final long PATIENCE = 30;
    private static final String BROKEN = "broken";

    @TempDir
    Path directory;

    private LoopbackApi api;
    private KubernetesClient client;
    private Controllers controllers;
    private ReadyNode node;

    @BeforeEach
    void start() throws IOException {
        api = new LoopbackApi(directory);
        client = new KubernetesClientBuilder()
                .withConfig(Config.fromKubeconfig(Files.readString(api.kubeconfig())))
                .build();
        controllers = Controllers.start(client, "the authority", Clock.systemUTC());
        node = new ReadyNode(
                client,
                pod -> !pod.getSpec().getContainers().getFirst().getImage().equals(BROKEN));
    }

    @AfterEach
    void stop() {
        node.close();
        controllers.close();
        client.close();
        api.close();
    }

    @Test
    void aDeploymentBecomesReadyPodsBehindItsService() {
        client.resource(deployment("web:1", 3)).create();
        client.load(stream("""
                apiVersion: v1
                kind: Service
                metadata: {name: web, namespace: default}
                spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
                """)).create();
        awaitRolledOut(3, "web:1");
        assertThat(pods()).hasSize(3).allSatisfy(pod -> {
            assertThat(pod.getSpec().getNodeName()).isEqualTo("n1");
            assertThat(pod.getMetadata().getName()).matches("web-[a-z0-9]+-[a-z0-9]{5}");
        });
        await(
                client.endpoints().inNamespace("default").withName("web"),
                endpoints -> endpoints != null
                        && endpoints.getSubsets() != null
                        && !endpoints.getSubsets().isEmpty()
                        && endpoints.getSubsets().getFirst().getAddresses().size() == 3
                        && endpoints
                                        .getSubsets()
                                        .getFirst()
                                        .getPorts()
                                        .getFirst()
                                        .getPort()
                                == 8080);
    }

    @Test
    void anUpdateRollsOutAndBack() {
        client.resource(deployment("web:1", 3)).create();
        awaitRolledOut(3, "web:1");
        client.resource(deployment("web:2", 3)).patch();
        awaitRolledOut(3, "web:2");
        assertThat(sets()).hasSize(2);
        client.resource(deployment("web:1", 3)).patch();
        awaitRolledOut(3, "web:1");
        // The old ReplicaSet serves again, under a new revision.
        assertThat(sets()).hasSize(2);
        assertThat(web().getMetadata().getAnnotations()).containsEntry("deployment.kubernetes.io/revision", "3");
    }

    @Test
    void anUpdateThatDoesNotWorkKeepsTheOldPods() {
        client.resource(deployment("web:1", 3)).create();
        awaitRolledOut(3, "web:1");
        client.resource(deployment(BROKEN, 3)).patch();
        await(
                client.apps().deployments().inNamespace("default").withName("web"),
                deployment -> Objects.equals(deployment.getStatus().getUpdatedReplicas(), 1)
                        && Objects.equals(deployment.getStatus().getUnavailableReplicas(), 1));
        assertThat(web().getStatus().getAvailableReplicas()).isEqualTo(3);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 5})
    void scales(int replicas) {
        client.resource(deployment("web:1", 3)).create();
        awaitRolledOut(3, "web:1");
        client.apps().deployments().inNamespace("default").withName("web").scale(replicas);
        awaitRolledOut(replicas, "web:1");
    }

    @Test
    void aPodThatIsDeletedIsReplaced() {
        client.resource(deployment("web:1", 2)).create();
        awaitRolledOut(2, "web:1");
        Pod victim = pods().getFirst();
        client.resource(victim).delete();
        eventually(() -> pods().size() == 2 && pods().stream().noneMatch(pod -> same(pod, victim)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"BACKGROUND", "FOREGROUND"})
    void whatADeploymentOwnsGoesWithIt(String propagation) {
        client.resource(deployment("web:1", 2)).create();
        awaitRolledOut(2, "web:1");
        client.resource(web())
                .withPropagationPolicy(DeletionPropagation.valueOf(propagation))
                .delete();
        await(
                client.pods()
                        .inNamespace("default")
                        .withName(pods().getFirst().getMetadata().getName()),
                Objects::isNull);
        await(client.apps().deployments().inNamespace("default").withName("web"), Objects::isNull);
        eventually(() -> sets().isEmpty() && pods().isEmpty());
    }

    @Test
    void orphansStay() {
        client.resource(deployment("web:1", 2)).create();
        awaitRolledOut(2, "web:1");
        client.resource(web()).withPropagationPolicy(DeletionPropagation.ORPHAN).delete();
        await(client.apps().deployments().inNamespace("default").withName("web"), Objects::isNull);
        assertThat(sets()).hasSize(1).allSatisfy(set -> assertThat(Owners.of(set))
                .isEmpty());
        assertThat(pods()).hasSize(2);
    }

    @Test
    void namespacesComeWithWhatPodsNeedAndGoWithAllTheyHold() {
        client.load(stream("apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n"))
                .create();
        await(client.serviceAccounts().inNamespace("shop").withName("default"), Objects::nonNull);
        ConfigMap root = await(client.configMaps().inNamespace("shop").withName("kube-root-ca.crt"), Objects::nonNull);
        assertThat(root.getData()).isEqualTo(Map.of("ca.crt", "the authority"));
        Deployment deployment = deployment("web:1", 2);
        deployment.getMetadata().setNamespace("shop");
        client.resource(deployment).create();
        await(
                client.apps().deployments().inNamespace("shop").withName("web"),
                each -> each.getStatus() != null
                        && Objects.equals(each.getStatus().getReadyReplicas(), 2));
        client.namespaces().withName("shop").delete();
        await(client.namespaces().withName("shop"), Objects::isNull);
        assertThat(client.pods().inNamespace("shop").list().getItems()).isEmpty();
    }

    @Test
    void aJobRunsItsPodsAndIsDone() {
        client.load(stream("""
                apiVersion: batch/v1
                kind: Job
                metadata: {name: sums, namespace: default}
                spec:
                  completions: 3
                  parallelism: 2
                  ttlSecondsAfterFinished: 1
                  template: {spec: {restartPolicy: Never, containers: [{name: c, image: i}]}}
                """)).create();
        Job done = await(
                client.batch().v1().jobs().inNamespace("default").withName("sums"),
                job -> JobPlan.condition(job.getStatus(), "Complete") != null);
        assertThat(done.getStatus().getSucceeded()).isEqualTo(3);
        assertThat(pods()).hasSize(3).noneMatch(JobPlan::tracked);
        await(client.batch().v1().jobs().inNamespace("default").withName("sums"), Objects::isNull);
        eventually(() -> pods().isEmpty());
    }

    @Test
    void podsOfAJobThatIsDeletedGoToo() {
        client.load(stream("""
                apiVersion: batch/v1
                kind: Job
                metadata: {name: sums, namespace: default}
                spec: {template: {spec: {restartPolicy: OnFailure, containers: [{name: c, image: i}]}}}
                """)).create();
        eventually(() -> pods().stream().anyMatch(Pods::ready));
        client.batch().v1().jobs().inNamespace("default").withName("sums").delete();
        eventually(() -> pods().isEmpty());
    }

    @Test
    void aPodThatFitsNoNodeSaysWhy() {
        client.load(stream("""
                apiVersion: v1
                kind: Pod
                metadata: {name: choosy, namespace: default}
                spec: {nodeSelector: {disk: ssd}, containers: [{name: c, image: i}]}
                """)).create();
        Pod pod = await(
                client.pods().inNamespace("default").withName("choosy"),
                each -> Pods.condition(each, "PodScheduled") != null);
        assertThat(Objects.requireNonNull(Pods.condition(pod, "PodScheduled")).getMessage())
                .startsWith("0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.");
        client.nodes().withName("n1").edit(n -> {
            n.getMetadata().setLabels(Map.of("disk", "ssd"));
            return n;
        });
        await(client.pods().inNamespace("default").withName("choosy"), Pods::ready);
    }

    private static boolean same(HasMetadata one, HasMetadata other) {
        return one.getMetadata().getUid().equals(other.getMetadata().getUid());
    }

    private Deployment web() {
        return client.apps()
                .deployments()
                .inNamespace("default")
                .withName("web")
                .get();
    }

    private List<ReplicaSet> sets() {
        return client.apps().replicaSets().inNamespace("default").list().getItems();
    }

    private List<Pod> pods() {
        return client.pods().inNamespace("default").list().getItems();
    }

    private void awaitRolledOut(int replicas, String image) {
        await(client.apps().deployments().inNamespace("default").withName("web"), deployment -> {
            var status = deployment.getStatus();
            return status != null
                    && Objects.equals(
                            status.getObservedGeneration(),
                            deployment.getMetadata().getGeneration())
                    && zero(status.getUpdatedReplicas()) == replicas
                    && zero(status.getReplicas()) == replicas
                    && zero(status.getAvailableReplicas()) == replicas;
        });
        eventually(() -> pods().size() == replicas);
        assertThat(pods()).allSatisfy(pod -> assertThat(
                        pod.getSpec().getContainers().getFirst().getImage())
                .isEqualTo(image));
    }

    private static int zero(@Nullable Integer count) {
        return count == null ? 0 : count;
    }

    private static <T> T await(Waitable<T, T> object, Predicate<T> condition) {
        return object.waitUntilCondition(condition, PATIENCE, TimeUnit.SECONDS);
    }

    /** Waits for something that more than one object tells. */
    private void eventually(BooleanSupplier condition) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE);
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).isLessThan(end);
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
        }
    }

    private static Deployment deployment(String image, int replicas) {
        return Serialization.unmarshal("""
                apiVersion: apps/v1
                kind: Deployment
                metadata: {name: web, namespace: default}
                spec:
                  replicas: %d
                  selector: {matchLabels: {app: web}}
                  template:
                    metadata: {labels: {app: web}}
                    spec: {containers: [{name: web, image: "%s"}]}
                """.formatted(replicas, image), Deployment.class);
    }

    private static InputStream stream(String yaml) {
        return new ByteArrayInputStream(yaml.getBytes(StandardCharsets.UTF_8));
    }
}
