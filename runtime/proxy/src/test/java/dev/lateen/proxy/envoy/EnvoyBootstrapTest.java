package dev.lateen.proxy.envoy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.proxy.ProxyOptions;
import dev.lateen.xds.XdsJson;
import io.envoyproxy.envoy.config.bootstrap.v3.Bootstrap;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What Istio's agent writes for an Envoy, as far as a stock one reads it. */
final class EnvoyBootstrapTest {
    private static final Path SOCKET = Path.of("/etc/istio/proxy/agent.sock");

    static Bootstrap bootstrap(Map<String, String> environment) {
        return bootstrap(environment, 0);
    }

    static Bootstrap bootstrap(Map<String, String> environment, int resolver) {
        ProxyOptions options = ProxyOptions.fromEnvironment(
                ProxyOptions.Role.SIDECAR, "istiod:15012", Map.of("app", "web", "version", "v1"), environment);
        return EnvoyBootstrap.of(options, SOCKET, resolver);
    }

    private static final Map<String, String> POD = Map.of(
            "POD_NAME", "web-0",
            "POD_NAMESPACE", "shop",
            "INSTANCE_IP", "10.244.0.9",
            "SERVICE_ACCOUNT", "web",
            "ISTIO_META_CLUSTER_ID", "Kubernetes");

    @Test
    void theNodeIsThatOfTheWorkload() {
        var node = bootstrap(POD).getNode();
        assertThat(node.getId()).isEqualTo("sidecar~10.244.0.9~web-0.shop~shop.svc.cluster.local");
        assertThat(node.getCluster()).isEqualTo("web.shop");
        assertThat(XdsJson.print(node.getMetadata()))
                .contains("\"NAMESPACE\": \"shop\"", "\"SERVICE_ACCOUNT\": \"web\"", "\"CLUSTER_ID\": \"Kubernetes\"")
                .contains("\"version\": \"v1\"");
    }

    @ParameterizedTest
    @CsvSource({
        "xds-grpc,         pipe /etc/istio/proxy/agent.sock, true",
        "sds-grpc,         pipe /etc/istio/proxy/agent.sock, true",
        "prometheus_stats, 127.0.0.1:15000,                  false"
    })
    void clusters(String name, String address, boolean http2) {
        Cluster cluster = bootstrap(POD).getStaticResources().getClustersList().stream()
                .filter(each -> each.getName().equals(name))
                .findFirst()
                .orElseThrow();
        var to = cluster.getLoadAssignment()
                .getEndpoints(0)
                .getLbEndpoints(0)
                .getEndpoint()
                .getAddress();
        assertThat(
                        to.hasPipe()
                                ? "pipe " + to.getPipe().getPath()
                                : to.getSocketAddress().getAddress() + ":"
                                        + to.getSocketAddress().getPortValue())
                .isEqualTo(address);
        assertThat(cluster.getTypedExtensionProtocolOptionsCount() == 1).isEqualTo(http2);
    }

    @Test
    void theAdminInterfaceIsForThePodAlone_theMetricsForAll() {
        Bootstrap bootstrap = bootstrap(POD);
        assertThat(bootstrap.getAdmin().getAddress().getSocketAddress().getAddress())
                .isEqualTo("127.0.0.1");
        var listener =
                bootstrap.getStaticResources().getListeners(0).getAddress().getSocketAddress();
        assertThat(listener.getAddress() + ":" + listener.getPortValue()).isEqualTo("0.0.0.0:15090");
    }

    @ParameterizedTest
    @CsvSource({"'', 0", "1337, 1"})
    void socketsAreMarkedWhereCaptureTellsThemByTheMark(String mark, int options) {
        Bootstrap bootstrap = bootstrap(mark.isEmpty() ? POD : Map.of("LATEEN_SOCKET_MARK", mark));
        var bind = bootstrap.getClusterManager().getUpstreamBindConfig();
        assertThat(bind.getSocketOptionsCount()).isEqualTo(options);
        if (options > 0) {
            assertThat(bind.getSocketOptions(0).getIntValue()).isEqualTo(1337);
            assertThat(bind.getSocketOptions(0).getName()).isEqualTo(36);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    ''                     | --log-level warning --concurrency 2
                    -l debug               | -l debug --concurrency 2
                    --log-level=info       | --log-level=info --concurrency 2
                    --concurrency 4        | --concurrency 4 --log-level warning
                    --component-log-level upstream:debug | --component-log-level upstream:debug --log-level warning
                    """)
    void aFlagOfTheUserWins_andNoneIsGivenTwice(String given, String expected) {
        EnvoyOptions options = new EnvoyOptions(
                Path.of("/bin/envoy"),
                given.isEmpty() ? List.of() : List.of(given.split(" ")),
                Path.of("/d"),
                java.time.Duration.ZERO);
        List<String> words = options.command(2);
        assertThat(words).startsWith("/bin/envoy").contains(expected.split(" ")).doesNotHaveDuplicates();
        assertThat(words.stream().filter(word -> word.matches("-l|--log-level.*")))
                .hasSize(1);
        assertThat(words).containsSequence("--config-path", "/d/envoy.json");
    }

    @ParameterizedTest(name = "state {0}, cds {1}, lds {2}, workers {3}: {4}")
    @CsvSource({
        "0, 1, 1, 1, ''",
        "0, 7, 3, 1, ''",
        "2, 1, 1, 1, not live",
        "3, 1, 1, 0, not live",
        "0, 0, 1, 1, no cluster_manager.cds.update_success",
        "0, 1, 0, 1, no listener_manager.lds.update_success",
        "0, 1, 1, 0, no listener_manager.workers_started"
    })
    void readiness(int state, int cds, int lds, int workers, String reason) {
        String unready = EnvoyProcess.unready(List.of(
                "cluster_manager.cds.update_success: " + cds,
                "listener_manager.lds.update_success: " + lds,
                "listener_manager.workers_started: " + workers,
                "server.state: " + state));
        if (reason.isEmpty()) {
            assertThat(unready).isEmpty();
        } else {
            assertThat(unready).contains(reason);
        }
    }

    @Test
    void whereItsQuestionsWouldBeCaptured_itAsksTheAgent() throws Exception {
        assertThat(bootstrap(POD).hasTypedDnsResolverConfig()).isFalse();
        var resolver = bootstrap(POD, 5353)
                .getTypedDnsResolverConfig()
                .getTypedConfig()
                .unpack(CaresDnsResolverConfig.class)
                .getResolvers(0)
                .getSocketAddress();
        assertThat(resolver.getAddress() + ":" + resolver.getPortValue()).isEqualTo("127.0.0.1:5353");
    }

    @Test
    void withoutAnyCountItIsNotReady() {
        assertThat(EnvoyProcess.unready(List.of())).contains("not live");
    }
}
