package dev.lateen.proxy.tcp;

import static dev.lateen.proxy.TestMesh.cluster;
import static dev.lateen.proxy.TestMesh.listener;
import static dev.lateen.proxy.TestMesh.reply;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.rpc.Status;
import dev.lateen.proxy.TestMesh;
import io.envoyproxy.envoy.service.auth.v3.AuthorizationGrpc;
import io.envoyproxy.envoy.service.auth.v3.CheckRequest;
import io.envoyproxy.envoy.service.auth.v3.CheckResponse;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A service says which connections may begin whose content is not read. */
final class AskedConnectionsTest {
    private static final int PERMISSION_DENIED = 7;

    private final TestMesh mesh = new TestMesh();

    @AfterEach
    void stop() {
        mesh.close();
    }

    /** Says always the same: {@code allows}, {@code denies}, or {@code fails}. */
    private static final class Checker extends AuthorizationGrpc.AuthorizationImplBase {
        private final String says;
        private final List<CheckRequest> asked = new CopyOnWriteArrayList<>();

        Checker(String says) {
            this.says = says;
        }

        @Override
        public void check(CheckRequest request, StreamObserver<CheckResponse> answers) {
            asked.add(request);
            if (says.equals("fails")) {
                answers.onError(io.grpc.Status.INTERNAL.asException());
                return;
            }
            answers.onNext(CheckResponse.newBuilder()
                    .setStatus(Status.newBuilder().setCode(says.equals("allows") ? 0 : PERMISSION_DENIED))
                    .build());
            answers.onCompleted();
        }
    }

    @ParameterizedTest(name = "a service that {0}, {1}: {3}")
    @CsvSource({
        "allows, any: true,           '',                         let in",
        "denies, any: true,           '',                         refused",
        "fails,  any: true,           '',                         refused",
        "fails,  any: true,           'failure_mode_allow: true,', let in",
        "denies, destination_port: 1, '',                         not asked",
    })
    void a_connection(String says, String chosen, String mode, String outcome) throws Exception {
        Checker checker = new Checker(says);
        Server server = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .addService(checker)
                .build()
                .start();
        try {
            serve(chosen, mode, server.getPort());
            if (outcome.equals("refused")) {
                assertThatThrownBy(() -> mesh.get("/")).isInstanceOf(IOException.class);
            } else {
                assertThat(mesh.get("/").body()).isEqualTo("heard");
            }
            assertThat(checker.asked.isEmpty()).isEqualTo(outcome.equals("not asked"));
            for (CheckRequest asked : checker.asked) {
                var attributes = asked.getAttributes();
                assertThat(attributes
                                .getSource()
                                .getAddress()
                                .getSocketAddress()
                                .getAddress())
                        .isEqualTo("127.0.0.1");
                assertThat(attributes
                                .getDestination()
                                .getAddress()
                                .getSocketAddress()
                                .getPortValue())
                        .isEqualTo(mesh.port());
                assertThat(attributes.hasRequest()).isFalse();
            }
        } finally {
            server.shutdownNow();
        }
    }

    private void serve(String chosen, String mode, int checker) throws Exception {
        int app = mesh.backend(exchange -> reply(exchange, 200, "heard"));
        String type = "type.googleapis.com/envoy.extensions.filters.network.";
        mesh.serve(
                listener("edge", "INBOUND", """
                        filter_chains: [{filters: [
                          {name: "rules", typed_config: {"@type": "%1$srbac.v3.RBAC", stat_prefix: "r",
                            shadow_rules_stat_prefix: "chosen_", shadow_rules: {action: "DENY", policies: {
                              "ask-always": {permissions: [{%2$s}], principals: [{any: true}]}}}}},
                          {name: "asks", typed_config: {"@type": "%1$sext_authz.v3.ExtAuthz", stat_prefix: "a", %3$s
                            grpc_service: {timeout: "5s", envoy_grpc: {cluster_name: "checker"}},
                            filter_enabled_metadata: {filter: "envoy.filters.network.rbac",
                              path: [{key: "chosen_shadow_effective_policy_id"}],
                              value: {string_match: {prefix: "ask-"}}}}},
                          {name: "tcp", typed_config: {
                            "@type": "%1$stcp_proxy.v3.TcpProxy", stat_prefix: "tcp", cluster: "app"}}]}]
                        """.formatted(type, chosen, mode)),
                "{match: {prefix: \"/\"}, direct_response: {status: 200}}",
                cluster("app", "", app),
                cluster("checker", "http2_protocol_options: {},", checker));
    }
}
