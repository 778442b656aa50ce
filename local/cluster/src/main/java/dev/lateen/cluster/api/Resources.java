package dev.lateen.cluster.api;

import dev.lateen.cluster.store.ObjectStore;
import dev.lateen.cluster.store.ObjectStore.Item;
import dev.lateen.cluster.store.ObjectStore.Key;
import dev.lateen.cluster.store.StoreException;
import java.lang.ref.SoftReference;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collections;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.WeakHashMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Create, replace, patch and delete: what the Kubernetes API does to an object between a client and the store. */
final class Resources {
    private static final String LETTERS = "bcdfghjklmnpqrstvwxz2456789";
    private static final java.util.List<String> EMPTIED =
            java.util.List.of("labels", "annotations", "finalizers", "ownerReferences");
    private static final Set<String> LASTING = Set.of("default", "kube-system", "kube-public");
    private static final Logger LOG = LoggerFactory.getLogger(Resources.class);
    private static final SecureRandom RANDOM = new SecureRandom();

    private final ObjectStore store;
    private final Admission admission;
    private final ResourceRegistry registry;
    private final Webhooks webhooks;
    private final Map<Item, SoftReference<ObjectNode>> read = Collections.synchronizedMap(new WeakHashMap<>());

    Resources(ObjectStore store, Admission admission, ResourceRegistry registry, Webhooks webhooks) {
        this.store = store;
        this.admission = admission;
        this.registry = registry;
        this.webhooks = webhooks;
    }

    /** The server itself as the one who changes objects of a type. */
    static ManagedFields.Manager self(ResourceType type) {
        return new ManagedFields.Manager("lateen", "", type.apiVersion(), Instant.now());
    }

    /** How an object changes: the present one in, the next one out. */
    @FunctionalInterface
    interface Update {
        JsonNode apply(ObjectNode present) throws ApiException;
    }

    static Key key(ResourceType type, String namespace, String name) {
        return new Key(type.stored(), namespace, name);
    }

    /** An object as clients see it in this version, with its revision. */
    static ObjectNode view(Item item, ResourceType type) {
        ObjectNode object = Json.readStored(item.value());
        object.put("apiVersion", type.apiVersion()).put("kind", type.kind());
        Defaults.object(object, "metadata").put("resourceVersion", String.valueOf(item.revision()));
        Conversion.out(type, object);
        return object;
    }

    /**
     * The same as {@link #view}, shared between callers that only read: parsing is most of what a long list costs. Kept
     * as long as the object is the present one and memory is not short.
     */
    ObjectNode shared(Item item, ResourceType type) {
        SoftReference<ObjectNode> kept = read.get(item);
        ObjectNode object = kept == null ? null : kept.get();
        if (object == null || !object.path("apiVersion").asString("").equals(type.apiVersion())) {
            object = view(item, type);
            read.put(item, new SoftReference<>(object));
        }
        return object;
    }

    ObjectNode get(ResourceType type, String namespace, String name) throws ApiException {
        return view(store.get(key(type, namespace, name)).orElseThrow(() -> ApiException.notFound(type, name)), type);
    }

    ObjectNode create(
            ResourceType type,
            String namespace,
            ObjectNode sent,
            Caller caller,
            ManagedFields.@Nullable Manager manager)
            throws ApiException {
        Conversion.in(type, sent);
        ObjectNode object = webhooks.concern(type, caller) ? mutated(type, namespace, sent, caller) : sent;
        ObjectNode metadata = Defaults.object(object, "metadata");
        String prefix = metadata.path("generateName").asString("");
        if (metadata.path("name").asString("").isEmpty() && !prefix.isEmpty()) {
            metadata.put("name", prefix + suffix());
        }
        String name = metadata.path("name").asString("");
        if (type.namespaced()) {
            metadata.put("namespace", namespace);
        } else {
            metadata.remove("namespace");
        }
        metadata.put("uid", UUID.randomUUID().toString());
        metadata.put(
                "creationTimestamp",
                Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
        metadata.remove(java.util.List.of("resourceVersion", "deletionTimestamp", "deletionGracePeriodSeconds"));
        if (UpdateRules.counted(type, object)) {
            metadata.put("generation", 1);
        }
        if (type.hasStatus()
                && !type.kind().equals("CustomResourceDefinition")
                && !type.kind().equals("Node")) {
            object.remove("status");
        }
        admission.admit(type, null, object);
        if (manager != null) {
            metadata.remove("managedFields");
            ManagedFields.update(registry.objects(type), null, object, manager);
        }
        if (webhooks.concern(type, caller)) {
            webhooks.validate(new Webhooks.Passage(type, "CREATE", "", namespace, name, caller), object, null);
        }
        Key key = key(type, namespace, name);
        return write(type, key, caller.dryRun(), (present, _) -> {
            if (present != null) {
                throw ApiException.alreadyExists(type, name);
            }
            return object;
        });
    }

    /** A new object as the webhooks want it; they see it with its defaults. */
    private ObjectNode mutated(ResourceType type, String namespace, ObjectNode sent, Caller caller)
            throws ApiException {
        ObjectNode metadata = Defaults.object(sent, "metadata");
        if (type.namespaced()) {
            metadata.put("namespace", namespace);
        }
        if (!registry.isCustom(type)) {
            Defaults.apply(type, sent);
        }
        String name = metadata.path("name").asString("");
        return required(webhooks.mutate(new Webhooks.Passage(type, "CREATE", "", namespace, name, caller), sent, null));
    }

    static String suffix() {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 5; i++) {
            text.append(LETTERS.charAt(RANDOM.nextInt(LETTERS.length())));
        }
        return text.toString();
    }

    /**
     * Changes an object, or one subresource of it.
     *
     * @param subresource empty, or {@code status}: only that part of what {@code update} returns counts
     * @param manager whom the change is noted for, null when {@code update} has noted it
     */
    ObjectNode update(
            ResourceType type,
            String namespace,
            String name,
            String subresource,
            Caller caller,
            ManagedFields.@Nullable Manager manager,
            Update update)
            throws ApiException {
        Key key = key(type, namespace, name);
        Webhooks.Passage passage = new Webhooks.Passage(type, "UPDATE", subresource, namespace, name, caller);
        if (!webhooks.concern(type, caller)) {
            return write(type, key, caller.dryRun(), (item, _) -> next(passage, false, item, manager, update));
        }
        // Webhooks may take their time and may call the server: the store must not wait for them.
        while (true) {
            Item item = store.get(key).orElse(null);
            ObjectNode next = next(passage, true, item, manager, update);
            try {
                return write(type, key, caller.dryRun(), (present, _) -> {
                    if (present == null || present.revision() != required(item).revision()) {
                        throw new ChangedMeanwhile();
                    }
                    return next;
                });
            } catch (ChangedMeanwhile e) {
                LOG.debug("{} {} has changed while webhooks looked at it; they are asked again", type.kind(), name);
            }
        }
    }

    /** The object after the change, or null when it is to go. */
    private @Nullable ObjectNode next(
            Webhooks.Passage passage,
            boolean ask,
            @Nullable Item item,
            ManagedFields.@Nullable Manager manager,
            Update update)
            throws ApiException {
        ResourceType type = passage.type();
        String subresource = passage.subresource();
        if (item == null) {
            throw ApiException.notFound(type, passage.name());
        }
        ObjectNode present = view(item, type);
        if (!(update.apply(present.deepCopy()) instanceof ObjectNode next)) {
            throw ApiException.badRequest("the change leaves no object");
        }
        Conversion.in(type, present);
        Conversion.in(type, next);
        UpdateRules.checkIdentity(type, passage.name(), present, next);
        ObjectNode result = subresource.equals("status")
                ? UpdateRules.withStatus(present, next)
                : UpdateRules.withSpec(type, present, next, subresource);
        if (type.stored().equals("/pods")) {
            Defaults.podStatus(result);
        }
        if (ask) {
            result = required(webhooks.mutate(passage, result, present));
        }
        if (subresource.isEmpty() || registry.isCustom(type)) {
            admission.admit(type, present, result);
        }
        if (ask) {
            webhooks.validate(passage, result, present);
        }
        if (manager != null) {
            ManagedFields.update(registry.objects(type), present, result, manager);
        } else {
            Defaults.object(result, "metadata")
                    .set("managedFields", next.path("metadata").path("managedFields"));
        }
        ObjectNode metadata = Defaults.object(result, "metadata");
        return metadata.has("deletionTimestamp") && Deletion.finished(type, result) ? null : result;
    }

    /** Deletes an object, or marks it as to be deleted when somebody has to finish something first. */
    ObjectNode delete(ResourceType type, String namespace, String name, JsonNode options, Caller caller)
            throws ApiException {
        if (type.stored().equals("/namespaces") && LASTING.contains(name)) {
            throw ApiException.forbidden(type, name, "this namespace may not be deleted");
        }
        Key key = key(type, namespace, name);
        if (webhooks.concern(type, caller)) {
            Webhooks.Passage passage = new Webhooks.Passage(type, "DELETE", "", namespace, name, caller);
            ObjectNode before = get(type, namespace, name);
            var _ = webhooks.mutate(passage, null, before);
            webhooks.validate(passage, null, before);
        }
        return write(type, key, caller.dryRun(), (item, _) -> {
            if (item == null) {
                throw ApiException.notFound(type, name);
            }
            return switch (Deletion.of(type, name, view(item, type), options)) {
                case Deletion.Gone _ -> null;
                case Deletion.Unchanged _ -> item;
                case Deletion.Marked(ObjectNode object) -> object;
            };
        });
    }

    /** Removes all objects of a resource that is no longer defined, whatever they wait for. */
    void forget(ResourceType type) throws ApiException {
        for (Item item : store.list(type.stored(), null).items()) {
            write(type, item.key(), false, (_, _) -> null);
        }
    }

    /** Objects that fit, as of one revision. */
    ObjectStore.Listing list(ResourceType type, @Nullable String namespace) {
        return store.list(type.stored(), namespace);
    }

    static Predicate<JsonNode> selector(ResourceType type, String labels, String fields) throws ApiException {
        Predicate<JsonNode> byLabel = LabelSelector.parse(labels);
        Predicate<JsonNode> byField = Selector.fields(fields, type);
        return object -> byLabel.test(object) && byField.test(object);
    }

    /** The next object: the item's own value for no change, an object to store, or null to remove it. */
    @FunctionalInterface
    private interface Change {
        @Nullable
        Object apply(@Nullable Item present, long revision) throws ApiException;
    }

    private static final class ChangedMeanwhile extends RuntimeException {
        ChangedMeanwhile() {
            super("the object has changed", null, false, false);
        }
    }

    private static final class DryRun extends Exception {
        final transient ObjectNode result;

        DryRun(ObjectNode result) {
            super("dry run", null, false, false);
            this.result = result;
        }
    }

    @SuppressWarnings("ReferenceEquality") // the present item itself is how a change says that it changes nothing
    private ObjectNode write(ResourceType type, Key key, boolean dryRun, Change change) throws ApiException {
        try {
            Item item = store.<Exception>change(key, (present, revision) -> {
                Object next = change.apply(present, revision);
                if (dryRun) {
                    throw new DryRun(next instanceof ObjectNode object ? object : view(required(present), type));
                }
                if (present != null && next == present) {
                    return present.value();
                }
                if (!(next instanceof ObjectNode object)) {
                    return null;
                }
                ObjectNode metadata = Defaults.object(object, "metadata");
                metadata.remove("resourceVersion");
                for (String list : EMPTIED) {
                    if (metadata.path(list).isEmpty()) {
                        metadata.remove(list);
                    }
                }
                byte[] bytes = Json.write(object);
                return present != null && java.util.Arrays.equals(bytes, present.value()) ? present.value() : bytes;
            });
            return view(required(item), type);
        } catch (DryRun e) {
            return e.result;
        } catch (ApiException | ChangedMeanwhile e) {
            throw e;
        } catch (StoreException e) {
            throw ApiException.of(500, "InternalError", String.valueOf(e.getMessage()));
        } catch (Exception e) {
            throw new IllegalStateException("a change threw what no change throws", e);
        }
    }

    private static <T> T required(@Nullable T value) {
        return java.util.Objects.requireNonNull(value);
    }
}
