package dev.lateen.control.source;

import dev.lateen.config.ObjectName;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A Kubernetes cluster, by list and watch: Services, EndpointSlices, Pods, Namespaces, ConfigMap {@code istio}, and
 * every custom kind whose definition exists, whenever it appears. Lost watches are taken up again without end.
 */
public final class KubernetesSource implements Source {
    private static final Logger log = LoggerFactory.getLogger(KubernetesSource.class);

    private final KubernetesClient client;
    private final String systemNamespace;
    private final List<SharedIndexInformer<?>> informers = new ArrayList<>();
    private final CustomKinds customKinds;

    public KubernetesSource(KubernetesClient client, String systemNamespace) {
        this.client = client;
        this.systemNamespace = systemNamespace;
        this.customKinds = new CustomKinds(client);
    }

    @Override
    public CompletableFuture<Void> start(ChangeSink sink) {
        List<CompletableFuture<Void>> synced = new ArrayList<>();
        synced.add(watch(
                "Services",
                client.services().inAnyNamespace().runnableInformer(0),
                service -> sink.change(change -> change.put(service)),
                sink));
        synced.add(watch(
                "EndpointSlice",
                client.discovery().v1().endpointSlices().inAnyNamespace().runnableInformer(0),
                slice -> sink.change(change -> change.put(slice)),
                sink));
        synced.add(watch(
                "Pods",
                client.pods().inAnyNamespace().runnableInformer(0),
                pod -> sink.change(change -> change.put(pod)),
                sink));
        synced.add(watch(
                "Namespaces",
                client.namespaces().runnableInformer(0),
                namespace -> sink.change(change -> change.put(namespace)),
                sink));
        synced.add(watch(
                "Nodes", client.nodes().runnableInformer(0), node -> sink.change(change -> change.put(node)), sink));
        ObjectName mesh = new ObjectName("ConfigMap", systemNamespace, MeshSettings.NAME);
        synced.add(start(
                client.configMaps()
                        .inNamespace(systemNamespace)
                        .withName(MeshSettings.NAME)
                        .runnableInformer(0),
                new Handler<ConfigMap>(
                        map -> MeshSettings.apply(map, mesh, sink),
                        map -> MeshSettings.apply(null, mesh, sink),
                        event -> sink.told(true, "MeshConfig", event))));
        synced.add(customKinds.start(sink));
        return CompletableFuture.allOf(synced.toArray(CompletableFuture[]::new));
    }

    @Override
    public void close() {
        informers.forEach(SharedIndexInformer::stop);
        customKinds.close();
    }

    private <T extends HasMetadata> CompletableFuture<Void> watch(
            String kind, SharedIndexInformer<T> informer, Consumer<T> put, ChangeSink sink) {
        return start(
                informer,
                new Handler<T>(
                        put,
                        gone -> {
                            ObjectName name = nameOf(gone);
                            sink.change(change -> change.remove(name));
                        },
                        event -> sink.told(false, kind, event)));
    }

    private <T extends HasMetadata> CompletableFuture<Void> start(SharedIndexInformer<T> informer, Handler<T> handler) {
        informers.add(informer);
        return run(informer, handler);
    }

    static <T extends HasMetadata> CompletableFuture<Void> run(SharedIndexInformer<T> informer, Handler<T> handler) {
        informer.addEventHandler(handler);
        informer.exceptionHandler((started, failure) -> {
            log.warn(
                    "Watching {} of the cluster failed, trying again: {}",
                    informer.getApiTypeClass().getSimpleName(),
                    failure.toString());
            return true;
        });
        return informer.start().toCompletableFuture();
    }

    static ObjectName nameOf(HasMetadata object) {
        String namespace = object.getMetadata().getNamespace();
        return new ObjectName(
                object.getKind(),
                namespace == null ? "" : namespace,
                object.getMetadata().getName());
    }

    /**
     * Adds and updates alike.
     *
     * @param told hears which event it was
     */
    record Handler<T>(Consumer<T> put, Consumer<T> gone, Consumer<String> told) implements ResourceEventHandler<T> {
        @Override
        public void onAdd(T object) {
            told.accept("add");
            put.accept(object);
        }

        @Override
        public void onUpdate(T before, T now) {
            told.accept("update");
            put.accept(now);
        }

        @Override
        public void onDelete(T object, boolean stateUnknown) {
            told.accept("delete");
            gone.accept(object);
        }
    }
}
