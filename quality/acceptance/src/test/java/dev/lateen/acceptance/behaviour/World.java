package dev.lateen.acceptance.behaviour;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The services and pods that every behaviour finds: their addresses, and the manifests that say so. */
final class World {
    /** Where the captured app calls from. */
    static final String CLIENT = "10.244.0.9";

    /** Where calls from outside the mesh come from. */
    static final String PEER = "10.244.0.7";

    /** Address of the proxy at the edge. */
    static final String GATEWAY = "10.244.0.8";

    /** What the proxies say they are of Istio's versions. */
    static final String VERSION = "1.30.0";

    /** An address that no service has. */
    static final String OUTSIDE = "198.51.100.10";

    /** An address that never answers. */
    static final String SILENT = "10.244.9.200";

    /** Networks whose addresses are all this namespace's own. */
    static final List<String> NETWORKS = List.of("10.244.0.0/16", "10.96.0.0/16", "198.51.100.0/24", "240.240.0.0/16");

    static final int HTTP = 9080;
    static final int TCP = 9000;
    static final int TLS = 9443;

    /** One pod; what it serves follows from its service. */
    record Pod(String name, String namespace, String address, Map<String, String> labels, String zone) {}

    /** A Service in front of the pods with label {@code app: NAME}. */
    record Svc(String name, String namespace, String address, String portName, int port, int target) {}

    static final List<Pod> PODS = List.of(
            pod("web-v1", "default", "10.244.1.1", "web", "v1", "r1/z1"),
            pod("web-v2", "default", "10.244.1.2", "web", "v2", "r1/z2"),
            pod("many-1", "default", "10.244.2.1", "many", "a", "r1/z1"),
            pod("many-2", "default", "10.244.2.2", "many", "a", "r1/z2"),
            pod("many-3", "default", "10.244.2.3", "many", "b", "r2/z3"),
            pod("many-4", "default", "10.244.2.4", "many", "b", "r2/z4"),
            pod("other", "default", "10.244.3.1", "other", "v1", "r1/z1"),
            pod("shadow", "default", "10.244.3.2", "shadow", "v1", "r1/z1"),
            pod("cart", "shop", "10.244.4.1", "cart", "v1", "r1/z1"),
            pod("echo-v1", "default", "10.244.5.1", "echo", "v1", "r1/z1"),
            pod("echo-v2", "default", "10.244.5.2", "echo", "v2", "r1/z1"),
            pod("secure", "default", "10.244.6.1", "secure", "v1", "r1/z1"),
            pod("client", "default", CLIENT, "client", "v9", "r1/z1"),
            new Pod("gateway", "istio-system", GATEWAY, Map.of("istio", "ingressgateway"), "r1/z1"));

    static final List<Svc> SERVICES = List.of(
            new Svc("web", "default", "10.96.0.10", "http", 80, HTTP),
            new Svc("other", "default", "10.96.0.11", "http", 80, HTTP),
            new Svc("many", "default", "10.96.0.12", "http", 80, HTTP),
            new Svc("shadow", "default", "10.96.0.13", "http", 80, HTTP),
            new Svc("cart", "shop", "10.96.0.20", "http", 80, HTTP),
            new Svc("echo", "default", "10.96.0.30", "tcp", TCP, TCP),
            new Svc("secure", "default", "10.96.0.31", "tls", 443, TLS),
            new Svc("client", "default", "10.96.0.9", "http", 8080, 8080));

    private World() {}

    private static Pod pod(String name, String namespace, String address, String app, String version, String zone) {
        return new Pod(name, namespace, address, Map.of("app", app, "version", version), zone);
    }

    /** The cluster IP of a service by any of its names; an address stays itself; else {@link #OUTSIDE}. */
    static String address(String host) {
        for (Svc service : SERVICES) {
            String full = service.name() + "." + service.namespace() + ".svc.cluster.local";
            boolean own = service.namespace().equals("default") && host.equals(service.name());
            if (own || (host.startsWith(service.name() + "." + service.namespace()) && full.startsWith(host))) {
                return service.address();
            }
        }
        return host.chars().allMatch(c -> c == '.' || (c >= '0' && c <= '9')) ? host : OUTSIDE;
    }

    /** Services, pods and slices as manifests. */
    static String manifests() {
        List<String> documents = new ArrayList<>();
        for (String zone : PODS.stream().map(Pod::zone).distinct().toList()) {
            documents.add("""
                    apiVersion: v1
                    kind: Node
                    metadata:
                      name: node-%s
                      labels: {topology.kubernetes.io/region: %s, topology.kubernetes.io/zone: %s}
                    """.formatted(node(zone), zone.substring(0, 2), zone.substring(3)));
        }
        for (Pod pod : PODS) {
            documents.add(
                    """
                    apiVersion: v1
                    kind: Pod
                    metadata: {name: %s, namespace: %s, labels: %s}
                    spec: {serviceAccountName: default, nodeName: node-%s, containers: [{name: app, image: app}]}
                    status: {podIP: %s, phase: Running, conditions: [{type: Ready, status: "True"}]}
                    """.formatted(pod.name(), pod.namespace(), labels(pod.labels()), node(pod.zone()), pod.address()));
        }
        for (Svc service : SERVICES) {
            documents.add("""
                    apiVersion: v1
                    kind: Service
                    metadata: {name: %1$s, namespace: %2$s}
                    spec:
                      clusterIP: %3$s
                      selector: {app: %1$s}
                      ports: [{name: %4$s, port: %5$d, targetPort: %6$d}]
                    """.formatted(
                            service.name(),
                            service.namespace(),
                            service.address(),
                            service.portName(),
                            service.port(),
                            service.target()));
            StringBuilder slice = new StringBuilder(
                    """
                    apiVersion: discovery.k8s.io/v1
                    kind: EndpointSlice
                    metadata: {name: %1$s-x, namespace: %2$s, labels: {kubernetes.io/service-name: %1$s}}
                    addressType: IPv4
                    ports: [{name: %3$s, port: %4$d}]
                    endpoints:
                    """.formatted(service.name(), service.namespace(), service.portName(), service.target()));
            for (Pod pod : PODS) {
                if (service.name().equals(pod.labels().get("app"))) {
                    slice.append("""
                            - addresses: [%s]
                              conditions: {ready: true}
                              zone: %s
                              targetRef: {kind: Pod, name: %s, namespace: %s}
                            """.formatted(pod.address(), pod.zone().substring(3), pod.name(), pod.namespace()));
                }
            }
            documents.add(slice.toString());
        }
        return String.join("---\n", documents);
    }

    private static String node(String zone) {
        return zone.replace('/', '-');
    }

    private static String labels(Map<String, String> labels) {
        List<String> out = new ArrayList<>();
        new TreeMap<>(labels).forEach((name, value) -> out.add(name + ": " + value));
        return "{" + String.join(", ", out) + "}";
    }
}
