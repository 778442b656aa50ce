package dev.lateen.cluster.api;

import dev.lateen.cluster.store.ExpiredException;
import dev.lateen.cluster.store.ObjectStore;
import dev.lateen.cluster.store.StoreEvent;
import dev.lateen.cluster.store.Watch;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Serves the kinds of CustomResourceDefinitions as they come and go, and says so in their status. */
final class Definitions implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Definitions.class);
    private static final Duration LOOK = Duration.ofSeconds(1);

    private final ObjectStore store;
    private final ResourceRegistry registry;
    private final Resources resources;
    private final ResourceType type;
    private final Thread thread =
            Thread.ofVirtual().name("custom resource definitions").unstarted(this::follow);
    private volatile long revision;

    Definitions(ObjectStore store, ResourceRegistry registry, Resources resources) {
        this.store = store;
        this.registry = registry;
        this.resources = resources;
        this.type = registry.find("apiextensions.k8s.io", "v1", "customresourcedefinitions")
                .orElseThrow();
    }

    /** Serves those that are stored, then follows changes. */
    void start() {
        ObjectStore.Listing listing = store.list(type.stored(), null);
        listing.items().forEach(item -> registry.define(Json.readStored(item.value())));
        revision = listing.revision();
        thread.start();
    }

    private void follow() {
        try (Watch watch = store.watch(type.stored(), null, revision)) {
            while (!watch.ended()) {
                StoreEvent event = watch.next(LOOK);
                if (event != null) {
                    take(event);
                }
            }
        } catch (ExpiredException e) {
            throw new IllegalStateException("definitions are watched from the revision they were listed at", e);
        } catch (InterruptedException e) {
            // Closing interrupts it.
            Thread.currentThread().interrupt();
        }
    }

    private void take(StoreEvent event) {
        String name = event.item().key().name();
        if (event.type() == StoreEvent.Type.DELETED) {
            for (ResourceType gone : registry.forget(name)) {
                forget(gone);
            }
            return;
        }
        ObjectNode definition = Json.readStored(event.item().value());
        registry.define(definition);
        if (definition.path("status").path("conditions").isEmpty()) {
            try {
                resources.update(
                        type, "", name, "status", Caller.SERVER, Resources.self(type), Definitions::established);
            } catch (ApiException e) {
                LOG.warn("the status of definition {} cannot be written: {}", name, e.getMessage());
            }
        }
    }

    private void forget(ResourceType gone) {
        try {
            resources.forget(gone);
        } catch (ApiException e) {
            LOG.warn("objects of {} cannot be removed with their definition: {}", gone.groupResource(), e.getMessage());
        }
    }

    private static ObjectNode established(ObjectNode definition) {
        ObjectNode status = JsonNodeFactory.instance.objectNode();
        status.set("acceptedNames", definition.path("spec").path("names"));
        String now = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
        ArrayNode conditions = status.putArray("conditions");
        for (String condition : List.of("NamesAccepted NoConflicts", "Established InitialNamesAccepted")) {
            String[] parts = condition.split(" ");
            conditions
                    .addObject()
                    .put("type", parts[0])
                    .put("status", "True")
                    .put("reason", parts[1])
                    .put(
                            "message",
                            parts[0].equals("NamesAccepted")
                                    ? "no conflicts found"
                                    : "the initial names have been accepted")
                    .put("lastTransitionTime", now);
        }
        ArrayNode stored = status.putArray("storedVersions");
        definition.path("spec").path("versions").forEach(version -> {
            if (version.path("storage").asBoolean(false)) {
                stored.add(version.path("name").asString(""));
            }
        });
        definition.set("status", status);
        return definition;
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
