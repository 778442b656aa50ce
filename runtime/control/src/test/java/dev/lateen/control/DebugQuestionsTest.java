package dev.lateen.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.lateen.xds.ResourceType;
import dev.lateen.xds.server.ClientStatus;
import dev.lateen.xds.server.PeerIdentity;
import dev.lateen.xds.server.ResourceEncoder;
import dev.lateen.xds.server.TypeStatus;
import io.envoyproxy.envoy.admin.v3.ClustersConfigDump;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.envoyproxy.envoy.service.status.v3.ClientConfig;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a stock istioctl gets to see of proxies and pages, and who may ask. */
class DebugQuestionsTest {
    private static final PeerIdentity MESH = new PeerIdentity("cluster.local", "istio-system", "default");
    private static final PeerIdentity SHOP = new PeerIdentity("cluster.local", "shop", "web");

    @ParameterizedTest
    @CsvSource({
        // nonce sent, nonce accepted, refusal, resources held => state
        "'',  '',  '',    '', NOT_SENT",
        "'',  '',  '',    a,  SYNCED",
        "1,   '',  '',    '', STALE",
        "2,   1,   '',    a,  STALE",
        "2,   2,   '',    a,  SYNCED",
        "2,   1,   'bad', a,  ERROR",
    })
    void a_type_is_as_far_as_its_last_answer(String sent, String acked, String refusal, String held, String state)
            throws Exception {
        var type = new TypeStatus("type.googleapis.com/x", true, 0, sent, acked, 1, 1, refusal);
        Map<String, String> has = held.isEmpty() ? Map.of() : Map.of(held, "1");
        ClientConfig config = only(answer(
                MESH, new StubClient(StubClient.node("web.shop", "shop"), List.of(type), Map.of(type.type(), has))));
        assertThat(config.getNode().getId()).isEqualTo("web.shop");
        assertThat(config.getGenericXdsConfigs(0).getTypeUrl()).isEqualTo("type.googleapis.com/x");
        assertThat(config.getGenericXdsConfigs(0).getConfigStatus().name()).isEqualTo(state);
        assertThat(config.getGenericXdsConfigs(0).getErrorState().getDetails()).isEqualTo(refusal);
    }

    @Test
    void only_the_mesh_itself_hears_of_other_namespaces_and_nobody_in_the_clear() {
        var type = new TypeStatus("type.googleapis.com/x", true, 0, "1", "1", 1, 1, "");
        ClientStatus[] all = {
            client("web.shop", "shop", type), client("pay.bank", "bank", type), client("ask.shop", "shop")
        };
        assertThat(answer(MESH, all).getResourcesCount()).isEqualTo(2);
        assertThat(answer(SHOP, all).getResourcesCount()).isEqualTo(1);
        DebugQuestions questions = questions(all);
        assertThatThrownBy(() -> questions.answer(DebugQuestions.SYNC, List.of(), null))
                .isInstanceOf(SecurityException.class)
                .hasMessageContaining("15012");
        assertThat(questions.answer("type.googleapis.com/x", List.of(), null)).isNull();
    }

    @Test
    void the_control_plane_names_itself_as_istiod_does() {
        assertThat(answer(MESH).getControlPlane().getIdentifier())
                .isEqualTo("{\"Component\":\"istiod\",\"ID\":\"istiod-0\",\"Info\":{\"version\":\"1.2\"}}");
    }

    private static DiscoveryResponse answer(PeerIdentity peer, ClientStatus... clients) {
        return Objects.requireNonNull(questions(clients).answer(DebugQuestions.SYNC, List.of(), peer));
    }

    /** Each proxy has a cluster of its name; the pages are two. */
    private static DebugQuestions questions(ClientStatus... clients) {
        return new DebugQuestions(
                "istio-system",
                "1.2",
                "istiod-0",
                () -> List.of(clients),
                node -> new ResourceEncoder()
                        .encode(
                                Map.of(
                                        ResourceType.CLUSTER,
                                        Map.of(
                                                "c",
                                                Cluster.newBuilder()
                                                        .setName(node.getId())
                                                        .build())),
                                1),
                path -> switch (path) {
                    case "/debug/config_dump" -> query -> HttpPages.Answer.text(200, "dump of " + query.get("proxyID"));
                    case "/debug/syncz" -> query -> HttpPages.Answer.json("[]");
                    default -> null;
                });
    }

    @ParameterizedTest(name = "{0} asks for {1}: {2}")
    @CsvSource({
        "istio-system, web.shop, sidecar~10.0.0.1~web.shop~shop.svc.cluster.local",
        "shop, web.shop, sidecar~10.0.0.1~web.shop~shop.svc.cluster.local",
        "shop, pay.bank, ''",
        "istio-system, gone.shop, ''"
    })
    void what_a_proxy_should_have_is_dumped_as_Envoy_does(String namespace, String proxy, String cluster)
            throws Exception {
        PeerIdentity peer = new PeerIdentity("cluster.local", namespace, "web");
        DiscoveryResponse answer = Objects.requireNonNull(two().answer(DebugQuestions.DUMP, List.of(proxy), peer));
        if (cluster.isEmpty()) {
            assertThat(answer.getResourcesList()).isEmpty();
        } else {
            assertThat(answer.getResourcesCount()).isEqualTo(3);
            assertThat(answer.getResources(0)
                            .unpack(ClustersConfigDump.class)
                            .getDynamicActiveClusters(0)
                            .getCluster()
                            .unpack(Cluster.class)
                            .getName())
                    .isEqualTo(cluster);
        }
    }

    @ParameterizedTest(name = "{0} asks for {1}: {2}")
    @CsvSource({
        "istio-system, syncz, []",
        "istio-system, config_dump?proxyID=web.shop, dump of web.shop",
        "istio-system, nothing, 404 page not found",
        "shop, config_dump?proxyID=web.shop, dump of web.shop",
        "shop, config_dump?proxyID=pay.bank, refused",
        "shop, config_dump, refused",
        "shop, syncz, refused"
    })
    void pages_are_answered_as_over_HTTP(String namespace, String page, String text) {
        PeerIdentity peer = new PeerIdentity("cluster.local", namespace, "web");
        if (text.equals("refused")) {
            assertThatThrownBy(() -> two().answer(DebugQuestions.PAGE, List.of(page), peer))
                    .isInstanceOf(SecurityException.class)
                    .hasMessageContaining("istio-system");
        } else {
            DiscoveryResponse answer = Objects.requireNonNull(two().answer(DebugQuestions.PAGE, List.of(page), peer));
            assertThat(answer.getResources(0).getTypeUrl()).isEqualTo(DebugQuestions.PAGE);
            assertThat(answer.getResources(0).getValue().toStringUtf8()).isEqualTo(text);
        }
    }

    private static DebugQuestions two() {
        var type = new TypeStatus("type.googleapis.com/x", true, 0, "1", "1", 1, 1, "");
        return questions(client("web.shop", "shop", type), client("pay.bank", "bank", type));
    }

    private static ClientConfig only(DiscoveryResponse answer) throws InvalidProtocolBufferException {
        assertThat(answer.getResourcesCount()).isEqualTo(1);
        return answer.getResources(0).unpack(ClientConfig.class);
    }

    private static ClientStatus client(String name, String namespace, TypeStatus... types) {
        return new StubClient(StubClient.node(name, namespace), List.of(types), Map.of());
    }
}
