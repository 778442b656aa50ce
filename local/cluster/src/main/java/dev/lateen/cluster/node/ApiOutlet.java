package dev.lateen.cluster.node;

import dev.lateen.cluster.events.EventRecorder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes pods' news to the API: the newest status of each pod, older ones that were not sent yet being left out, and
 * events in order, repeated ones counted up.
 */
final class ApiOutlet implements NodeContext.Outlet, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ApiOutlet.class);
    private static final PatchContext MERGE = PatchContext.of(PatchType.JSON_MERGE);
    private static final Duration RETRY = Duration.ofMillis(300);
    private static final int TRIES = 40;

    private static final class Slot {
        @Nullable
        Pod pod;

        @Nullable
        PodStatus next;

        @Nullable
        PodStatus sent;

        boolean writing;
    }

    private final KubernetesClient client;
    private final Map<String, Slot> slots = new ConcurrentHashMap<>();
    private final EventRecorder events;

    ApiOutlet(KubernetesClient client, String node) {
        this.client = client;
        this.events = new EventRecorder(client, "kubelet", node);
    }

    @Override
    public void status(Pod pod, PodStatus status) {
        Slot slot = slots.computeIfAbsent(pod.getMetadata().getUid(), uid -> new Slot());
        synchronized (slot) {
            slot.pod = pod;
            slot.next = status;
            if (!slot.writing) {
                slot.writing = true;
                Thread.ofVirtual()
                        .name("status of " + pod.getMetadata().getName())
                        .start(() -> write(slot));
            }
        }
    }

    private void write(Slot slot) {
        int failures = 0;
        while (true) {
            Pod pod;
            PodStatus status;
            synchronized (slot) {
                pod = slot.pod;
                status = slot.next;
                if (pod == null || status == null || status.equals(slot.sent)) {
                    slot.writing = false;
                    slot.notifyAll();
                    return;
                }
            }
            try {
                patch(pod, status);
                failures = 0;
                synchronized (slot) {
                    slot.sent = status;
                }
            } catch (KubernetesClientException e) {
                if (e.getCode() == 404 || e.getCode() == 409 || ++failures > TRIES) {
                    LOG.debug(
                            "Status of pod {} is not written", pod.getMetadata().getName(), e);
                    synchronized (slot) {
                        slot.sent = status;
                    }
                } else {
                    sleep();
                }
            }
        }
    }

    private void patch(Pod pod, PodStatus status) {
        // The uid makes the API refuse a status that is meant for an earlier pod of that name.
        String json = Serialization.asJson(
                Map.of("metadata", Map.of("uid", pod.getMetadata().getUid()), "status", status));
        var _ = client.pods()
                .inNamespace(pod.getMetadata().getNamespace())
                .withName(pod.getMetadata().getName())
                .subresource("status")
                .patch(MERGE, json);
    }

    @Override
    public void gone(Pod pod) {
        Slot slot = slots.remove(pod.getMetadata().getUid());
        if (slot != null) {
            synchronized (slot) {
                try {
                    for (int i = 0; slot.writing && i < 20; i++) {
                        slot.wait(50);
                    }
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
        }
        for (int i = 0; i < TRIES; i++) {
            try {
                String path = "/api/v1/namespaces/" + pod.getMetadata().getNamespace() + "/pods/"
                        + pod.getMetadata().getName();
                var _ = client.raw(
                        path,
                        "DELETE",
                        Map.of(
                                "apiVersion",
                                "v1",
                                "kind",
                                "DeleteOptions",
                                "gracePeriodSeconds",
                                0,
                                "preconditions",
                                Map.of("uid", pod.getMetadata().getUid())));
                return;
            } catch (KubernetesClientException e) {
                if (e.getCode() == 404 || e.getCode() == 409) {
                    return;
                }
                LOG.info("Pod {} cannot be deleted yet", pod.getMetadata().getName(), e);
                sleep();
            }
        }
    }

    @Override
    public void event(Pod pod, boolean warning, String reason, String message) {
        if (warning) {
            events.warning(pod, reason, message);
        } else {
            events.normal(pod, reason, message);
        }
    }

    private static void sleep() {
        try {
            Thread.sleep(RETRY);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        events.close();
    }
}
