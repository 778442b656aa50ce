package dev.lateen.mesh.patch;

import com.google.protobuf.Any;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Duration;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.TransportSocket;
import org.jspecify.annotations.Nullable;

/**
 * Puts messages over others as Istio does: by protobuf's rules of merging, but for durations, which are replaced as a
 * whole, and for packed configurations of the same message, which are merged inside.
 */
final class Merging {
    private static final String CONFIG = "typed_config";
    private static final String SOCKET = "transport_socket";

    /** Lists in what is packed are never replaced, as in Istio. */
    private static final Merging PACKED = new Merging(false);

    private final boolean replacesLists;

    /** @param replacesLists whether a list of the value takes the place of the other one, and not its end */
    Merging(boolean replacesLists) {
        this.replacesLists = replacesLists;
    }

    /** The thing itself where both are configured by different messages, which have nothing in common. */
    <M extends Message> M merged(M thing, M value, Class<M> type) {
        Any mine = config(thing);
        Any theirs = config(value);
        if (mine != null && theirs != null && !mine.getTypeUrl().equals(theirs.getTypeUrl())) {
            return thing;
        }
        Message.Builder both = over(thing, value);
        FieldDescriptor config = thing.getDescriptorForType().findFieldByName(CONFIG);
        if (config != null && mine != null && theirs != null) {
            both.setField(config, merged(mine, theirs));
        }
        FieldDescriptor socket = thing.getDescriptorForType().findFieldByName(SOCKET);
        if (socket != null
                && thing.getField(socket) instanceof TransportSocket own
                && value.getField(socket) instanceof TransportSocket other
                && value.hasField(socket)) {
            both.setField(
                    socket, own.getName().equals(other.getName()) ? merged(own, other, TransportSocket.class) : other);
        }
        return type.cast(both.build());
    }

    /** As any other, but that a cluster with several transport sockets has no other besides. */
    Cluster merged(Cluster cluster, Cluster value) {
        if (!value.hasTransportSocket() || cluster.getTransportSocketMatchesCount() == 0) {
            return merged(cluster, value, Cluster.class);
        }
        TransportSocket other = value.getTransportSocket();
        Cluster.Builder both =
                merged(cluster, value.toBuilder().clearTransportSocket().build(), Cluster.class).toBuilder();
        both.getTransportSocketMatchesBuilderList().stream()
                .filter(match -> match.getTransportSocket().getName().equals(other.getName()))
                .findFirst()
                .ifPresent(match ->
                        match.setTransportSocket(merged(match.getTransportSocket(), other, TransportSocket.class)));
        return both.build();
    }

    /** Null where there is none. */
    private static @Nullable Any config(Message message) {
        FieldDescriptor field = message.getDescriptorForType().findFieldByName(CONFIG);
        return field != null && message.hasField(field) && message.getField(field) instanceof Any packed
                ? packed
                : null;
    }

    private Any merged(Any mine, Any theirs) {
        Message empty = EnvoyMessages.instance(
                mine.getTypeUrl().substring(mine.getTypeUrl().lastIndexOf('/') + 1));
        try {
            return Any.pack(PACKED.over(
                            empty.toBuilder().mergeFrom(mine.getValue()).build(),
                            empty.toBuilder().mergeFrom(theirs.getValue()).build())
                    .build());
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("a message that was packed here cannot be unpacked", e);
        }
    }

    private Message.Builder over(Message thing, Message value) {
        Message.Builder both = thing.toBuilder();
        clearReplaced(both, value);
        return both.mergeFrom(value);
    }

    private void clearReplaced(Message.Builder thing, Message value) {
        value.getAllFields().forEach((field, given) -> {
            if (field.isRepeated()) {
                if (replacesLists && !field.isMapField()) {
                    thing.clearField(field);
                }
            } else if (given instanceof Duration) {
                thing.clearField(field);
            } else if (given instanceof Message inner && thing.hasField(field)) {
                clearReplaced(thing.getFieldBuilder(field), inner);
            }
        });
    }
}
