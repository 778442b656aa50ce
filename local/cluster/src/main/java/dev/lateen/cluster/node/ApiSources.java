package dev.lateen.cluster.node;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.authentication.TokenRequestBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.cache.Lister;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads what pods need from the API. */
final class ApiSources implements PodSources {
    private final KubernetesClient client;
    private final Lister<Service> services;

    ApiSources(KubernetesClient client, Lister<Service> services) {
        this.client = client;
        this.services = services;
    }

    @Override
    public @Nullable ConfigMap configMap(String namespace, String name) {
        return client.configMaps().inNamespace(namespace).withName(name).get();
    }

    @Override
    public @Nullable Secret secret(String namespace, String name) {
        return client.secrets().inNamespace(namespace).withName(name).get();
    }

    @Override
    public String token(Pod pod, @Nullable String audience, long seconds) {
        var meta = pod.getMetadata();
        String account = pod.getSpec().getServiceAccountName();
        var request = new TokenRequestBuilder()
                .withNewMetadata()
                .withName(account == null ? "default" : account)
                .withNamespace(meta.getNamespace())
                .endMetadata()
                .withNewSpec()
                .withExpirationSeconds(seconds)
                .withNewBoundObjectRef("v1", "Pod", meta.getName(), meta.getUid())
                .endSpec()
                .build();
        if (audience != null && !audience.isEmpty()) {
            request.getSpec().setAudiences(List.of(audience));
        }
        return client.serviceAccounts()
                .inNamespace(meta.getNamespace())
                .withName(account == null ? "default" : account)
                .tokenRequest(request)
                .getStatus()
                .getToken();
    }

    @Override
    public Map<String, String> serviceEnvironment(String namespace) {
        Map<String, String> result = new LinkedHashMap<>();
        for (Service service : services.list()) {
            var meta = service.getMetadata();
            boolean api =
                    meta.getName().equals("kubernetes") && meta.getNamespace().equals("default");
            String ip = service.getSpec() == null ? null : service.getSpec().getClusterIP();
            if ((!api && !meta.getNamespace().equals(namespace)) || ip == null || ip.isEmpty() || ip.equals("None")) {
                continue;
            }
            String prefix = meta.getName().toUpperCase(Locale.ROOT).replace('-', '_');
            boolean first = true;
            for (var port : service.getSpec().getPorts()) {
                String protocol = port.getProtocol() == null ? "TCP" : port.getProtocol();
                String url = protocol.toLowerCase(Locale.ROOT) + "://" + ip + ":" + port.getPort();
                if (first) {
                    result.put(prefix + "_SERVICE_HOST", ip);
                    result.put(prefix + "_SERVICE_PORT", Integer.toString(port.getPort()));
                    result.put(prefix + "_PORT", url);
                    first = false;
                }
                if (port.getName() != null && !port.getName().isEmpty()) {
                    String name = port.getName().toUpperCase(Locale.ROOT).replace('-', '_');
                    result.put(prefix + "_SERVICE_PORT_" + name, Integer.toString(port.getPort()));
                }
                String each = prefix + "_PORT_" + port.getPort() + "_" + protocol;
                result.put(each, url);
                result.put(each + "_PROTO", protocol.toLowerCase(Locale.ROOT));
                result.put(each + "_PORT", Integer.toString(port.getPort()));
                result.put(each + "_ADDR", ip);
            }
        }
        return result;
    }
}
