package dev.lateen.control.status;

import dev.lateen.config.Kind;
import dev.lateen.config.Kinds;
import dev.lateen.config.ObjectName;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.net.HttpURLConnection;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes the statuses of custom objects, as the leader among the replicas of a control plane: what has changed, together,
 * at most once in five seconds.
 */
public final class StatusWriter implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(StatusWriter.class);
    private static final Duration LOOK = Duration.ofMillis(500);
    private static final Duration PAUSE = Duration.ofSeconds(5);

    private final KubernetesClient client;
    private final Clock clock;
    private final Supplier<Map<ObjectName, ObjectStatus>> statuses;
    private final Leadership leadership;
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("status").factory());
    /** What was written, or found written; touched by the timer alone. */
    private final Map<ObjectName, ObjectStatus> written = new HashMap<>();

    /** Objects that were waiting for proxies when last looked at. */
    private Set<ObjectName> waiting = Set.of();

    private long writtenAt = System.nanoTime() - PAUSE.toNanos();

    /**
     * Begins.
     *
     * @param systemNamespace where the Lease of the leader is
     * @param statuses those of now
     */
    public StatusWriter(
            KubernetesClient client,
            String systemNamespace,
            Clock clock,
            Supplier<Map<ObjectName, ObjectStatus>> statuses) {
        this.client = client;
        this.clock = clock;
        this.statuses = statuses;
        this.leadership = new Leadership(client, systemNamespace);
        var _ = timer.scheduleWithFixedDelay(this::look, LOOK.toMillis(), LOOK.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void look() {
        try {
            if (!leadership.isHeld()) {
                // Whoever leads meanwhile writes other things.
                written.clear();
            } else if (System.nanoTime() - writtenAt >= PAUSE.toNanos()) {
                flush();
            }
        } catch (RuntimeException e) {
            log.warn("Cannot work out the statuses of objects: {}", e.toString());
        }
    }

    private void flush() {
        Map<ObjectName, ObjectStatus> now = statuses.get();
        written.keySet().retainAll(now.keySet());
        Set<ObjectName> before = waiting;
        waiting = now.entrySet().stream()
                .filter(each -> each.getValue().isPending())
                .map(Map.Entry::getKey)
                .collect(Collectors.toSet());
        now.forEach((object, status) -> {
            // Proxies take a moment, which is not worth two writes.
            boolean momentary = status.isPending() && !before.contains(object);
            if (timer.isShutdown() || momentary || status.equals(written.get(object))) {
                return;
            }
            writtenAt = System.nanoTime();
            try {
                Kinds.all().stream()
                        .filter(kind -> kind.name().equals(object.kind()))
                        .forEach(kind -> write(object, kind, status));
                written.put(object, status);
            } catch (KubernetesClientException e) {
                if (!timer.isShutdown() && e.getCode() != HttpURLConnection.HTTP_NOT_FOUND) {
                    log.warn("Cannot write the status of {}: {}", object, e.toString());
                }
            }
        });
    }

    private void write(ObjectName object, Kind<?> kind, ObjectStatus status) {
        var resource = client.genericKubernetesResources(new ResourceDefinitionContext.Builder()
                        .withGroup(kind.group())
                        .withVersion(kind.versions().getFirst())
                        .withKind(kind.name())
                        .withPlural(kind.plural())
                        .withNamespaced(true)
                        .build())
                .inNamespace(object.namespace())
                .withName(object.name());
        GenericKubernetesResource current = resource.get();
        if (current == null) {
            return;
        }
        Map<String, Object> document =
                StatusDocument.next(current.getAdditionalProperties().get("status"), status, clock.instant());
        if (document != null) {
            resource.subresource("status")
                    .patch(PatchContext.of(PatchType.JSON_MERGE), Serialization.asJson(Map.of("status", document)));
        }
    }

    @Override
    public void close() {
        timer.shutdownNow();
        leadership.close();
    }
}
