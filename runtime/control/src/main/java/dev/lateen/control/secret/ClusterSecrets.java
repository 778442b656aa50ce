package dev.lateen.control.secret;

import dev.lateen.config.ObjectName;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Secrets of a cluster, of which only those are read, each by its name, that rules name. Thread-safe. */
final class ClusterSecrets implements SecretSource {
    private final Map<ObjectName, Secret> secrets = new ConcurrentHashMap<>();
    private final NamedObjects<Secret> watched;

    /** @param changed is run after one has changed */
    ClusterSecrets(KubernetesClient client, Runnable changed) {
        this.watched = new NamedObjects<>(
                name -> client.secrets()
                        .inNamespace(name.namespace())
                        .withName(name.name())
                        .runnableInformer(0),
                (name, secret) -> {
                    secrets.put(name, secret);
                    changed.run();
                },
                name -> {
                    secrets.remove(name);
                    changed.run();
                });
    }

    @Override
    public @Nullable Secret get(ObjectName name) {
        return secrets.get(name);
    }

    @Override
    public void want(Set<ObjectName> names) {
        watched.want(names).forEach(secrets::remove);
    }

    @Override
    public void close() {
        watched.close();
        secrets.clear();
    }
}
