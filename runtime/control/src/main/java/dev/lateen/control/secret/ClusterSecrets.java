package dev.lateen.control.secret;

import dev.lateen.config.ObjectName;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Secrets of a cluster, of which only those are read, each by its name, that rules name. Thread-safe. */
final class ClusterSecrets implements SecretSource {
    private static final Logger log = LoggerFactory.getLogger(ClusterSecrets.class);

    private final KubernetesClient client;
    private final Runnable changed;
    private final Map<ObjectName, SharedIndexInformer<Secret>> informers = new HashMap<>();
    private final Map<ObjectName, Secret> secrets = new ConcurrentHashMap<>();

    /** @param changed is run after one has changed */
    ClusterSecrets(KubernetesClient client, Runnable changed) {
        this.client = client;
        this.changed = changed;
    }

    @Override
    public @Nullable Secret get(ObjectName name) {
        return secrets.get(name);
    }

    @Override
    public synchronized void want(Set<ObjectName> names) {
        informers.entrySet().removeIf(entry -> {
            boolean gone = !names.contains(entry.getKey());
            if (gone) {
                entry.getValue().stop();
                secrets.remove(entry.getKey());
            }
            return gone;
        });
        for (ObjectName name : names) {
            informers.computeIfAbsent(name, this::watch);
        }
    }

    private SharedIndexInformer<Secret> watch(ObjectName name) {
        SharedIndexInformer<Secret> informer = client.secrets()
                .inNamespace(name.namespace())
                .withName(name.name())
                .runnableInformer(0);
        informer.addEventHandler(new ResourceEventHandler<>() {
            @Override
            public void onAdd(Secret secret) {
                put(name, secret);
            }

            @Override
            public void onUpdate(Secret before, Secret secret) {
                put(name, secret);
            }

            @Override
            public void onDelete(Secret secret, boolean stateUnknown) {
                secrets.remove(name);
                changed.run();
            }
        });
        informer.exceptionHandler((started, failure) -> {
            log.warn(
                    "Secret {}/{} cannot be read, trying again: {}",
                    name.namespace(),
                    name.name(),
                    failure.getMessage());
            return true;
        });
        var _ = informer.start();
        return informer;
    }

    private void put(ObjectName name, Secret secret) {
        secrets.put(name, secret);
        changed.run();
    }

    @Override
    public synchronized void close() {
        informers.values().forEach(SharedIndexInformer::stop);
        informers.clear();
        secrets.clear();
    }
}
