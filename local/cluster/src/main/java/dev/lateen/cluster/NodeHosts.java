package dev.lateen.cluster;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The names that key {@code NodeHosts} of ConfigMap {@code kube-system/coredns} adds, in lines as of a hosts file. */
final class NodeHosts implements AutoCloseable {
    static final String NAME = "coredns";
    static final String KEY = "NodeHosts";

    private final SharedIndexInformer<ConfigMap> informer;
    private volatile Map<String, List<String>> names = Map.of();

    NodeHosts(KubernetesClient client) {
        informer = client.configMaps().inNamespace("kube-system").withName(NAME).inform(new ResourceEventHandler<>() {
            @Override
            public void onAdd(ConfigMap map) {
                names = read(map);
            }

            @Override
            public void onUpdate(ConfigMap before, ConfigMap map) {
                names = read(map);
            }

            @Override
            public void onDelete(ConfigMap map, boolean unknown) {
                names = Map.of();
            }
        });
    }

    /** Addresses by lower-case name. */
    Map<String, List<String>> names() {
        return names;
    }

    private static Map<String, List<String>> read(ConfigMap map) {
        return parse(map.getData() == null ? null : map.getData().get(KEY));
    }

    static Map<String, List<String>> parse(@Nullable String text) {
        Map<String, List<String>> result = new HashMap<>();
        for (String line : (text == null ? "" : text).lines().toList()) {
            String[] words = line.replaceFirst("#.*", "").strip().split("\\s+");
            for (int i = 1; i < words.length; i++) {
                String name = words[i].toLowerCase(Locale.ROOT).replaceFirst("\\.$", "");
                result.computeIfAbsent(name, n -> new ArrayList<>()).add(words[0]);
            }
        }
        return result;
    }

    @Override
    public void close() {
        informer.close();
    }
}
