package dev.lateen.proxycore;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.Parser;
import dev.lateen.proxycore.balance.LiveCluster;
import dev.lateen.proxycore.balance.Pick;
import dev.lateen.proxycore.cluster.CompiledCluster;
import dev.lateen.proxycore.cluster.EndpointSet;
import dev.lateen.proxycore.format.FormatContext;
import dev.lateen.proxycore.head.FieldName;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.listener.CompiledListener;
import dev.lateen.proxycore.route.Forward;
import dev.lateen.proxycore.route.Redirect;
import dev.lateen.proxycore.route.RouteAction;
import dev.lateen.proxycore.route.RouteTable;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** Bytes of a hostile server, and requests of a hostile client: an answer or a refusal, never a crash. */
class HostileInputTest {
    private static final String ROUTES =
            "name: 'r' virtual_hosts { name: 'v' domains: 'a.example' domains: '*.b' domains: 'c.*' "
                    + "request_headers_to_add { header { key: 'x' value: '%REQ(:path)% %PROTOCOL%' } } "
                    + "routes { match { safe_regex { regex: '/a(b|c)*' } headers { name: 'h' range_match { start: 1 end: 9 } } "
                    + "  query_parameters { name: 'q' string_match { prefix: 'x' } } } redirect { prefix_rewrite: '/n' https_redirect: true } } "
                    + "routes { match { prefix: '/p' } route { weighted_clusters { clusters { name: 'c1' weight { value: 3 } } "
                    + "  clusters { name: 'c2' weight { value: 5 } } } prefix_rewrite: '/x' timeout { seconds: 3 } "
                    + "  hash_policy { cookie { name: 'u' ttl { seconds: 1 } } } retry_policy { retry_on: '5xx' } } } "
                    + "routes { match { prefix: '' } route { cluster: 'c' regex_rewrite { pattern { regex: '/([a-z]+)' } substitution: '_\\\\1' } "
                    + "  host_rewrite_path_regex { pattern { regex: '^/(.*)$' } substitution: '\\\\1' } } } }";
    private static final String LISTENER = "name: 'l' address { socket_address { address: '0.0.0.0' port_value: 80 } } "
            + "listener_filters { name: 'h' typed_config { @HttpInspector {} } filter_disabled { any_match: true } } "
            + "filter_chains { filter_chain_match { destination_port { value: 80 } server_names: 'a' prefix_ranges { address_prefix: '10.0.0.0' prefix_len { value: 8 } } } "
            + "filters { name: 'h' typed_config { @Hcm { stat_prefix: 's' rds { route_config_name: 'r' } http_filters { name: 'r' typed_config { @Router {} } } "
            + "access_log { name: 'f' typed_config { @FileAccessLog { path: '/dev/stdout' log_format { text_format_source { inline_string: '%REQ(x):3% %DURATION%' } } } } } } } } }";
    private static final String CLUSTER =
            "name: 'c' type: STATIC lb_policy: RING_HASH ring_hash_lb_config { minimum_ring_size { value: 64 } } "
                    + "outlier_detection { interval { seconds: 1 } } circuit_breakers { thresholds { max_retries { value: 3 } } } "
                    + "load_assignment { cluster_name: 'c' endpoints { locality { zone: 'z' } lb_endpoints { endpoint { address { "
                    + "socket_address { address: '10.0.0.1' port_value: 80 } } } load_balancing_weight { value: 3 } } } }";

    record Damage(int position, int kind, int value) {}

    @Provide
    Arbitrary<List<Damage>> damages() {
        return Combinators.combine(
                        Arbitraries.integers().between(0, 2000),
                        Arbitraries.integers().between(0, 3),
                        Arbitraries.integers().between(0, 255))
                .as(Damage::new)
                .list()
                .ofMinSize(1)
                .ofMaxSize(6);
    }

    private static <M extends Message> M damaged(M whole, Parser<M> parser, List<Damage> damages)
            throws InvalidProtocolBufferException {
        byte[] bytes = whole.toByteArray();
        for (Damage damage : damages) {
            int at = damage.position % bytes.length;
            switch (damage.kind) {
                case 0 -> bytes[at] = (byte) damage.value;
                case 1 -> bytes[at] ^= (byte) (1 << damage.value % 8);
                case 2 -> bytes[at]++;
                default -> bytes[at] = bytes[(at + damage.value) % bytes.length];
            }
        }
        return parser.parseFrom(bytes);
    }

    private interface Compilation {
        void run() throws CompileException, InvalidProtocolBufferException;
    }

    /** Runs it; true when there was no message to compile or it was refused with a place. */
    private static boolean refused(String kind, Compilation compilation) {
        try {
            compilation.run();
            return false;
        } catch (InvalidProtocolBufferException e) {
            return true;
        } catch (CompileException e) {
            assertThat(e).hasMessageStartingWith(kind + " \"");
            return true;
        }
    }

    @Property
    void damagedRoutes_areRefusedOrDecide(
            @ForAll("damages") List<Damage> damages, @ForAll("requests") RequestHead head) {
        refused(
                "route",
                () -> decide(
                        RouteTable.of(damaged(TextProto.routes(ROUTES), RouteConfiguration.parser(), damages)), head));
    }

    @Property
    void damagedListeners_areRefusedOrDecide(@ForAll("damages") List<Damage> damages) {
        refused("listener", () -> CompiledListener.of(damaged(TextProto.listener(LISTENER), Listener.parser(), damages))
                .match(
                        ConnectionFacts.plain(
                                new InetSocketAddress(InetAddress.ofLiteral("10.0.0.1"), 80),
                                new InetSocketAddress(InetAddress.ofLiteral("::1"), 1)),
                        Trace.recording()));
    }

    @Property
    void damagedClusters_areRefusedOrChoose(@ForAll("damages") List<Damage> damages) {
        refused("cluster", () -> {
            Cluster cluster = damaged(TextProto.cluster(CLUSTER), Cluster.parser(), damages);
            Random random = new Random(1);
            LiveCluster.of(CompiledCluster.of(cluster), random).balancer().pick(new Pick(random));
        });
    }

    @Property
    void damagedEndpoints_areRefusedOrTaken(@ForAll("damages") List<Damage> damages) {
        ClusterLoadAssignment whole = TextProto.cluster(CLUSTER).getLoadAssignment();
        refused("endpoints", () -> EndpointSet.of(damaged(whole, ClusterLoadAssignment.parser(), damages)));
    }

    @Property
    void anyRequest_getsADecision(@ForAll("requests") RequestHead head) throws CompileException {
        decide(RouteTable.of(TextProto.routes(ROUTES)), head);
    }

    private static void decide(RouteTable table, RequestHead head) {
        RouteAction action = table.decide(head, new Random(1), Trace.recording());
        switch (action) {
            case Forward forward -> {
                forward.timeouts(head, new dev.lateen.proxycore.filter.FilterConfig.Router(false, false));
                forward.rewrite(head, FormatContext.of(head, null));
                assertThat(head.path()).isNotNull();
            }
            case Redirect redirect -> assertThat(redirect.location(head)).isNotNull();
            default -> assertThat(action.route().table()).isNotNull();
        }
    }

    @Provide
    Arbitrary<RequestHead> requests() {
        Arbitrary<String> bytes =
                Arbitraries.strings().withCharRange('\u0000', '\u00ff').ofMaxLength(30);
        Arbitrary<String> hosts = Arbitraries.oneOf(
                bytes, Arbitraries.of("a.example", "A.EXAMPLE:80", "x.b", "c.", "c.x", "[::1]:80", "::1", ":", ""));
        Arbitrary<String> paths =
                Arbitraries.oneOf(bytes, Arbitraries.of("/", "", "*", "/abc?q=x", "/p?", "/p#?&=", "?", "/a?q=xy&q"));
        Arbitrary<String> names = Arbitraries.of("h", "X-Envoy-Upstream-Rq-Timeout-Ms", "cookie", "content-type");
        return Combinators.combine(Arbitraries.of("GET", "CONNECT", "get", ""), hosts, paths, names, bytes)
                .as((method, host, path, name, value) -> {
                    RequestHead head = RequestHead.of(method, host, path);
                    head.fields().add(FieldName.of(name), value);
                    return head;
                });
    }
}
