package dev.lateen.control.webhook;

import dev.lateen.control.inject.InjectionException;
import dev.lateen.control.inject.InjectionSettings;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/** The settings of injection as ConfigMap {@code istio-sidecar-injector} has them now. Thread-safe. */
public final class InjectionValues implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(InjectionValues.class);
    private static final String NAME = "istio-sidecar-injector";
    private static final String KEY = "values";

    private final String systemNamespace;
    private final SharedIndexInformer<ConfigMap> maps;

    public InjectionValues(KubernetesClient client, String systemNamespace) {
        this.systemNamespace = systemNamespace;
        this.maps =
                client.configMaps().inNamespace(systemNamespace).withName(NAME).runnableInformer(0);
        maps.exceptionHandler((_, failure) -> {
            log.warn(
                    "ConfigMap {}/{} cannot be watched, trying again: {}", systemNamespace, NAME, failure.getMessage());
            return true;
        });
    }

    /** Begins to watch; completes when the map was asked for once. */
    public CompletableFuture<Void> start() {
        return maps.start().toCompletableFuture();
    }

    /**
     * The settings, without what the mesh says of its proxies.
     *
     * @throws InjectionException when there are none, or they cannot be read; says what to do
     */
    public InjectionSettings settings() {
        List<ConfigMap> found = maps.getStore().list();
        String where = "ConfigMap " + systemNamespace + "/" + NAME;
        if (found.isEmpty()) {
            throw new InjectionException("there is no " + where + ": bring it back with lateen install");
        }
        ConfigMap map = found.getFirst();
        String values = map.getData() == null ? "{}" : map.getData().getOrDefault(KEY, "{}");
        try {
            return InjectionSettings.defaults(systemNamespace)
                    .with(JsonMapper.shared().readTree(values));
        } catch (JacksonException e) {
            throw new InjectionException(where + ", key " + KEY + ": not JSON: " + e.getOriginalMessage());
        }
    }

    @Override
    public void close() {
        maps.stop();
    }
}
