package dev.lateen.control.ca;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.net.HttpURLConnection;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells every namespace whom to trust: ConfigMap {@code istio-ca-root-cert} in each of them, with the roots and, where there
 * are any, the lists of revoked certificates. What somebody else changes in it is put right.
 */
final class TrustBundle implements AutoCloseable {
    static final String NAME = "istio-ca-root-cert";
    static final String ROOTS = "root-cert.pem";
    static final String REVOKED = "ca-crl.pem";
    private static final Logger log = LoggerFactory.getLogger(TrustBundle.class);
    private static final Map<String, String> LABELS = Map.of("istio.io/config", "true");
    private static final long RETRY_SECONDS = 2;

    private final KubernetesClient client;
    private final Supplier<Map<String, String>> content;
    private final Set<String> namespaces = ConcurrentHashMap.newKeySet();
    private final ScheduledExecutorService writer = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("trust-bundle").factory());
    private final SharedIndexInformer<Namespace> spaces;
    private final SharedIndexInformer<ConfigMap> maps;

    /** @param content by key, in PEM */
    TrustBundle(KubernetesClient client, Supplier<Map<String, String>> content) {
        this.client = client;
        this.content = content;
        this.spaces = client.namespaces().runnableInformer(0);
        this.maps = client.configMaps()
                .inAnyNamespace()
                .withField("metadata.name", NAME)
                .runnableInformer(0);
    }

    void start() {
        spaces.addEventHandler(new Handler<>(this::found, gone -> namespaces.remove(nameOf(gone))));
        maps.addEventHandler(
                new Handler<>(this::check, gone -> write(gone.getMetadata().getNamespace())));
        spaces.exceptionHandler((_, _) -> true);
        maps.exceptionHandler((_, _) -> true);
        var _ = maps.start();
        var _ = spaces.start();
    }

    /** Writes the bundle everywhere, after it has changed. */
    void changed() {
        namespaces.forEach(this::write);
    }

    private void found(Namespace namespace) {
        if (namespace.getMetadata().getDeletionTimestamp() != null) {
            namespaces.remove(nameOf(namespace));
        } else if (namespaces.add(nameOf(namespace))) {
            write(nameOf(namespace));
        }
    }

    private static String nameOf(Namespace namespace) {
        return namespace.getMetadata().getName();
    }

    private void check(ConfigMap map) {
        if (!isGood(map)) {
            write(map.getMetadata().getNamespace());
        }
    }

    private boolean isGood(ConfigMap map) {
        return content.get().equals(map.getData());
    }

    private void write(String namespace) {
        if (!writer.isShutdown()) {
            writer.execute(() -> writeNow(namespace));
        }
    }

    private void writeNow(String namespace) {
        if (!namespaces.contains(namespace)) {
            return;
        }
        var resource = client.configMaps().inNamespace(namespace).withName(NAME);
        try {
            ConfigMap current = resource.get();
            if (current == null) {
                client.configMaps()
                        .inNamespace(namespace)
                        .resource(new ConfigMapBuilder()
                                .withNewMetadata()
                                .withName(NAME)
                                .withNamespace(namespace)
                                .withLabels(LABELS)
                                .endMetadata()
                                .withData(content.get())
                                .build())
                        .create();
            } else if (!isGood(current)) {
                current.setData(content.get());
                client.configMaps().inNamespace(namespace).resource(current).update();
            }
        } catch (KubernetesClientException e) {
            boolean away = e.getCode() == HttpURLConnection.HTTP_NOT_FOUND
                    || e.getCode() == HttpURLConnection.HTTP_FORBIDDEN && isEnding(namespace);
            if (!away) {
                log.warn("Cannot write ConfigMap {}/{}, trying again: {}", namespace, NAME, e.getMessage());
                if (!writer.isShutdown()) {
                    var _ = writer.schedule(() -> writeNow(namespace), RETRY_SECONDS, TimeUnit.SECONDS);
                }
            }
        }
    }

    /** A namespace that is being deleted takes nothing new. */
    private boolean isEnding(String namespace) {
        Namespace found = client.namespaces().withName(namespace).get();
        return found == null || found.getMetadata().getDeletionTimestamp() != null;
    }

    @Override
    public void close() {
        spaces.stop();
        maps.stop();
        writer.shutdownNow();
    }

    /** Adds and updates alike. */
    private record Handler<T>(java.util.function.Consumer<T> put, java.util.function.Consumer<T> gone)
            implements ResourceEventHandler<T> {
        @Override
        public void onAdd(T object) {
            put.accept(object);
        }

        @Override
        public void onUpdate(T before, T now) {
            put.accept(now);
        }

        @Override
        public void onDelete(T object, boolean stateUnknown) {
            gone.accept(object);
        }
    }
}
