package dev.lateen.control.inject;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.MeshConfig;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/**
 * What injection needs to know of the mesh; the part of Istio's injection values that we read.
 *
 * @param discoveryAddress host and port of the control plane's xDS
 * @param proxyImage image of the proxy container
 * @param initImage image of the container that writes the pod's capture rules
 * @param cpu request of the proxy, as a Kubernetes quantity
 * @param memory request of the proxy, as a Kubernetes quantity
 * @param clusterId the cluster's name in the mesh
 * @param meshId the mesh's name
 * @param trustDomain trust domain of identities
 * @param revision revision of the control plane, {@code default} without one
 * @param socketMark the mark by which capture rules know the proxy's own sockets, or 0 where its user id serves, as
 *     on every Kubernetes node; the local cluster needs the mark, as an ordinary user has one id only
 * @param mesh what the mesh's own settings say of its proxies
 * @param environment of the proxy, over what is made for it
 */
public record InjectionSettings(
        String discoveryAddress,
        String proxyImage,
        String initImage,
        String cpu,
        String memory,
        String clusterId,
        String meshId,
        String trustDomain,
        String revision,
        int socketMark,
        ProxySettings mesh,
        Map<String, String> environment) {
    /** The namespace that the control plane lives in unless told otherwise. */
    public static final String SYSTEM_NAMESPACE = "istio-system";

    /** Settings of a mesh installed with nothing set, in this namespace. */
    public static InjectionSettings defaults(String systemNamespace) {
        return new InjectionSettings(
                "istiod." + systemNamespace + ".svc:15012",
                "lateen/proxy",
                "lateen/proxy-init",
                "10m",
                "64Mi",
                "Kubernetes",
                "cluster.local",
                "cluster.local",
                "default",
                0,
                ProxySettings.NONE,
                Map.of());
    }

    /**
     * These settings with what {@code values} says instead, the tree of the ConfigMap {@code istio-sidecar-injector}
     * (key {@code values}) in Istio's names: {@code revision}, {@code global.proxy.image} and so on.
     */
    public InjectionSettings with(JsonNode values) {
        JsonNode global = values.path("global");
        JsonNode proxy = global.path("proxy");
        JsonNode requests = proxy.path("resources").path("requests");
        return new InjectionSettings(
                text(global, "discoveryAddress", discoveryAddress),
                text(proxy, "image", proxyImage),
                text(global.path("proxy_init"), "image", initImage),
                text(requests, "cpu", cpu),
                text(requests, "memory", memory),
                text(global.path("multiCluster"), "clusterName", clusterId),
                text(global, "meshID", meshId),
                text(global, "trustDomain", trustDomain),
                text(values, "revision", revision),
                proxy.path("socketMark").asInt(socketMark),
                mesh,
                environment);
    }

    /**
     * These settings with what the mesh says of its proxies.
     *
     * @param objects of which the ProxyConfigs count
     */
    public InjectionSettings with(MeshConfig config, Collection<ConfigObject<?>> objects) {
        return new InjectionSettings(
                discoveryAddress,
                proxyImage,
                initImage,
                cpu,
                memory,
                clusterId,
                meshId,
                trustDomain,
                revision,
                socketMark,
                ProxySettings.of(config, objects),
                environment);
    }

    /** These settings with this environment of the proxy, as the URL of a webhook names it. */
    public InjectionSettings with(Map<String, String> environmentOfUrl) {
        return new InjectionSettings(
                discoveryAddress,
                proxyImage,
                initImage,
                cpu,
                memory,
                clusterId,
                meshId,
                trustDomain,
                revision,
                socketMark,
                mesh,
                environmentOfUrl);
    }

    /** The fields of an object as texts, in their order. */
    static Map<String, String> texts(JsonNode object) {
        Map<String, String> texts = new LinkedHashMap<>();
        object.properties()
                .forEach(field -> texts.put(field.getKey(), field.getValue().asString("")));
        return texts;
    }

    private static String text(JsonNode node, String field, String otherwise) {
        String value = node.path(field).asString("");
        return value.isEmpty() ? otherwise : value;
    }

    /** The values that stand as {@code ${name}} in templates of proxies. */
    public Map<String, String> variables() {
        return Map.of(
                "proxyImage", proxyImage,
                "initImage", initImage,
                "cpu", cpu,
                "memory", memory,
                "clusterId", clusterId,
                "meshId", meshId,
                "trustDomain", trustDomain,
                "caAddress", discoveryAddress.toLowerCase(Locale.ROOT));
    }
}
