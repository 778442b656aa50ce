package dev.lateen.xds.server;

import java.util.Map;

/**
 * All resources of one client at one moment; immutable, cheap to share.
 *
 * @param byType type URL → name → resource, in sending order
 * @param generation see {@link ResourceEncoder#encode}
 */
public record ResourceSet(Map<String, Map<String, EncodedResource>> byType, long generation) {
    public static final ResourceSet EMPTY = new ResourceSet(Map.of(), 0);

    /** The resources of a type; empty if there are none. */
    public Map<String, EncodedResource> of(String type) {
        return byType.getOrDefault(type, Map.of());
    }
}
