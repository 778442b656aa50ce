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
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whose configuration a proxy gets that has proven who it is: its own alone. */
class DistributionTest {
    @ParameterizedTest
    @CsvSource({
        // the node says: namespace of its id, of its metadata, service account; allowed for shop/web
        "shop,  shop,  web,   true",
        "shop,  shop,  '',    true",
        "shop,  shop,  other, false",
        "other, shop,  web,   false",
        "shop,  other, web,   false",
        "other, other, web,   false",
        "other, other, '',    false",
    })
    void a_node_must_be_of_the_identity_that_was_shown(
            String namespace, String metadata, String account, boolean allowed) {
        Node node = Node.newBuilder()
                .setId("sidecar~10.244.0.9~web." + namespace + "~" + namespace + ".svc.cluster.local")
                .setMetadata(Struct.newBuilder()
                        .putFields("NAMESPACE", text(metadata))
                        .putFields("SERVICE_ACCOUNT", text(account)))
                .build();
        PeerIdentity web = new PeerIdentity("cluster.local", "shop", "web");
        try (Registrations registrations = new Registrations(null, Clock.fixed(Instant.EPOCH, ZoneOffset.UTC))) {
            Distribution distribution = new Distribution(
                    Snapshot.empty(),
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
                assertThatThrownBy(() -> distribution.connect(node, web, () -> {}))
                        .isInstanceOf(SecurityException.class)
                        .hasMessageContaining("is not of service account");
            }
        }
    }

    private static Value text(String text) {
        return Value.newBuilder().setStringValue(text).build();
    }
}
