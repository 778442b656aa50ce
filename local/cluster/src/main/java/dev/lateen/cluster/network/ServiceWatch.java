package dev.lateen.cluster.network;

import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** The cluster's services and their endpoints, watched once for all who need them. Safe for threads. */
public final class ServiceWatch implements AutoCloseable {
    /** The label of a slice that names its service. */
    private static final String SERVICE = "kubernetes.io/service-name";

    private static final String BY_SERVICE = "service";

    private final SharedIndexInformer<Service> services;
    private final SharedIndexInformer<EndpointSlice> slices;
    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();

    /** Starts to watch; what is there now is known when this returns. */
    public ServiceWatch(KubernetesClient client) {
        slices = client.discovery().v1().endpointSlices().inAnyNamespace().runnableInformer(0);
        slices.addIndexers(Map.of(BY_SERVICE, slice -> {
            Map<String, String> labels = slice.getMetadata().getLabels();
            String name = labels == null ? null : labels.get(SERVICE);
            return name == null ? List.of() : List.of(slice.getMetadata().getNamespace() + "/" + name);
        }));
        slices.addEventHandler(new Changes<>());
        services = client.services().inAnyNamespace().runnableInformer(0);
        services.addEventHandler(new Changes<>());
        slices.run();
        services.run();
    }

    /** All services. */
    public List<Service> services() {
        return services.getStore().list();
    }

    /** The service, or null. */
    public @Nullable Service service(String namespace, String name) {
        return services.getStore().getByKey(namespace + "/" + name);
    }

    /** The slices of a service. */
    public List<EndpointSlice> slices(String namespace, String service) {
        return slices.getIndexer().byIndex(BY_SERVICE, namespace + "/" + service);
    }

    /** Runs {@code listener} after each change, on the watching thread: it must not block. */
    public void onChange(Runnable listener) {
        listeners.add(listener);
    }

    @Override
    public void close() {
        services.close();
        slices.close();
    }

    private final class Changes<T> implements ResourceEventHandler<T> {
        @Override
        public void onAdd(T object) {
            listeners.forEach(Runnable::run);
        }

        @Override
        public void onUpdate(T before, T object) {
            listeners.forEach(Runnable::run);
        }

        @Override
        public void onDelete(T object, boolean unknown) {
            listeners.forEach(Runnable::run);
        }
    }
}
