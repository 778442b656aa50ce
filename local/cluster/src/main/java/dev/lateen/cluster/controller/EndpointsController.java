package dev.lateen.cluster.controller;

import io.fabric8.kubernetes.api.model.Endpoints;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.cache.Cache;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/** Writes the EndpointSlices and Endpoints of every Service with a selector. */
final class EndpointsController implements AutoCloseable {
    private final KubernetesClient client;
    private final Watched watched;
    private final WorkQueue queue = new WorkQueue("endpoints controller", this::reconcile);

    EndpointsController(KubernetesClient client, Watched watched) {
        this.client = client;
        this.watched = watched;
        Watched.queue(watched.services, queue);
        Watched.onChange(watched.pods, (before, now) -> {
            if (before != null) {
                queueServicesOf(before);
            }
            if (now != null) {
                queueServicesOf(now);
            }
        });
        queue.start();
    }

    private void queueServicesOf(Pod pod) {
        for (Service service : watched.services
                .getIndexer()
                .byIndex(Cache.NAMESPACE_INDEX, pod.getMetadata().getNamespace())) {
            if (ServiceEndpoints.selects(service, pod)) {
                queue.add(Watched.key(service));
            }
        }
    }

    private void reconcile(String key) {
        Service service = watched.services.getStore().getByKey(key);
        String[] parts = key.split("/", -1);
        var present = client.discovery()
                .v1()
                .endpointSlices()
                .inNamespace(parts[0])
                .withLabels(Map.of(
                        ServiceEndpoints.SERVICE, parts[1], ServiceEndpoints.MANAGED_BY, ServiceEndpoints.MANAGER))
                .list()
                .getItems();
        if (service == null
                || service.getMetadata().getDeletionTimestamp() != null
                || !ServiceEndpoints.hasSelector(service)) {
            present.forEach(slice -> Writes.delete(client, slice));
            if (service == null) {
                Endpoints old = client.endpoints()
                        .inNamespace(parts[0])
                        .withName(parts[1])
                        .get();
                if (old != null) {
                    Writes.delete(client, old);
                }
            }
            return;
        }
        List<Pod> pods = watched.pods.getIndexer().byIndex(Cache.NAMESPACE_INDEX, parts[0]);
        var wanted = new ServiceEndpoints(service, pods);
        Map<String, EndpointSlice> slices = new TreeMap<>(wanted.slices());
        for (EndpointSlice old : present) {
            EndpointSlice next = slices.remove(old.getMetadata().getName());
            if (next == null) {
                Writes.delete(client, old);
            } else if (!Objects.equals(next.getEndpoints(), old.getEndpoints())
                    || !Objects.equals(next.getPorts(), old.getPorts())
                    || !sameLabels(next, old)) {
                client.resource(next).update();
            }
        }
        slices.values().forEach(slice -> client.resource(slice).create());
        write(wanted.endpoints());
    }

    private void write(Endpoints wanted) {
        Endpoints present = client.endpoints()
                .inNamespace(wanted.getMetadata().getNamespace())
                .withName(wanted.getMetadata().getName())
                .get();
        if (present == null) {
            client.resource(wanted).create();
        } else if (!Objects.equals(present.getSubsets(), wanted.getSubsets()) || !sameLabels(wanted, present)) {
            client.resource(wanted).update();
        }
    }

    private static boolean sameLabels(HasMetadata one, HasMetadata other) {
        return Objects.requireNonNullElse(one.getMetadata().getLabels(), Map.of())
                .equals(Objects.requireNonNullElse(other.getMetadata().getLabels(), Map.of()));
    }

    @Override
    public void close() {
        queue.close();
    }
}
