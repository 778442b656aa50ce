package dev.lateen.proxy.telemetry;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import dev.lateen.proxycore.head.FieldName;
import dev.lateen.proxycore.head.Fields;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * Tells peers who this workload is and hears who they are, as Istio's proxies do: field {@code x-envoy-peer-metadata}
 * carries the base64 of a {@code google.protobuf.Struct}, {@code x-envoy-peer-metadata-id} the node's id; both go with
 * requests to the mesh and with answers to those who sent them, and neither is shown to the application. One event loop.
 */
public final class PeerExchange {
    private static final int SLOTS = 256;
    private static final int LONGEST = 16 * 1024;
    private static final String READS_FAULTS = "LATEEN_FAULTS";

    private final String value;
    private final String id;
    private final Heard[] heard = new Heard[SLOTS];

    @SuppressWarnings("ArrayRecordComponent") // compared with bytes of a head, never as a record
    private record Heard(byte[] value, Peer peer) {}

    /**
     * Who is on the other side.
     *
     * @param readsFaults whether it is a proxy that takes {@link dev.lateen.proxycore.FaultField} out of answers where
     *     the one behind it is not to have it
     */
    public record Peer(Workload workload, boolean readsFaults) {
        /** One of which nothing is known. */
        public static final Peer UNKNOWN = new Peer(Workload.UNKNOWN, false);
    }

    /**
     * @param node what is told of this workload, see {@link #told}
     * @param id the node's id
     */
    public PeerExchange(Struct node, String id) {
        this.value = encode(node);
        this.id = id;
    }

    private static String encode(Struct node) {
        byte[] bytes = new byte[node.getSerializedSize()];
        CodedOutputStream out = CodedOutputStream.newInstance(bytes);
        // The same workload must always be the same text, so that peers may keep what they have decoded.
        out.useDeterministicSerialization();
        try {
            node.writeTo(out);
            out.checkNoSpaceLeft();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return Base64.getEncoder().encodeToString(bytes);
    }

    /** Of a node's metadata what peers need. */
    public static Struct told(Struct metadata) {
        Struct.Builder told = Struct.newBuilder();
        for (String name : new String[] {"CLUSTER_ID", "LABELS", "NAME", "NAMESPACE", "OWNER", "WORKLOAD_NAME"}) {
            if (metadata.containsFields(name)) {
                told.putFields(name, metadata.getFieldsOrThrow(name));
            }
        }
        told.putFields(READS_FAULTS, Value.newBuilder().setBoolValue(true).build());
        return told.build();
    }

    /** Puts this workload into a head. */
    public void tell(Fields fields) {
        fields.set(FieldName.X_ENVOY_PEER_METADATA, value);
        fields.set(FieldName.X_ENVOY_PEER_METADATA_ID, id);
    }

    /** Leaves a head without such fields. */
    public static void remove(Fields fields) {
        fields.remove(FieldName.X_ENVOY_PEER_METADATA);
        fields.remove(FieldName.X_ENVOY_PEER_METADATA_ID);
    }

    /** Takes the peer out of a head; null when it says nothing, unknown when what it says is not understood. */
    public @Nullable Peer hear(Fields fields) {
        int field = fields.find(FieldName.X_ENVOY_PEER_METADATA);
        if (field < 0) {
            if (fields.contains(FieldName.X_ENVOY_PEER_METADATA_ID)) {
                fields.remove(FieldName.X_ENVOY_PEER_METADATA_ID);
                return Peer.UNKNOWN;
            }
            return null;
        }
        Peer peer = peer(fields, field);
        remove(fields);
        return peer;
    }

    private Peer peer(Fields fields, int field) {
        int length = fields.valueLength(field);
        if (length > LONGEST) {
            return Peer.UNKNOWN;
        }
        int slot = slot(fields.array(), fields.valueOffset(field), length);
        Heard known = heard[slot];
        if (known != null && fields.valueEquals(field, known.value())) {
            return known.peer();
        }
        int offset = fields.valueOffset(field);
        byte[] bytes = Arrays.copyOfRange(fields.array(), offset, offset + length);
        Peer peer = decode(bytes);
        heard[slot] = new Heard(bytes, peer);
        return peer;
    }

    private static int slot(byte[] bytes, int offset, int length) {
        int hash = 1;
        for (int i = offset; i < offset + length; i++) {
            hash = 31 * hash + bytes[i];
        }
        return (hash ^ hash >>> 16) & SLOTS - 1;
    }

    private static Peer decode(byte[] text) {
        try {
            Struct told = Struct.parseFrom(Base64.getDecoder().decode(text));
            return new Peer(
                    Workload.of(told),
                    told.getFieldsOrDefault(READS_FAULTS, Value.getDefaultInstance())
                            .getBoolValue());
        } catch (IllegalArgumentException | InvalidProtocolBufferException e) {
            // A peer that is no proxy of this mesh may send anything; then it is a peer of which nothing is known.
            return Peer.UNKNOWN;
        }
    }

    @Override
    public String toString() {
        return id + " " + new String(Base64.getDecoder().decode(value), StandardCharsets.ISO_8859_1);
    }
}
