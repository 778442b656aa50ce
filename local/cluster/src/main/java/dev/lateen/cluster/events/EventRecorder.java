package dev.lateen.cluster.events;

import io.fabric8.kubernetes.api.model.EventBuilder;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes core/v1 Events about objects, in order and off the caller's thread; repeated ones are counted up. At most
 * 10,000 wait; more are logged instead. Safe for threads.
 */
public final class EventRecorder implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(EventRecorder.class);
    private static final PatchContext MERGE = PatchContext.of(PatchType.JSON_MERGE);
    private static final int WAITING = 10_000;

    private record Told(String name, int count) {}

    private final KubernetesClient client;
    private final String component;
    private final String instance;
    private final Map<String, Told> told = new HashMap<>();
    private final LinkedBlockingQueue<Runnable> waiting = new LinkedBlockingQueue<>(WAITING);
    private final Thread writer;
    private int number;

    /**
     * @param component who reports: {@code kubelet}, {@code replicaset-controller} …
     * @param instance which one of them: the node's name, or the component's
     */
    public EventRecorder(KubernetesClient client, String component, String instance) {
        this.client = client;
        this.component = component;
        this.instance = instance;
        this.writer = Thread.ofVirtual().name("events of " + component).start(this::run);
    }

    /** Tells that all is as it should be. */
    public void normal(HasMetadata object, String reason, String message) {
        offer(object, "Normal", reason, message);
    }

    /** Tells of something to look at. */
    public void warning(HasMetadata object, String reason, String message) {
        offer(object, "Warning", reason, message);
    }

    private void offer(HasMetadata object, String type, String reason, String message) {
        if (!waiting.offer(() -> write(object, type, reason, message))) {
            LOG.warn(
                    "Too many events wait; this one of {} {} is left out: {} {}",
                    object.getKind(),
                    object.getMetadata().getName(),
                    reason,
                    message);
        }
    }

    private void run() {
        try {
            while (true) {
                Runnable next = waiting.take();
                try {
                    next.run();
                } catch (KubernetesClientException e) {
                    LOG.debug("An event is not written", e);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void write(HasMetadata object, String type, String reason, String message) {
        var meta = object.getMetadata();
        String namespace = meta.getNamespace() == null ? "default" : meta.getNamespace();
        String key = meta.getUid() + "\n" + reason + "\n" + message;
        String now = Instant.now().toString();
        Told before = told.get(key);
        if (before != null) {
            try {
                var _ = client.v1()
                        .events()
                        .inNamespace(namespace)
                        .withName(before.name())
                        .patch(MERGE, Serialization.asJson(Map.of("count", before.count() + 1, "lastTimestamp", now)));
                told.put(key, new Told(before.name(), before.count() + 1));
                return;
            } catch (KubernetesClientException e) {
                LOG.debug("The event {} has gone; a new one is written", before.name(), e);
            }
        }
        if (told.size() > WAITING) {
            told.clear();
        }
        String name = meta.getName() + "." + Long.toHexString(System.currentTimeMillis() << 16 | (number++ & 0xffff));
        var _ = client.v1()
                .events()
                .inNamespace(namespace)
                .resource(new EventBuilder()
                        .withNewMetadata()
                        .withName(name)
                        .withNamespace(namespace)
                        .endMetadata()
                        .withNewInvolvedObject()
                        .withApiVersion(object.getApiVersion())
                        .withKind(object.getKind())
                        .withName(meta.getName())
                        .withNamespace(meta.getNamespace())
                        .withUid(meta.getUid())
                        .withResourceVersion(meta.getResourceVersion())
                        .endInvolvedObject()
                        .withType(type)
                        .withReason(reason)
                        .withMessage(message)
                        .withCount(1)
                        .withFirstTimestamp(now)
                        .withLastTimestamp(now)
                        .withNewSource(component, instance)
                        .withReportingComponent(component)
                        .withReportingInstance(instance)
                        .build())
                .create();
        told.put(key, new Told(name, 1));
    }

    @Override
    public void close() {
        writer.interrupt();
    }
}
