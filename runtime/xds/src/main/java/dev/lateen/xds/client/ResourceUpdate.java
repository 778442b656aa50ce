package dev.lateen.xds.client;

import com.google.protobuf.Any;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import java.util.List;

/**
 * One response of the control plane for one type: what is new or changed, and what is gone. Everything not named keeps
 * its last accepted state.
 *
 * @param type the type URL
 * @param changed added and changed resources, in the order sent; a reconnect may repeat unchanged ones
 * @param removed names that no longer exist, or never did
 */
public record ResourceUpdate(String type, List<Resource> changed, List<String> removed) {
    public ResourceUpdate {
        changed = List.copyOf(changed);
        removed = List.copyOf(removed);
    }

    /** What a response brings. */
    public static ResourceUpdate of(DeltaDiscoveryResponse response) {
        return new ResourceUpdate(
                response.getTypeUrl(),
                response.getResourcesList().stream()
                        .map(resource ->
                                new Resource(resource.getName(), resource.getVersion(), resource.getResource()))
                        .toList(),
                response.getRemovedResourcesList());
    }

    /** A named resource at a version; {@code body} still packed. */
    public record Resource(String name, String version, Any body) {}
}
