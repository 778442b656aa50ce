package dev.lateen.proxy.config;

import com.google.protobuf.Message;
import dev.lateen.xds.client.ResourceUpdate;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** The resources in force as they were sent, by type and name. Not thread-safe. */
final class KeptResources {
    private final Map<String, Map<String, KeptResource>> byType = new TreeMap<>();

    /** Takes an update; the messages are those that it brought. */
    void take(ResourceUpdate update, Map<String, ? extends Message> messages, Instant at, boolean fromDisk) {
        Map<String, KeptResource> named = byType.computeIfAbsent(update.type(), _ -> new TreeMap<>());
        Map<String, String> versions = new HashMap<>();
        update.changed().forEach(resource -> versions.put(resource.name(), resource.version()));
        messages.forEach(
                (name, body) -> named.put(name, new KeptResource(body, versions.getOrDefault(name, ""), at, fromDisk)));
        update.removed().forEach(named::remove);
    }

    /** An update that brings all that there is of its type, with what it leaves out as removed. */
    ResourceUpdate whole(ResourceUpdate update) {
        Set<String> gone =
                new HashSet<>(byType.getOrDefault(update.type(), Map.of()).keySet());
        update.changed().forEach(resource -> gone.remove(resource.name()));
        gone.addAll(update.removed());
        return new ResourceUpdate(update.type(), update.changed(), List.copyOf(gone));
    }

    /** Those of a type, by name. */
    Map<String, KeptResource> of(String type) {
        return byType.getOrDefault(type, Map.of());
    }

    Map<String, Map<String, KeptResource>> copy() {
        Map<String, Map<String, KeptResource>> copy = new TreeMap<>();
        byType.forEach((type, named) -> copy.put(type, new TreeMap<>(named)));
        return copy;
    }
}
