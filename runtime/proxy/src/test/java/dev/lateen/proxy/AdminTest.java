package dev.lateen.proxy;

import static dev.lateen.proxy.TestMesh.cluster;
import static dev.lateen.proxy.TestMesh.reply;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.Message;
import com.google.protobuf.Struct;
import com.google.protobuf.util.JsonFormat;
import io.envoyproxy.envoy.admin.v3.BootstrapConfigDump;
import io.envoyproxy.envoy.admin.v3.Certificates;
import io.envoyproxy.envoy.admin.v3.ClusterStatus;
import io.envoyproxy.envoy.admin.v3.Clusters;
import io.envoyproxy.envoy.admin.v3.ClustersConfigDump;
import io.envoyproxy.envoy.admin.v3.ConfigDump;
import io.envoyproxy.envoy.admin.v3.EndpointsConfigDump;
import io.envoyproxy.envoy.admin.v3.Listeners;
import io.envoyproxy.envoy.admin.v3.ListenersConfigDump;
import io.envoyproxy.envoy.admin.v3.RoutesConfigDump;
import io.envoyproxy.envoy.admin.v3.SecretsConfigDump;
import io.envoyproxy.envoy.admin.v3.ServerInfo;
import io.envoyproxy.envoy.admin.v3.SimpleMetric;
import io.envoyproxy.envoy.extensions.filters.http.router.v3.Router;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The admin interface, read as tools for Envoy read it: by the messages of {@code envoy.admin.v3}. */
final class AdminTest {
    private final TestMesh mesh = new TestMesh();
    private int app;

    @BeforeEach
    void start() throws Exception {
        app = mesh.backend(exchange -> reply(exchange, 200, "ok"));
        mesh.serve("{match: {prefix: \"/\"}, route: {cluster: \"app\"}}", cluster("app", "", app));
        assertThat(mesh.get("/").body()).isEqualTo("ok");
    }

    @AfterEach
    void stop() {
        mesh.close();
    }

    private HttpResponse<String> ask(String method, String path) throws IOException, InterruptedException {
        return mesh.send(HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + mesh.proxy().adminPort() + path))
                .method(method, HttpRequest.BodyPublishers.noBody())
                .timeout(TestMesh.TIMEOUT)
                .build());
    }

    private <B extends Message.Builder> B read(String path, B into) throws IOException, InterruptedException {
        HttpResponse<String> response = ask("GET", path);
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.headers().firstValue("content-type")).hasValue("application/json");
        JsonFormat.TypeRegistry types = JsonFormat.TypeRegistry.newBuilder()
                .add(BootstrapConfigDump.getDescriptor())
                .add(ClustersConfigDump.getDescriptor())
                .add(ListenersConfigDump.getDescriptor())
                .add(RoutesConfigDump.getDescriptor())
                .add(EndpointsConfigDump.getDescriptor())
                .add(SecretsConfigDump.getDescriptor())
                .add(HttpConnectionManager.getDescriptor())
                .add(Router.getDescriptor())
                .build();
        JsonFormat.parser().usingTypeRegistry(types).merge(response.body(), into);
        return into;
    }

    @Test
    void theConfigurationInForce_isDumpedAsEnvoyDoes() throws Exception {
        ConfigDump dump =
                read("/config_dump?include_eds", ConfigDump.newBuilder()).build();
        assertThat(dump.getConfigsList())
                .extracting(Any::getTypeUrl)
                .containsExactly(
                        "type.googleapis.com/envoy.admin.v3.BootstrapConfigDump",
                        "type.googleapis.com/envoy.admin.v3.ClustersConfigDump",
                        "type.googleapis.com/envoy.admin.v3.ListenersConfigDump",
                        "type.googleapis.com/envoy.admin.v3.RoutesConfigDump",
                        "type.googleapis.com/envoy.admin.v3.SecretsConfigDump",
                        "type.googleapis.com/envoy.admin.v3.EndpointsConfigDump");
        assertThat(dump.getConfigs(0)
                        .unpack(BootstrapConfigDump.class)
                        .getBootstrap()
                        .getNode()
                        .getId())
                .startsWith("router~127.0.0.1~");
        var clusters = dump.getConfigs(1).unpack(ClustersConfigDump.class);
        assertThat(clusters.getDynamicActiveClustersList()).hasSize(1);
        assertThat(clusters.getDynamicActiveClusters(0).getVersionInfo()).isNotEmpty();
        var listeners = dump.getConfigs(2).unpack(ListenersConfigDump.class);
        assertThat(listeners.getDynamicListeners(0).getName()).isEqualTo("edge");
        var routes = dump.getConfigs(3).unpack(RoutesConfigDump.class);
        assertThat(routes.getDynamicRouteConfigsList()).hasSize(1);
        assertThat(read("/config_dump", ConfigDump.newBuilder()).getConfigsCount())
                .isEqualTo(5);
    }

    @Test
    void clusters_tellLimitsAndHosts() throws Exception {
        ClusterStatus app = read("/clusters?format=json", Clusters.newBuilder()).getClusterStatuses(0);
        assertThat(app.getName()).isEqualTo("app");
        assertThat(app.getCircuitBreakers().getThresholds(0).getMaxConnections().getValue())
                .isEqualTo(1024);
        assertThat(app.getHostStatuses(0).getStatsList())
                .contains(SimpleMetric.newBuilder()
                        .setName("rq_total")
                        .setValue(1)
                        .build());
        assertThat(ask("GET", "/clusters").body())
                .contains("app::default_priority::max_connections::1024\n")
                .containsPattern("app::127\\.0\\.0\\.1:\\d+::health_flags::healthy\n")
                .containsPattern("app::127\\.0\\.0\\.1:\\d+::rq_total::1\n");
    }

    @Test
    void listenersAndState_areTold() throws Exception {
        assertThat(read("/listeners?format=json", Listeners.newBuilder())
                        .getListenerStatuses(0)
                        .getName())
                .isEqualTo("edge");
        assertThat(ask("GET", "/listeners").body()).startsWith("edge::127.0.0.1:");
        ServerInfo info = read("/server_info", ServerInfo.newBuilder()).build();
        assertThat(info.getState()).isEqualTo(ServerInfo.State.LIVE);
        assertThat(info.getNode().getId()).startsWith("router~127.0.0.1~");
        assertThat(ask("GET", "/ready").body()).isEqualTo("LIVE\n");
    }

    @Test
    void readiness_canBeTakenBack() throws Exception {
        assertThat(ask("POST", "/healthcheck/fail").statusCode()).isEqualTo(200);
        assertThat(ask("GET", "/ready").statusCode()).isEqualTo(503);
        assertThat(ask("POST", "/healthcheck/ok").statusCode()).isEqualTo(200);
        assertThat(ask("GET", "/ready").statusCode()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/quitquitquit", "/drain_listeners", "/healthcheck/fail", "/logging?level=debug"})
    void whatChangesSomething_isNotDoneByFollowingALink(String path) throws Exception {
        assertThat(ask("GET", path).statusCode()).isEqualTo(405);
        assertThat(ask("GET", "/ready").statusCode()).isEqualTo(200);
    }

    /** Envoy documentation, administration interface, {@code GET /stats}. */
    @Test
    void figuresHaveEnvoysNamesAndForms() throws Exception {
        assertThat(ask("GET", "/stats").body())
                .containsPattern("(?m)^cluster.app.upstream_rq_2xx: 1$")
                .containsPattern("(?m)^cluster.app.upstream_rq_total: 1$")
                .containsPattern("(?m)^cluster.app.upstream_rq_timeout: 0$")
                .containsPattern("(?m)^cluster_manager.active_clusters: 1$")
                .containsPattern("(?m)^cluster_manager.cds.update_success: 1$")
                .containsPattern("(?m)^http.edge.downstream_rq_2xx: 1$")
                .containsPattern("(?m)^http.edge.downstream_rq_active: 0$")
                .containsPattern("(?m)^http.edge.downstream_rq_total: 1$")
                .containsPattern("(?m)^lateen.configuration_ignored_parts: 0$")
                .containsPattern("(?m)^listener.127.0.0.1_0.downstream_cx_total: 1$")
                .containsPattern("(?m)^server.live: 1$")
                .containsPattern("(?m)^server.state: 0$");
        assertThat(ask("GET", "/stats?filter=%5Ecluster%5C.app%5C.upstream_rq_(total%7Ctimeout)$")
                        .body())
                .isEqualTo("cluster.app.upstream_rq_timeout: 0\ncluster.app.upstream_rq_total: 1\n");
        assertThat(ask("GET", "/stats?usedonly&filter=upstream_rq_t").body())
                .isEqualTo("cluster.app.upstream_rq_total: 1\n");
        assertThat(ask("GET", "/stats?format=json&filter=upstream_rq_t").body())
                .isEqualTo("{\"stats\":[{\"name\":\"cluster.app.upstream_rq_timeout\",\"value\":0},"
                        + "{\"name\":\"cluster.app.upstream_rq_total\",\"value\":1}]}\n");
        assertThat(ask("GET", "/stats?format=prometheus&filter=cluster_upstream_rq_t")
                        .body())
                .isEqualTo("""
                        # TYPE envoy_cluster_upstream_rq_total counter
                        envoy_cluster_upstream_rq_total{cluster_name="app"} 1
                        # TYPE envoy_cluster_upstream_rq_timeout counter
                        envoy_cluster_upstream_rq_timeout{cluster_name="app"} 0
                        """);
        assertThat(ask("GET", "/stats/prometheus?usedonly&filter=rq_t").body()).isEqualTo("""
                        # TYPE envoy_cluster_upstream_rq_total counter
                        envoy_cluster_upstream_rq_total{cluster_name="app"} 1
                        """);
        assertThat(ask("GET", "/stats?format=prometheus").body())
                .contains("# TYPE istio_requests_total counter", "lateen_configuration_ignored_parts 0\n");
        assertThat(ask("GET", "/stats?filter=(").statusCode()).isEqualTo(400);
        assertThat(ask("GET", "/stats?format=xml").statusCode()).isEqualTo(400);
    }

    @Test
    void whatIsOptionalAndNotKnown_isCountedAndTold() throws Exception {
        assertThat(ask("GET", "/ignored").body()).isEqualTo("nothing is ignored\n");
        mesh.serve(
                TestMesh.http("edge", "UNSPECIFIED", "", """
                        {name: "later", is_optional: true, typed_config: {
                          "@type": "type.googleapis.com/udpa.type.v1.TypedStruct", type_url: "x/of.Tomorrow"}},
                        """),
                "{match: {prefix: \"/\"}, route: {cluster: \"app\"}}",
                cluster("app", "", app));
        TestMesh.await("it is told", () -> mesh.metric("lateen_configuration_ignored_parts") == 1);
        assertThat(ask("GET", "/ignored").body())
                .isEqualTo("listener \"edge\" filter_chains[0].filters[0](http).http_filters[0](later): "
                        + "optional and unknown: x/of.Tomorrow (in a TypedStruct)\n");
        assertThat(ask("GET", "/ignored?format=json").body())
                .startsWith("{\"ignored\":[\"listener \\\"edge\\\" filter_chains[0]")
                .endsWith("(in a TypedStruct)\"]}\n");
        assertThat(mesh.get("/").body()).isEqualTo("ok");
    }

    @Test
    void levels_areShownAndSet() throws Exception {
        assertThat(ask("POST", "/logging?dev.lateen.proxy.Proxy=debug").body())
                .contains("dev.lateen.proxy.Proxy: debug");
        assertThat(ask("POST", "/logging?dev.lateen.proxy.Proxy=info").body()).contains("dev.lateen.proxy.Proxy: info");
        assertThat(ask("POST", "/logging?level=loud").statusCode()).isEqualTo(400);
    }

    @Test
    void aDrainingProxy_saysSo_andTakesNoOtherConnection() throws Exception {
        assertThat(ask("POST", "/drain_listeners").statusCode()).isEqualTo(200);
        TestMesh.await("the listener is closed", () -> mesh.proxy().port("edge") == -1);
        assertThat(ask("GET", "/ready").body()).isEqualTo("DRAINING\n");
    }

    /** Requests are shown while somebody looks, with what a client made up as text and nothing else. */
    @Test
    void requestsAreTapped() throws Exception {
        HttpRequest page = HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + mesh.proxy().adminPort() + "/tap"))
                .build();
        try (HttpClient client = HttpClient.newHttpClient()) {
            HttpResponse<Stream<String>> tap = client.send(page, HttpResponse.BodyHandlers.ofLines());
            assertThat(mesh.get("/x?a=%22%7D").body()).isEqualTo("ok");
            String line = tap.body().filter(text -> !text.isBlank()).findFirst().orElse("");
            Struct.Builder fields = Struct.newBuilder();
            JsonFormat.parser().merge(line, fields);
            assertThat(fields.getFieldsOrThrow("path").getStringValue()).isEqualTo("/x?a=%22%7D");
            assertThat(fields.getFieldsOrThrow("response_code").getNumberValue())
                    .isEqualTo(200);
            assertThat(fields.getFieldsOrThrow("upstream_cluster").getStringValue())
                    .isEqualTo("app");
            assertThat(fields.getFieldsOrThrow("downstream_local_address").getStringValue())
                    .matches("127\\.0\\.0\\.1:\\d+");
            // What it lacks is said: whoever replays it need not guess.
            assertThat(fields.getFieldsOrThrow("peer").hasNullValue()).isTrue();
            client.shutdownNow();
        }
    }

    @Test
    void certificatesAsEnvoyDoes_noneWithoutAnIdentity() throws Exception {
        assertThat(read("/certs", Certificates.newBuilder()).build().getCertificatesList())
                .isEmpty();
        assertThat(ask("GET", "/decisions?format=json").body()).contains("\"decisions\"");
    }
}
