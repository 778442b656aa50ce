package dev.lateen.proxy;

import static dev.lateen.proxy.TestMesh.await;
import static dev.lateen.proxy.TestMesh.cluster;
import static dev.lateen.proxy.TestMesh.http;
import static dev.lateen.proxy.TestMesh.reply;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.util.Durations;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.DiscoveryType;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.LbPolicy;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Listeners that others call by themselves. */
class OwnSocketsTest {
    private static final String ROUTES = "{match: {prefix: \"/\"}, route: {cluster: \"app\"}}";

    private final TestMesh mesh = new TestMesh();

    @AfterEach
    void stop() {
        mesh.close();
    }

    private boolean tellsOfFailure() {
        URI page = URI.create("http://127.0.0.1:" + mesh.proxy().adminPort() + "/config_dump");
        try {
            return mesh.send(HttpRequest.newBuilder(page).build()).body().contains("cannot listen on");
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void a_port_that_is_taken_is_told_of_and_hinders_nobody() throws Exception {
        Cluster app = cluster("app", "", mesh.backend(exchange -> reply(exchange, 200, "ok")));
        Listener edge = http("edge", "UNSPECIFIED", "", "");
        Listener.Builder other = http("other", "OUTBOUND", "", "").toBuilder();
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            other.getAddressBuilder().getSocketAddressBuilder().setPortValue(taken.getLocalPort());
            mesh.serve(List.of(edge, other.build()), ROUTES, app);
            await("it is told", this::tellsOfFailure);
            assertThat(mesh.get("/").body()).isEqualTo("ok");
        }
        mesh.serve(List.of(edge), ROUTES, app);
        await("it is forgotten with its listener", () -> !tellsOfFailure());
        mesh.serve(List.of(edge, other.build()), ROUTES, app);
        await("the port that is free now is taken", () -> mesh.proxy().port("other") > 0);
        mesh.serve(List.of(edge), ROUTES, app);
        await("the socket goes with its listener", () -> mesh.proxy().port("other") < 0);
    }

    /** Without an original destination there is none but the listener's own address. */
    @Test
    void what_would_come_back_to_the_listener_has_nowhere_to_go() throws Exception {
        Cluster through = Cluster.newBuilder()
                .setName("app")
                .setType(DiscoveryType.ORIGINAL_DST)
                .setLbPolicy(LbPolicy.CLUSTER_PROVIDED)
                .setConnectTimeout(Durations.fromSeconds(5))
                .build();
        mesh.serve(ROUTES, through);
        assertThat(mesh.get("/").statusCode()).isEqualTo(503);
    }
}
