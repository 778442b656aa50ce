package dev.lateen.cluster.controller;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.lateen.cluster.controller.ApiCollections.Collection;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Removes objects whose owners have gone, and carries out deletions that wait for what is owned ({@code Foreground}) or
 * let go of it ({@code Orphan}). It keeps no picture of who owns whom: it reads a namespace's objects when an owner in
 * it goes, and all of them each {@link #SWEEP}, which finds owners of kinds that nothing here watches.
 */
final class GarbageCollector implements AutoCloseable {
    private static final Duration SWEEP = Duration.ofSeconds(20);
    private static final Duration FOREGROUND = Duration.ofMillis(200);
    private static final PatchContext MERGE = PatchContext.of(PatchType.JSON_MERGE);

    private final KubernetesClient client;
    private final Watched watched;
    private final WorkQueue queue = new WorkQueue("garbage collector", this::collect);

    private record Item(Collection collection, JsonNode metadata) {
        String text(String field) {
            return metadata.path(field).asText();
        }

        String uid() {
            return text("uid");
        }

        String path() {
            return collection.path(text("namespace")) + "/" + text("name");
        }

        boolean leaving(String finalizer) {
            if (metadata.hasNonNull("deletionTimestamp")) {
                for (JsonNode each : metadata.path("finalizers")) {
                    if (each.asText().equals(finalizer)) {
                        return true;
                    }
                }
            }
            return false;
        }

        boolean ownedBy(Item owner) {
            for (JsonNode each : metadata.path("ownerReferences")) {
                if (each.path("uid").asText().equals(owner.uid())) {
                    return true;
                }
            }
            return false;
        }

        boolean holdsUp(Item owner) {
            for (JsonNode each : metadata.path("ownerReferences")) {
                if (each.path("uid").asText().equals(owner.uid())
                        && each.path("blockOwnerDeletion").asBoolean()) {
                    return true;
                }
            }
            return false;
        }
    }

    GarbageCollector(KubernetesClient client, Watched watched) {
        this.client = client;
        this.watched = watched;
        Watched.onChange(watched.namespaces, (before, now) -> {
            if (before == null && now != null) {
                queue.addAfter(now.getMetadata().getName(), SWEEP);
            }
        });
        List.of(watched.deployments, watched.replicaSets, watched.jobs, watched.services)
                .forEach(informer -> Watched.onChange(informer, this::seen));
        queue.start();
    }

    private void seen(@Nullable HasMetadata before, @Nullable HasMetadata now) {
        HasMetadata object = now == null ? before : now;
        if (object != null && (now == null || now.getMetadata().getDeletionTimestamp() != null)) {
            queue.add(object.getMetadata().getNamespace());
        }
    }

    private void collect(String namespace) {
        Namespace object = watched.namespaces.getStore().getByKey(namespace);
        if (object == null) {
            return;
        }
        List<Collection> collections = ApiCollections.of(client);
        List<Item> items = new ArrayList<>();
        Set<String> uids = new HashSet<>();
        for (Collection each : collections) {
            if (each.namespaced() && !each.kind().equals("Event")) {
                read(each, namespace, items, uids);
            }
        }
        boolean waits = false;
        for (Item each : items) {
            if (each.leaving("orphan")) {
                release(each, items);
            } else if (each.leaving("foregroundDeletion")) {
                waits |= !finish(each, items);
            }
        }
        Map<String, Boolean> known = new HashMap<>();
        for (Item each : items) {
            if (!each.metadata().path("ownerReferences").isEmpty()) {
                judge(each, uids, collections, known);
            }
        }
        queue.addAfter(namespace, waits ? FOREGROUND : SWEEP);
    }

    private void read(Collection collection, String namespace, List<Item> items, Set<String> uids) {
        String list = client.raw(collection.path(namespace));
        if (list == null) {
            return;
        }
        for (JsonNode each : Serialization.unmarshal(list, JsonNode.class).path("items")) {
            var item = new Item(collection, each.path("metadata"));
            items.add(item);
            uids.add(item.uid());
        }
    }

    /** Lets go of what the object owns, then of the object. */
    private void release(Item owner, List<Item> items) {
        for (Item each : items) {
            if (each.ownedBy(owner)) {
                disown(each, Set.of(owner.uid()));
            }
        }
        dropFinalizer(owner, "orphan");
    }

    /** Deletes what holds the object up; true when nothing does any more and it may go. */
    private boolean finish(Item owner, List<Item> items) {
        boolean held = false;
        for (Item each : items) {
            if (each.holdsUp(owner)) {
                held = true;
                if (!each.metadata().hasNonNull("deletionTimestamp")) {
                    boolean owns = items.stream().anyMatch(other -> other.ownedBy(each));
                    delete(each, owns ? "Foreground" : "Background");
                }
            }
        }
        if (!held) {
            dropFinalizer(owner, "foregroundDeletion");
        }
        return !held;
    }

    private void judge(Item item, Set<String> uids, List<Collection> collections, Map<String, Boolean> known) {
        Set<String> gone = new HashSet<>();
        boolean kept = false;
        for (JsonNode owner : item.metadata().path("ownerReferences")) {
            String uid = owner.path("uid").asText();
            if (uids.contains(uid)
                    || known.computeIfAbsent(uid, u -> exists(owner, item.text("namespace"), collections))) {
                kept = true;
            } else {
                gone.add(uid);
            }
        }
        if (gone.isEmpty() || item.metadata().hasNonNull("deletionTimestamp")) {
            return;
        }
        if (kept) {
            disown(item, gone);
        } else {
            delete(item, "Background");
        }
    }

    /** Asks the API itself. An owner of a kind that it does not know is taken to exist: to err is to lose objects. */
    private boolean exists(JsonNode owner, String namespace, List<Collection> collections) {
        String group = group(owner.path("apiVersion").asText());
        for (Collection each : collections) {
            if (each.kind().equals(owner.path("kind").asText())
                    && group(each.apiVersion()).equals(group)) {
                String text =
                        read(each.path(namespace) + "/" + owner.path("name").asText());
                return text != null
                        && Serialization.unmarshal(text, JsonNode.class)
                                .at("/metadata/uid")
                                .asText()
                                .equals(owner.path("uid").asText());
            }
        }
        return true;
    }

    private static String group(String apiVersion) {
        int slash = apiVersion.indexOf('/');
        return slash < 0 ? "" : apiVersion.substring(0, slash);
    }

    private @Nullable String read(String path) {
        try {
            return client.raw(path);
        } catch (KubernetesClientException e) {
            if (e.getCode() == 404) {
                return null;
            }
            throw e;
        }
    }

    private void disown(Item item, Set<String> owners) {
        ArrayNode left = JsonNodeFactory.instance.arrayNode();
        for (JsonNode each : item.metadata().path("ownerReferences")) {
            if (!owners.contains(each.path("uid").asText())) {
                left.add(each);
            }
        }
        change(item, Map.of("ownerReferences", left));
    }

    private void dropFinalizer(Item item, String finalizer) {
        ArrayNode left = JsonNodeFactory.instance.arrayNode();
        for (JsonNode each : item.metadata().path("finalizers")) {
            if (!each.asText().equals(finalizer)) {
                left.add(each);
            }
        }
        change(item, Map.of("finalizers", left));
    }

    /** Changes lists of the object as it was read: when it has changed since, the next look decides anew. */
    private void change(Item item, Map<String, ?> lists) {
        Map<String, Object> metadata = new HashMap<>(lists);
        metadata.put("uid", item.uid());
        metadata.put("resourceVersion", item.text("resourceVersion"));
        gone(() -> client.genericKubernetesResources(
                        item.collection().apiVersion(), item.collection().kind())
                .inNamespace(item.text("namespace"))
                .withName(item.text("name"))
                .patch(MERGE, Serialization.asJson(Map.of("metadata", metadata))));
    }

    private void delete(Item item, String propagation) {
        gone(() -> client.raw(item.path(), "DELETE", Writes.deletion(item.uid(), propagation)));
    }

    private static void gone(Runnable write) {
        try {
            write.run();
        } catch (KubernetesClientException e) {
            if (e.getCode() != 404) {
                throw e;
            }
        }
    }

    @Override
    public void close() {
        queue.close();
    }
}
