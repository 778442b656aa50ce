package dev.lateen.control.status;

import dev.lateen.config.Kind;
import dev.lateen.config.Kinds;
import dev.lateen.config.ObjectName;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.EventBuilder;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.NonDeletingOperation;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.net.HttpURLConnection;
import java.time.Clock;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes the statuses of custom objects, as the leader among the replicas of a control plane: what has changed, together,
 * at most once in five seconds. The others tell it what it must know of their proxies.
 */
public final class StatusWriter implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(StatusWriter.class);
    private static final Duration LOOK = Duration.ofMillis(500);

    private final KubernetesClient client;
    private final Clock clock;
    private final Statuses statuses;
    private final Leadership leadership;
    private final ReplicaReports reports;
    private final Runnable duties;
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("status").factory());
    /** Touched by the timer alone, as the next one. */
    private final StatusSchedule schedule = new StatusSchedule();

    private final ReportSchedule reporting = new ReportSchedule();

    /** What is known here. */
    public interface Statuses {
        /**
         * Those of all objects.
         *
         * @param others what other replicas told of their proxies, by the names of their pods
         */
        Map<ObjectName, StatusText> of(Map<String, ReplicaReport> others);

        /** What this replica knows of its own proxies; empty while it does not know all objects yet. */
        Optional<ReplicaReport> own();
    }

    /**
     * Begins.
     *
     * @param systemNamespace where the Lease of the leader is
     * @param pod this replica's
     * @param duties what else a leader does, whenever it looks
     */
    public StatusWriter(
            KubernetesClient client,
            String systemNamespace,
            String pod,
            Clock clock,
            Statuses statuses,
            Runnable duties) {
        this.duties = duties;
        this.client = client;
        this.clock = clock;
        this.statuses = statuses;
        this.leadership = new Leadership(client, systemNamespace);
        this.reports = new ReplicaReports(client, systemNamespace, pod, clock);
        var _ = timer.scheduleWithFixedDelay(this::look, LOOK.toMillis(), LOOK.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void look() {
        try {
            boolean leads = leadership.isHeld();
            if (leads) {
                duties.run();
            }
            tell(System.nanoTime());
            schedule.due(leads, System.nanoTime(), () -> statuses.of(reports.others()))
                    .forEach(this::write);
        } catch (RuntimeException e) {
            if (!timer.isShutdown()) {
                log.warn("Cannot do what a leader does, or tell the leader, will try again: {}", e.toString());
            }
        }
    }

    private void tell(long nanos) {
        if (!leadership.isFollower()) {
            reporting.forget();
            return;
        }
        Optional<ReplicaReport> own = statuses.own();
        if (own.isPresent() && reporting.isDue(own.get(), nanos)) {
            reports.write(own.get());
            reporting.told(own.get());
        }
    }

    private void write(ObjectName object, StatusText status) {
        if (timer.isShutdown()) {
            return;
        }
        try {
            Kinds.find(object).ifPresent(kind -> write(object, kind, status));
            schedule.written(object, status);
        } catch (KubernetesClientException e) {
            if (!timer.isShutdown() && e.getCode() != HttpURLConnection.HTTP_NOT_FOUND) {
                log.warn("Cannot write the status of {}: {}", object, e.toString());
            }
        }
    }

    private void write(ObjectName object, Kind<?> kind, StatusText status) {
        var all = client.genericKubernetesResources(new ResourceDefinitionContext.Builder()
                .withGroup(kind.group())
                .withVersion(kind.versions().getFirst())
                .withKind(kind.name())
                .withPlural(kind.plural())
                .withNamespaced(kind.isNamespaced())
                .build());
        var resource = kind.isNamespaced()
                ? all.inNamespace(object.namespace()).withName(object.name())
                : all.withName(object.name());
        GenericKubernetesResource current = resource.get();
        if (current == null) {
            return;
        }
        if (status instanceof RefusalEvent refusal) {
            event(current, refusal);
        }
        Map<String, Object> document =
                status.next(current.getAdditionalProperties().get("status"), clock.instant());
        if (document != null) {
            resource.subresource("status")
                    .patch(PatchContext.of(PatchType.JSON_MERGE), Serialization.asJson(Map.of("status", document)));
        }
    }

    /** One Event of an object, in the place of the one of before. */
    private void event(GenericKubernetesResource object, RefusalEvent refusal) {
        String now = clock.instant().truncatedTo(ChronoUnit.SECONDS).toString();
        Event event = new EventBuilder()
                .withNewMetadata()
                .withName(object.getMetadata().getName() + ".lateen-"
                        + object.getKind().toLowerCase(Locale.ROOT))
                .withNamespace(object.getMetadata().getNamespace())
                .endMetadata()
                .withNewInvolvedObject()
                .withApiVersion(object.getApiVersion())
                .withKind(object.getKind())
                .withName(object.getMetadata().getName())
                .withNamespace(object.getMetadata().getNamespace())
                .withUid(object.getMetadata().getUid())
                .endInvolvedObject()
                .withType("Warning")
                .withReason("Refused")
                .withMessage(refusal.message())
                .withNewSource()
                .withComponent("istiod")
                .endSource()
                .withReportingComponent("istiod")
                .withFirstTimestamp(now)
                .withLastTimestamp(now)
                .withCount(1)
                .build();
        client.v1().events().resource(event).createOr(NonDeletingOperation::update);
    }

    @Override
    public void close() {
        timer.shutdownNow();
        leadership.close();
        reports.close();
    }
}
