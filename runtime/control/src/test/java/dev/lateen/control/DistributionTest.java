package dev.lateen.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import dev.lateen.control.registration.Registrations;
import dev.lateen.control.secret.FileSecrets;
import dev.lateen.control.secret.ProxySecrets;
import dev.lateen.mesh.Snapshot;
import dev.lateen.xds.server.PeerIdentity;
import dev.lateen.xds.server.ResourceSet;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whose configuration a proxy gets that has proven who it is: its own alone. */
class DistributionTest {
    private static final AtomicInteger TRIED = new AtomicInteger();
    private static final AtomicInteger LET_IN = new AtomicInteger();

    @ParameterizedTest
    @CsvSource({
        // the node says: namespace of its id, of its metadata, service account, address; allowed for shop/web
        "shop,  shop,  web,   10.244.0.9, true",
        "shop,  shop,  '',    10.244.0.9, true",
        "shop,  shop,  web,   10.244.0.8, true", // no pod that is known
        "shop,  shop,  other, 10.244.0.9, false",
        "other, shop,  web,   10.244.0.9, false",
        "shop,  other, web,   10.244.0.9, false",
        "other, other, web,   10.244.0.9, false",
        "other, other, '',    10.244.0.9, false",
        "shop,  shop,  web,   10.244.0.7, false", // a pod of shop/other
        "shop,  shop,  '',    10.244.0.7, false",
        "shop,  shop,  web,   10.244.0.6, false", // a pod of other/web
    })
    void a_node_must_be_of_the_identity_that_was_shown(
            String namespace, String metadata, String account, String address, boolean allowed) {
        Node node = Node.newBuilder()
                .setId("sidecar~" + address + "~web." + namespace + "~" + namespace + ".svc.cluster.local")
                .setMetadata(Struct.newBuilder()
                        .putFields("NAMESPACE", text(metadata))
                        .putFields("SERVICE_ACCOUNT", text(account)))
                .build();
        PeerIdentity web = new PeerIdentity("cluster.local", "shop", "web");
        try (Registrations registrations = new Registrations(null, Clock.fixed(Instant.EPOCH, ZoneOffset.UTC))) {
            Distribution distribution = new Distribution(
                    Snapshot.empty()
                            .change()
                            .put(pod("shop", "web", "10.244.0.9"))
                            .put(pod("shop", "other", "10.244.0.7"))
                            .put(pod("other", "web", "10.244.0.6"))
                            .apply(),
                    new ProxySecrets(null, new FileSecrets(), false, () -> Instant.EPOCH),
                    registrations,
                    new DebugQuestions(
                            "istio-system", "0", "istiod-0", List::of, of -> ResourceSet.EMPTY, path -> null),
                    () -> {});
            if (allowed) {
                try (var client = distribution.connect(node, web, () -> {})) {
                    assertThat(client.current()).isNotNull();
                }
            } else {
                TRIED.incrementAndGet();
                assertThatThrownBy(() -> {
                            try (var _ = distribution.connect(node, web, () -> {})) {
                                LET_IN.incrementAndGet();
                            }
                        })
                        .isInstanceOf(SecurityException.class)
                        .hasMessageContaining("is not of service account");
            }
        }
    }

    @AfterAll
    static void tell() {
        System.out.println("attack: another workload's configuration: " + TRIED + " tried, " + LET_IN + " let in");
    }

    private static Pod pod(String namespace, String account, String address) {
        return new PodBuilder()
                .withNewMetadata()
                .withNamespace(namespace)
                .withName(account)
                .endMetadata()
                .withNewSpec()
                .withServiceAccountName(account)
                .endSpec()
                .withNewStatus()
                .withPhase("Running")
                .withPodIP(address)
                .endStatus()
                .build();
    }

    private static Value text(String text) {
        return Value.newBuilder().setStringValue(text).build();
    }
}
