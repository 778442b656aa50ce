package dev.lateen.control.secret;

import dev.lateen.config.ObjectName;
import io.fabric8.kubernetes.api.model.Secret;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** Secrets that stand in a directory of configuration. Thread-safe. */
public final class FileSecrets implements SecretSource {
    private final Map<ObjectName, Secret> secrets = new ConcurrentHashMap<>();
    private final CopyOnWriteArrayList<Runnable> listeners = new CopyOnWriteArrayList<>();

    /** Adds or replaces one. */
    public void put(ObjectName name, Secret secret) {
        Map<String, String> data = new HashMap<>();
        if (secret.getData() != null) {
            data.putAll(secret.getData());
        }
        if (secret.getStringData() != null) {
            // An API server would have done this.
            secret.getStringData()
                    .forEach((key, text) -> data.put(
                            key,
                            Base64.getEncoder()
                                    .encodeToString(text.getBytes(java.nio.charset.StandardCharsets.UTF_8))));
        }
        secret.setData(data);
        secret.setStringData(null);
        if (!secret.equals(secrets.put(name, secret))) {
            listeners.forEach(Runnable::run);
        }
    }

    /** Takes one away. */
    public void remove(ObjectName name) {
        if (secrets.remove(name) != null) {
            listeners.forEach(Runnable::run);
        }
    }

    void listen(Runnable changed) {
        listeners.add(changed);
    }

    @Override
    public @Nullable Secret get(ObjectName name) {
        return secrets.get(name);
    }

    @Override
    public void want(Set<ObjectName> names) {
        // All that the files hold is here.
    }

    @Override
    public void close() {
        secrets.clear();
    }
}
