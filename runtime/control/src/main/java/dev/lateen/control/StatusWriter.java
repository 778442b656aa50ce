package dev.lateen.control;

import dev.lateen.config.Kind;
import dev.lateen.config.Kinds;
import dev.lateen.config.ObjectName;
import dev.lateen.config.Problem;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.net.HttpURLConnection;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes what is wrong with custom objects into their {@code .status}, as Istio does: condition {@code Reconciled}, and
 * one entry of {@code validationMessages} per problem. Only changes are written, together, at most every few seconds.
 */
final class StatusWriter implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(StatusWriter.class);
    private static final Duration PAUSE = Duration.ofSeconds(5);

    private final KubernetesClient client;
    private final Map<ObjectName, List<Problem>> pending = new LinkedHashMap<>();
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("status").factory());
    private boolean scheduled;
    private long writtenAt = System.nanoTime() - PAUSE.toNanos();

    StatusWriter(KubernetesClient client) {
        this.client = client;
    }

    synchronized void changed(ObjectName object, List<Problem> problems) {
        if (timer.isShutdown() || kind(object).isEmpty()) {
            return;
        }
        pending.put(object, problems);
        if (!scheduled) {
            scheduled = true;
            long wait = PAUSE.toNanos() - (System.nanoTime() - writtenAt);
            var _ = timer.schedule(this::flush, Math.max(0, wait), TimeUnit.NANOSECONDS);
        }
    }

    private void flush() {
        Map<ObjectName, List<Problem>> batch;
        synchronized (this) {
            batch = new LinkedHashMap<>(pending);
            pending.clear();
            scheduled = false;
            writtenAt = System.nanoTime();
        }
        batch.forEach((object, problems) -> {
            try {
                write(object, kind(object).orElseThrow(), problems);
            } catch (RuntimeException e) {
                boolean gone =
                        e instanceof KubernetesClientException api && api.getCode() == HttpURLConnection.HTTP_NOT_FOUND;
                if (!gone) {
                    log.warn("Cannot write the status of {}: {}", object, e.toString());
                }
            }
        });
    }

    private void write(ObjectName object, Kind<?> kind, List<Problem> problems) {
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
        resource.subresource("status")
                .patch(
                        PatchContext.of(PatchType.JSON_MERGE),
                        Serialization.asJson(Map.of(
                                "status", status(problems, current.getMetadata().getGeneration()))));
    }

    private static Map<String, Object> status(
            List<Problem> problems, @org.jspecify.annotations.Nullable Long generation) {
        boolean refused = problems.stream().anyMatch(Problem::isError);
        Map<String, Object> condition = new LinkedHashMap<>();
        condition.put("type", "Reconciled");
        condition.put("status", refused ? "False" : "True");
        condition.put("reason", refused ? "Invalid" : "Accepted");
        condition.put(
                "message",
                String.join("; ", problems.stream().map(StatusWriter::line).toList()));
        condition.put(
                "lastTransitionTime",
                Instant.now().truncatedTo(java.time.temporal.ChronoUnit.SECONDS).toString());
        Map<String, Object> status = new LinkedHashMap<>();
        status.put("conditions", List.of(condition));
        status.put(
                "validationMessages",
                problems.stream()
                        .map(problem -> Map.of(
                                "type",
                                Map.of("name", "InvalidField", "code", "LTN0001"),
                                "level",
                                problem.level().name(),
                                "message",
                                line(problem)))
                        .toList());
        if (generation != null) {
            status.put("observedGeneration", generation);
        }
        return status;
    }

    private static String line(Problem problem) {
        return problem.path().isEmpty() ? problem.message() : problem.path() + ": " + problem.message();
    }

    private static Optional<Kind<?>> kind(ObjectName object) {
        return Kinds.all().stream()
                .filter(kind -> kind.name().equals(object.kind()))
                .findFirst()
                .map(kind -> kind);
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }
}
