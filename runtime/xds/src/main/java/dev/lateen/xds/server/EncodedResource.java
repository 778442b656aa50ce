package dev.lateen.xds.server;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import io.envoyproxy.envoy.config.core.v3.Address;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.service.discovery.v3.Resource;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A resource in wire form. One instance serves every client that gets the same resource. Immutable, for any thread. */
public final class EncodedResource {
    private final Resource wire;
    private volatile @Nullable Set<Address> hosts;

    EncodedResource(Resource wire) {
        this.wire = wire;
    }

    /** Name, version (a hash of the content) and packed body, as incremental xDS sends them. */
    public Resource wire() {
        return wire;
    }

    public String name() {
        return wire.getName();
    }

    /** Equal exactly if the content is: 128 bits of SHA-256 over the type and the bytes, in hex. */
    public String version() {
        return wire.getVersion();
    }

    /** The body alone, as state-of-the-world responses carry it. */
    public Any body() {
        return wire.getResource();
    }

    /** The addresses in an assignment of endpoints; read when first asked for, once for all clients. */
    Set<Address> hosts() {
        Set<Address> known = hosts;
        if (known == null) {
            known = read();
            hosts = known;
        }
        return known;
    }

    private Set<Address> read() {
        try {
            return ClusterLoadAssignment.parseFrom(wire.getResource().getValue()).getEndpointsList().stream()
                    .flatMap(place -> place.getLbEndpointsList().stream())
                    .map(endpoint -> endpoint.getEndpoint().getAddress())
                    .collect(Collectors.toUnmodifiableSet());
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("No assignment of endpoints: " + wire.getName(), e);
        }
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof EncodedResource that && wire.equals(that.wire);
    }

    @Override
    public int hashCode() {
        return wire.hashCode();
    }

    @Override
    public String toString() {
        return wire.getName() + " " + wire.getVersion();
    }
}
