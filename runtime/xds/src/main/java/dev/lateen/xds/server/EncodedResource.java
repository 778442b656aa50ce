package dev.lateen.xds.server;

import com.google.protobuf.Any;
import io.envoyproxy.envoy.service.discovery.v3.Resource;

/**
 * A resource in wire form. One instance serves every client that gets the same resource.
 *
 * @param wire name, version (a hash of the content) and packed body, as incremental xDS sends them
 */
public record EncodedResource(Resource wire) {
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

    int size() {
        return wire.getResource().getValue().size();
    }
}
