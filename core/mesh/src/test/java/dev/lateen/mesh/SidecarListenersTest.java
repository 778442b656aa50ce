package dev.lateen.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.SocketAddress;
import io.envoyproxy.envoy.config.core.v3.TrafficDirection;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the listeners of a Sidecar become (networking.istio.io Sidecar). */
class SidecarListenersTest {
    private static String sidecar(String spec) {
        return """
                apiVersion: networking.istio.io/v1
                kind: Sidecar
                metadata: {name: default}
                spec: {%s}
                """.formatted(spec);
    }

    /** Of the workload with this address. */
    @ParameterizedTest(name = "{0} of {1}: {2}")
    @CsvSource({
        "127.0.0.1:8080, 10.0.0.1, 127.0.0.1, 127.0.0.6",
        "127.0.0.1:8080, fd00::1,  ::1,       ''",
        "0.0.0.0:8080,   10.0.0.1, 10.0.0.1,  127.0.0.6",
        "0.0.0.0:8080,   fd00::1,  127.0.0.1, 127.0.0.6",
        "[::1]:8080,     10.0.0.1, 127.0.0.1, 127.0.0.6",
        "[::1]:8080,     fd00::1,  ::1,       ''",
        "[::]:8080,      10.0.0.1, ::1,       ''",
        "[::]:8080,      fd00::1,  fd00::1,   ''"
    })
    void where_apps_listen(String endpoint, String own, String expected, String source) {
        Cluster cluster = new Mesh()
                .with(sidecar("ingress: [{port: {number: 9080, protocol: HTTP, name: http}, defaultEndpoint: \"%s\"}]"
                        .formatted(endpoint)))
                .at(own)
                .cluster("inbound|9080||");
        SocketAddress address = cluster.getLoadAssignment()
                .getEndpoints(0)
                .getLbEndpoints(0)
                .getEndpoint()
                .getAddress()
                .getSocketAddress();
        assertThat(address.getAddress()).isEqualTo(expected);
        assertThat(address.getPortValue()).isEqualTo(8080);
        assertThat(cluster.getUpstreamBindConfig().getSourceAddress().getAddress())
                .isEqualTo(source);
    }

    /** What listens for calls of the app, and whether with a socket of its own, beside 0.0.0.0_15001. */
    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {hosts: ["./*"]}                                                                                  | 0.0.0.0_80 DB_5432
            {captureMode: NONE, hosts: ["./*"]}                                                               | 127.0.0.1_5432! 127.0.0.1_80!
            {captureMode: NONE, bind: 127.0.0.2, hosts: ["./*"]}                                              | 127.0.0.2_5432! 127.0.0.2_80!
            {bind: 127.0.0.2, hosts: ["./*"]}                                                                 | 127.0.0.2_5432 127.0.0.2_80
            {captureMode: IPTABLES, hosts: ["./*"]}                                                           | 0.0.0.0_80 DB_5432
            {port: {number: 5432, protocol: TCP}, captureMode: NONE, hosts: ["./*"]}, {hosts: ["./*"]}        | 0.0.0.0_80 127.0.0.1_5432! DB_5432
            {port: {number: 5432, protocol: TCP}, captureMode: NONE, hosts: ["./db.default.svc.cluster.local"]}, {hosts: ["./web.default.svc.cluster.local"]} | 0.0.0.0_80 127.0.0.1_5432!
            {port: {number: 81, protocol: HTTP}, captureMode: NONE, hosts: ["./*"]}                           | ``
            {port: {number: 80, protocol: HTTP}, captureMode: NONE, hosts: ["./*"]}, {captureMode: NONE, hosts: ["other/*"]} | 127.0.0.1_80!
            {port: {number: 80, protocol: HTTP}, bind: 0.0.0.0, captureMode: NONE, hosts: ["./*"]}, {hosts: ["./*"]} | 0.0.0.0_80! DB_5432
            """)
    void listeners_for_calls(String egress, String expected) {
        Mesh mesh = new Mesh()
                .service("web", "http", 80, 1)
                .service("db", "tcp-db", 5432, 1)
                .service("status", "http-status", 15021, 0)
                .with(sidecar("egress: [%s]".formatted(egress)));
        String db = "10.96.0." + ("db".hashCode() & 0x7f);
        String found = mesh.resources().of(ProxyResources.LISTENER).values().stream()
                .map(Listener.class::cast)
                .filter(listener -> !listener.getName().startsWith("virtual"))
                .filter(listener -> !listener.getName().endsWith("_15021"))
                .map(listener -> listener.getName().replace(db, "DB") + (binds(listener) ? "!" : ""))
                .sorted()
                .collect(Collectors.joining(" "));
        assertThat(found).isEqualTo(expected);
        assertThat(mesh.resources().of(ProxyResources.LISTENER)).doesNotContainKey("127.0.0.1_15021");
    }

    private static boolean binds(Listener listener) {
        return !listener.hasBindToPort() || listener.getBindToPort().getValue();
    }

    @Test
    void apps_call_services_at_a_listener_of_their_own() {
        Mesh mesh = new Mesh()
                .service("web", "http", 80, 1)
                .service("db", "tcp-db", 5432, 1)
                .with(sidecar("egress: [{captureMode: NONE, hosts: [\"./*\"]}]"));
        Listener requests = mesh.listener("127.0.0.1_80");
        assertThat(requests.getListenerFiltersCount()).isZero();
        assertThat(requests.hasDefaultFilterChain()).isFalse();
        assertThat(Mesh.http(requests.getFilterChains(0)).getRds().getRouteConfigName())
                .isEqualTo("80");
        assertThat(mesh.virtualHost("80", "web.default.svc.cluster.local:80").getRoutesCount())
                .isEqualTo(1);
        assertThat(Mesh.tcpCluster(mesh.listener("127.0.0.1_5432").getFilterChains(0)))
                .isEqualTo("outbound|5432||db.default.svc.cluster.local");
        assertThat(mesh.endpoints("outbound|5432||db.default.svc.cluster.local").getEndpointsCount())
                .isEqualTo(1);
    }

    /** The protocol is the listener's own, whatever the service's port is called. */
    @Test
    void listeners_say_what_is_spoken() {
        Mesh mesh = new Mesh()
                .service("web", "http", 80, 1)
                .service("db", "tcp-db", 5432, 1)
                .with(sidecar("egress: [{port: {number: 80, protocol: TCP}, captureMode: NONE, hosts: [\"./*\"]},"
                        + " {port: {number: 5432, protocol: HTTP}, captureMode: NONE, hosts: [\"./*\"]}]"));
        assertThat(Mesh.tcpCluster(mesh.listener("127.0.0.1_80").getFilterChains(0)))
                .isEqualTo("outbound|80||web.default.svc.cluster.local");
        assertThat(mesh.virtualHost("5432", "db.default.svc.cluster.local:5432").getRoutesCount())
                .isEqualTo(1);
    }

    /** The address of the listener for others' calls, and the ports that are captured. */
    @ParameterizedTest(name = "{0}: {1}, captured {2}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            captureMode: NONE                     | 10.244.0.9:9080 | ``
            captureMode: NONE, bind: 10.244.0.21  | 10.244.0.21:9080 | ``
            captureMode: IPTABLES                 | ``               | 9080
            bind: 10.244.0.21                     | ``               | 9080
            """)
    void listeners_for_calls_of_others(String fields, String address, String captured) {
        Mesh mesh = new Mesh()
                .with(sidecar(
                        "ingress: [{port: {number: 9080, protocol: HTTP, name: http}, defaultEndpoint: \"127.0.0.1:80\", %s}]"
                                .formatted(fields)));
        String found = mesh.resources().of(ProxyResources.LISTENER).values().stream()
                .map(Listener.class::cast)
                .filter(listener -> listener.getTrafficDirection() == TrafficDirection.INBOUND)
                .filter(listener -> !listener.getName().equals("virtualInbound"))
                .map(listener -> listener.getAddress().getSocketAddress().getAddress() + ":"
                        + listener.getAddress().getSocketAddress().getPortValue())
                .collect(Collectors.joining(" "));
        assertThat(found).isEqualTo(address);
        String ports = mesh.listener("virtualInbound").getFilterChainsList().stream()
                .map(chain -> chain.getFilterChainMatch().getDestinationPort().getValue())
                .filter(port -> port != 0 && port != 15006)
                .distinct()
                .map(String::valueOf)
                .collect(Collectors.joining(" "));
        assertThat(ports).isEqualTo(captured);
        if (!address.isEmpty()) {
            Listener own = mesh.listener(address.replace(':', '_'));
            assertThat(binds(own)).isTrue();
            assertThat(own.getFilterChainsList()).isNotEmpty().allSatisfy(chain -> assertThat(
                            chain.getFilterChainMatch().getDestinationPort().getValue())
                    .isEqualTo(9080));
        }
    }
}
