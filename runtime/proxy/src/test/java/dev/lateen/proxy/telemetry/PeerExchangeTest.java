package dev.lateen.proxy.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Struct;
import com.google.protobuf.util.JsonFormat;
import dev.lateen.proxycore.head.FieldName;
import dev.lateen.proxycore.head.Fields;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

final class PeerExchangeTest {
    private static final Struct NODE = struct("""
            {"WORKLOAD_NAME": "web-v1", "NAMESPACE": "default", "CLUSTER_ID": "Kubernetes", "POD_PORTS": "[]",
             "LABELS": {"app": "web", "version": "v1", "service.istio.io/canonical-name": "web",
                        "service.istio.io/canonical-revision": "v1"}}
            """);

    private final PeerExchange peers = new PeerExchange(PeerExchange.told(NODE), "sidecar~10.0.0.1~web.default~x");

    private static Struct struct(String json) {
        Struct.Builder struct = Struct.newBuilder();
        try {
            JsonFormat.parser().merge(json, struct);
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
        return struct.build();
    }

    @Test
    void whatOneTells_theOtherHears_andNobodyElse() {
        Fields fields = new Fields();
        fields.add("x-other", "stays");
        peers.tell(fields);
        assertThat(fields.get(FieldName.X_ENVOY_PEER_METADATA_ID)).isEqualTo("sidecar~10.0.0.1~web.default~x");
        for (int i = 0; i < 2; i++) {
            Fields copy = fields.copy();
            assertThat(peers.hear(copy))
                    .isEqualTo(new PeerExchange.Peer(
                            new Workload("web-v1", "default", "web", "v1", "Kubernetes", "web", "v1"), true));
            assertThat(copy.size()).isEqualTo(1);
        }
    }

    @Test
    void theFieldIsTheBase64OfAStruct_withoutWhatPeersNeedNot() throws Exception {
        Fields fields = new Fields();
        peers.tell(fields);
        Struct sent = Struct.parseFrom(Base64.getDecoder()
                .decode(java.util.Objects.requireNonNull(fields.get(FieldName.X_ENVOY_PEER_METADATA))));
        assertThat(sent.getFieldsMap().keySet())
                .containsExactlyInAnyOrder("WORKLOAD_NAME", "NAMESPACE", "CLUSTER_ID", "LABELS", "LATEEN_FAULTS");
    }

    @Test
    void silenceIsNobody_nonsenseIsUnknown() {
        assertThat(peers.hear(new Fields())).isNull();
        Fields nonsense = new Fields();
        nonsense.add(FieldName.X_ENVOY_PEER_METADATA, "%%%");
        assertThat(peers.hear(nonsense)).isEqualTo(PeerExchange.Peer.UNKNOWN);
        assertThat(nonsense.isEmpty()).isTrue();
    }

    @Property
    void anyBytesAreHeardOrUnknown(@ForAll byte[] bytes, @ForAll boolean encoded) {
        Fields fields = new Fields();
        fields.add(
                FieldName.X_ENVOY_PEER_METADATA,
                encoded ? Base64.getEncoder().encodeToString(bytes) : new String(bytes, StandardCharsets.ISO_8859_1));
        assertThat(peers.hear(fields)).isNotNull();
        assertThat(fields.isEmpty()).isTrue();
    }
}
