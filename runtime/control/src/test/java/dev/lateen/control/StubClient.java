package dev.lateen.control;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import dev.lateen.xds.server.ClientStatus;
import dev.lateen.xds.server.TypeStatus;
import io.envoyproxy.envoy.config.core.v3.Node;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** A connected proxy that says what a test wants. */
record StubClient(Node node, List<TypeStatus> types, Map<String, Map<String, String>> sent, long generation)
        implements ClientStatus {
    StubClient(Node node, List<TypeStatus> types, Map<String, Map<String, String>> sent) {
        this(node, types, sent, 1);
    }

    /** A sidecar's node. */
    static Node node(String name, String namespace) {
        return Node.newBuilder()
                .setId("sidecar~10.0.0.1~" + name + "~" + namespace + ".svc.cluster.local")
                .setMetadata(Struct.newBuilder()
                        .putFields(
                                "NAMESPACE",
                                Value.newBuilder().setStringValue(namespace).build()))
                .build();
    }

    @Override
    public String connectionId() {
        return "stream-1";
    }

    @Override
    public String address() {
        return "10.0.0.1:1";
    }

    @Override
    public Instant connectedAt() {
        return Instant.EPOCH;
    }

    @Override
    public boolean delta() {
        return false;
    }
}
