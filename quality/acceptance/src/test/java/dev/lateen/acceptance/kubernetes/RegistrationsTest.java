package dev.lateen.acceptance.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import dev.lateen.config.ConfigReader;
import dev.lateen.config.CustomResourceDefinitions;
import dev.lateen.control.registration.Registrations;
import dev.lateen.mesh.Snapshot;
import dev.lateen.xds.server.PeerIdentity;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Workloads that register themselves, at the local cluster's API. */
class RegistrationsTest {
    private static final String GROUP = """
            apiVersion: networking.istio.io/v1
            kind: WorkloadGroup
            metadata: {name: vms, namespace: default}
            spec: {template: {ports: {http: 8080}, serviceAccount: vm}}
            """;
    private static final PeerIdentity VM = new PeerIdentity("cluster.local", "default", "vm");

    @TempDir
    private Path directory;

    private final HandClock clock = new HandClock(Instant.parse("2026-11-26T10:00:00Z"));

    @Test
    void an_entry_comes_with_its_proxy_and_goes_after_it() throws Exception {
        try (LocalApi api = new LocalApi(directory);
                KubernetesClient client = new KubernetesClientBuilder()
                        .withConfig(Config.fromKubeconfig(api.kubeconfig()))
                        .build();
                Registrations registrations = new Registrations(client, clock)) {
            CustomResourceDefinitions.all().forEach(definition -> client.resource(
                            Serialization.unmarshal(definition.toString(), CustomResourceDefinition.class))
                    .create());
            GenericKubernetesResource group = Serialization.unmarshal(GROUP, GenericKubernetesResource.class);
            client.resource(group).create();
            Snapshot snapshot = snapshot(client, "WorkloadGroup", "vms");

            assertThatThrownBy(() -> registrations.connect(node("others"), VM, snapshot))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("there is no WorkloadGroup default/others");
            assertThatThrownBy(() -> registrations.connect(node("vms"), null, snapshot))
                    .isInstanceOf(SecurityException.class)
                    .hasMessageContaining("of nobody");
            PeerIdentity stranger = new PeerIdentity("cluster.local", "default", "stranger");
            assertThatThrownBy(() -> registrations.connect(node("vms"), stranger, snapshot))
                    .isInstanceOf(SecurityException.class)
                    .hasMessageContaining("for service account default/vm");

            Registrations.Registered first = registrations.connect(node("vms"), VM, snapshot);
            GenericKubernetesResource entry = Objects.requireNonNull(entry(client));
            assertThat(entry.<String>get("spec", "address")).isEqualTo("10.9.8.7");
            assertThat(entry.<Integer>get("spec", "ports", "http")).isEqualTo(8080);

            first.close();
            Map<String, String> annotations = awaitDisconnected(client);
            assertThat(annotations).containsEntry("istio.io/disconnectedAt", "2026-11-26T10:00:00Z");
            clock.move(Duration.ofSeconds(9));
            registrations.sweep(snapshot(client, "WorkloadEntry", "vms-10.9.8.7"));
            assertThat(entry(client)).isNotNull();

            Registrations.Registered second = registrations.connect(node("vms"), VM, snapshot);
            assertThat(Objects.requireNonNull(entry(client)).getMetadata().getAnnotations())
                    .containsEntry("istio.io/connectedAt", "2026-11-26T10:00:09Z")
                    .doesNotContainKey("istio.io/disconnectedAt");
            second.close();
            awaitDisconnected(client);
            Snapshot seen = snapshot(client, "WorkloadEntry", "vms-10.9.8.7");
            // Whatever is written after that, such as a status, gives the object another version.
            client.genericKubernetesResources("networking.istio.io/v1", "WorkloadEntry")
                    .inNamespace("default")
                    .withName("vms-10.9.8.7")
                    .patch(PatchContext.of(PatchType.JSON_MERGE), "{\"metadata\":{\"labels\":{\"a\":\"b\"}}}");
            clock.move(Duration.ofSeconds(11));
            registrations.sweep(seen);
            assertThat(entry(client)).isNull();
        }
    }

    private static Node node(String group) {
        return Node.newBuilder()
                .setId("sidecar~10.9.8.7~vm1.default~default.svc.cluster.local")
                .setMetadata(Struct.newBuilder()
                        .putFields(
                                "AUTO_REGISTER_GROUP",
                                Value.newBuilder().setStringValue(group).build()))
                .build();
    }

    private static Snapshot snapshot(KubernetesClient client, String kind, String name) {
        Snapshot.Change change = Snapshot.empty().change();
        GenericKubernetesResource object = client.genericKubernetesResources("networking.istio.io/v1", kind)
                .inNamespace("default")
                .withName(name)
                .get();
        new ConfigReader().readApiObject(Serialization.asJson(object)).objects().forEach(change::put);
        return change.apply();
    }

    private static GenericKubernetesResource entry(KubernetesClient client) {
        return client.genericKubernetesResources("networking.istio.io/v1", "WorkloadEntry")
                .inNamespace("default")
                .withName("vms-10.9.8.7")
                .get();
    }

    private static Map<String, String> awaitDisconnected(KubernetesClient client) throws InterruptedException {
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        Map<String, String> annotations = Map.of();
        while (System.nanoTime() < until) {
            annotations = entry(client).getMetadata().getAnnotations();
            if (annotations.containsKey("istio.io/disconnectedAt")) {
                return annotations;
            }
            TimeUnit.MILLISECONDS.sleep(50);
        }
        throw new AssertionError("no disconnection noted: " + annotations);
    }
}
