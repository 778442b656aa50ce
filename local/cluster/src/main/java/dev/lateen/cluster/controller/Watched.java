package dev.lateen.cluster.controller;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.fabric8.kubernetes.client.informers.cache.Cache;
import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * What the controllers watch, once for all of them. The copies may lag behind the API: controllers use them to learn
 * that something changed, and ask the API itself before they create or delete.
 */
final class Watched implements AutoCloseable {
    final SharedIndexInformer<Pod> pods;
    final SharedIndexInformer<ReplicaSet> replicaSets;
    final SharedIndexInformer<Deployment> deployments;
    final SharedIndexInformer<Job> jobs;
    final SharedIndexInformer<Service> services;
    final SharedIndexInformer<Namespace> namespaces;
    final SharedIndexInformer<Node> nodes;

    Watched(KubernetesClient client) {
        pods = client.pods().inAnyNamespace().runnableInformer(0);
        replicaSets = client.apps().replicaSets().inAnyNamespace().runnableInformer(0);
        deployments = client.apps().deployments().inAnyNamespace().runnableInformer(0);
        jobs = client.batch().v1().jobs().inAnyNamespace().runnableInformer(0);
        services = client.services().inAnyNamespace().runnableInformer(0);
        namespaces = client.namespaces().runnableInformer(0);
        nodes = client.nodes().runnableInformer(0);
    }

    private List<SharedIndexInformer<? extends HasMetadata>> all() {
        return List.of(pods, replicaSets, deployments, jobs, services, namespaces, nodes);
    }

    /** Starts to watch; what is there now is known when this returns. */
    void run() {
        all().forEach(SharedIndexInformer::run);
    }

    /** The key of an object in queues and caches: {@code NAMESPACE/NAME}, or the name alone. */
    static String key(HasMetadata object) {
        return Cache.metaNamespaceKeyFunc(object);
    }

    /** Calls {@code seen} with the object before (null when it is new) and now (null when it has gone). */
    static <T extends HasMetadata> void onChange(
            SharedIndexInformer<T> informer, BiConsumer<@Nullable T, @Nullable T> seen) {
        informer.addEventHandler(new ResourceEventHandler<>() {
            @Override
            public void onAdd(T object) {
                seen.accept(null, object);
            }

            @Override
            public void onUpdate(T before, T object) {
                seen.accept(before, object);
            }

            @Override
            public void onDelete(T object, boolean unknown) {
                seen.accept(object, null);
            }
        });
    }

    /** Adds the object's key to the queue whenever it is made, changed or removed. */
    static <T extends HasMetadata> void queue(SharedIndexInformer<T> informer, WorkQueue queue) {
        onChange(informer, (before, now) -> {
            T object = now == null ? before : now;
            if (object != null) {
                queue.add(key(object));
            }
        });
    }

    /** Adds the controlling owner of each changed object to the queue, when it is of that kind. */
    static <T extends HasMetadata> void queueOwner(SharedIndexInformer<T> informer, String kind, WorkQueue queue) {
        onChange(informer, (before, now) -> {
            for (T object : before == null ? List.of(now) : now == null ? List.of(before) : List.of(before, now)) {
                var owner = Owners.controller(object);
                if (owner != null && owner.getKind().equals(kind)) {
                    queue.add(object.getMetadata().getNamespace() + "/" + owner.getName());
                }
            }
        });
    }

    @Override
    public void close() {
        all().forEach(SharedIndexInformer::close);
    }
}
