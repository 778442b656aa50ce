package dev.lateen.control.inject;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.DefaultConfig;
import dev.lateen.config.Kinds;
import dev.lateen.config.MeshConfig;
import dev.lateen.config.networking.ProxyConfig;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a mesh says of how its proxies run: {@code defaultConfig}, and over it ProxyConfigs of the root namespace, of the
 * pod's namespace, and for the pod itself (Istio's documentation, ProxyConfig).
 *
 * @param defaultConfig of the mesh's settings; null for none
 * @param objects the oldest first
 */
record ProxySettings(
        @Nullable DefaultConfig defaultConfig, String rootNamespace, List<ConfigObject<ProxyConfig>> objects) {
    static final ProxySettings NONE = new ProxySettings(null, "", List.of());

    static ProxySettings of(MeshConfig config, Collection<ConfigObject<?>> objects) {
        List<ConfigObject<ProxyConfig>> all = objects.stream()
                .filter(object -> object.kind().equals(Kinds.PROXY_CONFIG))
                .map(object -> object.as(Kinds.PROXY_CONFIG))
                .sorted(Comparator.comparing((ConfigObject<ProxyConfig> object) ->
                                String.valueOf(object.metadata().creationTimestamp()))
                        .thenComparing(ConfigObject::name))
                .toList();
        return new ProxySettings(config.defaultConfig(), config.effectiveRootNamespace(), all);
    }

    /** Fields of ProxyConfig for a pod, for its annotation to be put over. */
    ObjectNode forPod(String namespace, Map<String, String> labels) {
        ObjectNode config = JsonNodeFactory.instance.objectNode();
        if (defaultConfig != null) {
            apply(config, defaultConfig);
        }
        apply(config, first(rootNamespace, false, labels));
        if (!namespace.equals(rootNamespace)) {
            apply(config, first(namespace, false, labels));
        }
        apply(config, first(namespace, true, labels));
        return config;
    }

    private @Nullable ProxyConfig first(String namespace, boolean selective, Map<String, String> labels) {
        return objects.stream()
                .filter(object -> object.namespace().equals(namespace))
                .map(ConfigObject::spec)
                .filter(spec -> (spec.selector() != null) == selective && spec.selects(labels))
                .findFirst()
                .orElse(null);
    }

    private static void apply(ObjectNode config, DefaultConfig mesh) {
        if (mesh.proxyMetadata() instanceof ObjectNode metadata) {
            config.set("proxyMetadata", metadata.deepCopy());
        }
        if (mesh.concurrency() != null) {
            config.put("concurrency", mesh.concurrency());
        }
        if (mesh.terminationDrainDuration() != null) {
            // As Go writes it: 1m5s.
            String text = mesh.terminationDrainDuration().toString().substring("PT".length());
            config.put("terminationDrainDuration", text.toLowerCase(Locale.ROOT));
        }
    }

    private static void apply(ObjectNode config, @Nullable ProxyConfig spec) {
        if (spec == null) {
            return;
        }
        if (spec.concurrency() != null) {
            config.put("concurrency", spec.concurrency());
        }
        if (!spec.environmentVariables().isEmpty()) {
            ObjectNode metadata = config.path("proxyMetadata") instanceof ObjectNode present
                    ? present
                    : config.putObject("proxyMetadata");
            spec.environmentVariables().forEach(metadata::put);
        }
    }
}
