package dev.lateen.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import dev.lateen.config.ConfigReader;
import dev.lateen.config.GatewayTopology;
import dev.lateen.config.KubernetesReader;
import dev.lateen.config.MeshConfig;
import dev.lateen.config.Problem;
import dev.lateen.config.RawObject;
import dev.lateen.config.ReadResult;
import dev.lateen.mesh.registry.Locality;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A mesh out of YAML, seen from one proxy. */
public final class Mesh {
    private Snapshot snapshot;
    private String namespace = "default";
    private String address = "10.244.0.9";
    private ProxyNode.Type type = ProxyNode.Type.SIDECAR;
    private ProxyNode.Dns dns = ProxyNode.Dns.ELSEWHERE;
    private boolean knowsIstio = true;
    private @Nullable GatewayTopology topology;
    private final Map<String, String> metadata = new TreeMap<>();
    private final Map<String, String> labels = new TreeMap<>();

    public Mesh() {
        this(Snapshot.empty());
    }

    /** Goes on from a snapshot. */
    public Mesh(Snapshot snapshot) {
        this.snapshot = snapshot;
    }

    /** Adds objects of any kind, which must be without error. */
    public Mesh with(String yaml) {
        ReadResult result = new ConfigReader().readText("test.yaml", yaml);
        assertThat(result.problems()).filteredOn(Problem::isError).isEmpty();
        Snapshot.Change change = snapshot.change();
        result.objects().forEach(change::put);
        for (RawObject object : result.others()) {
            switch (object.name().kind()) {
                case "Service" -> change.put(read(object, Service.class));
                case "Pod" -> change.put(read(object, Pod.class));
                case "EndpointSlice" -> change.put(read(object, EndpointSlice.class));
                case "Namespace" -> change.put(read(object, Namespace.class));
                case "ConfigMap" -> change.put(read(object, ConfigMap.class));
                case "Node" -> change.put(read(object, Node.class));
                default -> throw new AssertionError(object.name());
            }
        }
        snapshot = change.apply();
        return this;
    }

    private static <T extends HasMetadata> T read(RawObject object, Class<T> type) {
        return Objects.requireNonNull(KubernetesReader.read(object, type, p -> {
            throw new AssertionError(p.toString());
        }));
    }

    /** Settings of the mesh. */
    public Mesh settings(String yaml) {
        MeshConfig.Read read = MeshConfig.read("mesh.yaml", yaml);
        assertThat(read.problems()).isEmpty();
        snapshot = snapshot.change().mesh(read.config()).apply();
        return this;
    }

    /** A service in namespace default with one port, and pods {@code NAME-0} … behind it. */
    public Mesh service(String name, String portName, int port, int pods) {
        String host = "10.96.0." + (name.hashCode() & 0x7f);
        StringBuilder yaml = new StringBuilder("""
            apiVersion: v1
            kind: Service
            metadata: {name: %1$s}
            spec:
              clusterIP: %2$s
              selector: {app: %1$s}
              ports: [{name: "%3$s", port: %4$d}]
            """.formatted(name, host, portName, port));
        StringBuilder endpoints = new StringBuilder();
        for (int i = 0; i < pods; i++) {
            String ip = "10.244." + (name.hashCode() & 0x7f) + "." + i;
            yaml.append("---\n").append(pod(name + "-" + i, ip, "app: " + name + ", version: v" + (i % 2 + 1)));
            endpoints.append("- {addresses: [%s], conditions: {ready: true}, targetRef: {kind: Pod, name: %s-%d}}\n"
                    .formatted(ip, name, i));
        }
        yaml.append("""
            ---
            apiVersion: discovery.k8s.io/v1
            kind: EndpointSlice
            metadata: {name: %1$s-x, labels: {kubernetes.io/service-name: %1$s}}
            addressType: IPv4
            ports: [{name: "%2$s", port: %3$d}]
            endpoints:
            """.formatted(name, portName, port)).append(pods == 0 ? "  []\n" : endpoints);
        return with(yaml.toString());
    }

    /** A ready pod in namespace default. */
    public static String pod(String name, String ip, String labels) {
        return """
            apiVersion: v1
            kind: Pod
            metadata: {name: %s, labels: {%s}}
            spec: {serviceAccountName: default, containers: [{name: c, ports: [{name: web, containerPort: 8080}]}]}
            status: {podIP: %s, phase: Running, conditions: [{type: Ready, status: "True"}]}
            """.formatted(name, labels, ip);
    }

    /** Looks from a proxy of another namespace. */
    public Mesh from(String other) {
        namespace = other;
        return this;
    }

    /** Looks from the proxy with this address. */
    public Mesh at(String ip) {
        address = ip;
        return this;
    }

    /** Looks from a proxy at the edge with a label. */
    public Mesh router(String label, String value) {
        type = ProxyNode.Type.ROUTER;
        return label(label, value);
    }

    /** Lets the proxy answer DNS questions. */
    public Mesh answeringDns() {
        dns = new ProxyNode.Dns(true, true);
        return this;
    }

    /** Gives the proxy a label. */
    public Mesh label(String label, String value) {
        labels.put(label, value);
        return this;
    }

    /** The proxy's node says so. */
    public Mesh told(String key, String value) {
        metadata.put(key, value);
        return this;
    }

    /** The proxy is a stock Envoy. */
    public Mesh stockEnvoy() {
        knowsIstio = false;
        return this;
    }

    /** The proxy's own settings say what stands in front of it. */
    public Mesh topology(GatewayTopology own) {
        topology = own;
        return this;
    }

    public Snapshot snapshot() {
        return snapshot;
    }

    public ProxyNode node() {
        return new ProxyNode(
                "test",
                type,
                address,
                "client",
                namespace,
                namespace + ".svc.cluster.local",
                labels,
                "default",
                "Kubernetes",
                Locality.UNKNOWN,
                dns,
                knowsIstio,
                topology,
                metadata);
    }

    public ProxyResources resources() {
        return Translator.translate(snapshot, node());
    }

    private <T extends Message> T resource(String type, String name, Class<T> as) {
        Map<String, Message> all = resources().of(type);
        assertThat(all).containsKey(name);
        return as.cast(Objects.requireNonNull(all.get(name)));
    }

    public Cluster cluster(String name) {
        return resource(ProxyResources.CLUSTER, name, Cluster.class);
    }

    public ClusterLoadAssignment endpoints(String name) {
        return resource(ProxyResources.ENDPOINT, name, ClusterLoadAssignment.class);
    }

    public Listener listener(String name) {
        return resource(ProxyResources.LISTENER, name, Listener.class);
    }

    public RouteConfiguration routes(String name) {
        return resource(ProxyResources.ROUTE, name, RouteConfiguration.class);
    }

    public VirtualHost virtualHost(String table, String name) {
        return routes(table).getVirtualHostsList().stream()
                .filter(h -> h.getName().equals(name))
                .findFirst()
                .orElseThrow(() -> new AssertionError(name + " is not in " + routes(table)));
    }

    /** {@code address:port} of each endpoint. */
    public List<String> addresses(String cluster) {
        List<String> addresses = new ArrayList<>();
        endpoints(cluster).getEndpointsList().forEach(l -> l.getLbEndpointsList()
                .forEach(e -> {
                    var socket = e.getEndpoint().getAddress().getSocketAddress();
                    addresses.add(socket.getAddress() + ":" + socket.getPortValue());
                }));
        return addresses;
    }

    /** Cluster of a chain's TCP proxy. */
    public static String tcpCluster(FilterChain chain) {
        return unpack(chain.getFilters(0), TcpProxy.class).getCluster();
    }

    /** The chain's connection manager. */
    public static HttpConnectionManager http(FilterChain chain) {
        return unpack(chain.getFilters(0), HttpConnectionManager.class);
    }

    private static <T extends Message> T unpack(Filter filter, Class<T> type) {
        return unpack(filter.getTypedConfig(), type);
    }

    public static <T extends Message> T unpack(Any any, Class<T> type) {
        try {
            return any.unpack(type);
        } catch (InvalidProtocolBufferException e) {
            throw new AssertionError(e);
        }
    }
}
