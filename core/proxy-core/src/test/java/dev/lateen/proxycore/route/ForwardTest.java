package dev.lateen.proxycore.route;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.proxycore.ConnectionFacts;
import dev.lateen.proxycore.Hash;
import dev.lateen.proxycore.TextProto;
import dev.lateen.proxycore.Trace;
import dev.lateen.proxycore.filter.FilterConfig;
import dev.lateen.proxycore.format.FormatContext;
import dev.lateen.proxycore.head.FieldName;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.head.ResponseHead;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ForwardTest {
    private static final FilterConfig.Router ROUTER = new FilterConfig.Router(false, false);

    private final Random random = new Random(5);
    private final ConnectionFacts facts = ConnectionFacts.plain(
            new InetSocketAddress(InetAddress.ofLiteral("10.0.0.1"), 80),
            new InetSocketAddress(InetAddress.ofLiteral("10.0.0.9"), 4242));

    private Forward forward(String match, String route, String around) throws Exception {
        RouteTable table = RouteTable.of(TextProto.routes("name: 't' "
                + around.replace(
                        "@ROUTE@", "routes { match { " + match + " } route { cluster: 'c' " + route + " } }")));
        return (Forward) table.decide(RequestHead.of("GET", "reviews:80", "/api/v1/x?q=1"), random, Trace.NONE);
    }

    private Forward forward(String route) throws Exception {
        return forward("prefix: '/api'", route, "virtual_hosts { name: 'v' domains: '*' @ROUTE@ }");
    }

    private static RequestHead request() {
        return RequestHead.of("GET", "reviews:80", "/api/v1/x?q=1");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "prefix: '/api'                | prefix_rewrite: '/new'   | /new/v1/x?q=1",
                "prefix: '/api/'               | prefix_rewrite: '/'      | /v1/x?q=1",
                "path: '/api/v1/x'             | prefix_rewrite: '/y'     | /y?q=1",
                "safe_regex { regex: '/a.*' }  | prefix_rewrite: '/y'     | /y?q=1",
                "path_separated_prefix: '/api' | prefix_rewrite: '/'      | //v1/x?q=1",
                "prefix: '/'  | regex_rewrite { pattern { regex: '^/api/v([0-9]+)/(.*)$' } substitution: '/\\\\2/\\\\1\\\\\\\\' } | /x/1\\?q=1",
                "prefix: '/'  | regex_rewrite { pattern { regex: '/' } substitution: '_' }   | _api_v1_x?q=1",
                "prefix: '/'  | regex_rewrite { pattern { regex: 'nothing' } substitution: '_' }   | /api/v1/x?q=1",
            })
    void paths_areRewritten_andTheOriginalIsKept(String match, String rewrite, String expected) throws Exception {
        Forward forward = forward(match, rewrite, "virtual_hosts { name: 'v' domains: '*' @ROUTE@ }");
        RequestHead head = request();
        forward.rewrite(head, FormatContext.of(head, null));
        assertThat(head.path()).isEqualTo(expected);
        assertThat(head.fields().get(FieldName.X_ENVOY_ORIGINAL_PATH)).isEqualTo("/api/v1/x?q=1");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "-",
            value = {
                "host_rewrite_literal: 'other'                            | other      | -",
                "host_rewrite_literal: 'other' append_x_forwarded_host: true | other   | reviews:80",
                "host_rewrite_header: 'x-host'                            | from.it    | -",
                "host_rewrite_header: 'x-nothing'                         | reviews:80 | -",
                "host_rewrite_path_regex { pattern { regex: '^/(.*?)/.*$' } substitution: '\\\\1.example' } | api.example | -",
                "auto_host_rewrite { value: true }                        | reviews:80 | -",
            })
    void hosts_areRewritten(String rewrite, String expected, String forwarded) throws Exception {
        Forward forward = forward(rewrite);
        RequestHead head = request().with("x-host", "from.it");
        forward.rewrite(head, FormatContext.of(head, null));
        assertThat(head.authority()).isEqualTo(expected);
        assertThat(head.fields().get(FieldName.X_FORWARDED_HOST)).isEqualTo(forwarded);
        assertThat(forward.policy().autoHostRewrite()).isEqualTo(rewrite.startsWith("auto"));
    }

    @ParameterizedTest
    @CsvSource({
        "false, 'x: cluster,x: route,x: host,x: table'",
        "true,  'x: table,x: host,x: route,x: cluster'",
    })
    void fields_areAddedFromTheInnermostLevelOutwards_orTheOtherWayRound(boolean mostSpecificWins, String expected)
            throws Exception {
        String add = "request_headers_to_add { header { key: 'X' value: '%s' } } ";
        Forward forward = (Forward) RouteTable.of(TextProto.routes("name: 't' most_specific_header_mutations_wins: "
                        + mostSpecificWins + " " + add.formatted("table")
                        + "virtual_hosts { name: 'v' domains: '*' " + add.formatted("host")
                        + "routes { match { prefix: '/' } " + add.formatted("route")
                        + "route { weighted_clusters { clusters { name: 'c' weight { value: 1 } "
                        + add.formatted("cluster") + "} } } } }"))
                .decide(request(), random, Trace.NONE);
        RequestHead head = request();
        forward.rewrite(head, FormatContext.of(head, null));
        assertThat(head.fields().toString().strip().replace('\n', ',')).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "append_action: APPEND_IF_EXISTS_OR_ADD     | a: 1,a: 2 | a: 2",
                "append { value: true }                     | a: 1,a: 2 | a: 2",
                "append { value: false }                    | a: 2      | a: 2",
                "append_action: OVERWRITE_IF_EXISTS_OR_ADD  | a: 2      | a: 2",
                "append_action: ADD_IF_ABSENT               | a: 1      | a: 2",
                "append_action: OVERWRITE_IF_EXISTS         | a: 2      | ''",
            })
    void appendActions(String action, String present, String absent) throws Exception {
        Forward forward = forward(
                "prefix: '/'",
                "",
                "request_headers_to_add { header { key: 'a' value: '2' } " + action + " } "
                        + "virtual_hosts { name: 'v' domains: '*' @ROUTE@ }");
        RequestHead with = request().with("a", "1");
        forward.rewrite(with, FormatContext.of(with, null));
        assertThat(with.fields().toString().strip().replace('\n', ',')).isEqualTo(present);
        RequestHead without = request();
        forward.rewrite(without, FormatContext.of(without, null));
        assertThat(without.fields().toString().strip()).isEqualTo(absent.replace("''", ""));
    }

    @Test
    void removalComesFirst_valuesTakeCommands_emptyOnesAreLeftOut() throws Exception {
        Forward forward = forward(
                "prefix: '/'",
                "",
                "request_headers_to_remove: 'old' "
                        + "request_headers_to_add { header { key: 'old' value: 'new' } } "
                        + "request_headers_to_add { header { key: 'from' value: '%REQ(:authority)%-%%' } } "
                        + "request_headers_to_add { header { key: 'none' value: '%REQ(x-none)%' } } "
                        + "request_headers_to_add { header { key: 'kept' value: '' } keep_empty_value: true } "
                        + "response_headers_to_add { header { key: 'status' value: '%RESP(:status)%' } } "
                        + "virtual_hosts { name: 'v' domains: '*' @ROUTE@ }");
        RequestHead head = request().with("Old", "1");
        forward.rewrite(head, FormatContext.of(head, null));
        assertThat(head.fields()).hasToString("old: new\nfrom: reviews:80-%\nkept: \n");
        ResponseHead response = new ResponseHead(204);
        forward.responseHeaders().apply(response.fields(), FormatContext.of(head, response));
        assertThat(response.fields()).hasToString("status: 204\n");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "-",
            value = {
                // route                                                            caller: whole  per try   then:
                // whole, per try, told to the next
                "                                                                 | -    | -    | 15000 | 0    | 15000",
                "timeout { seconds: 0 }                                           | -    | -    | 0     | 0    | -",
                "timeout { seconds: 3 }                                           | -    | -    | 3000  | 0    | 3000",
                "timeout { seconds: 3 } retry_policy { per_try_timeout { seconds: 1 } } | - | - | 3000  | 1000 | 1000",
                "timeout { seconds: 3 } retry_policy { per_try_timeout { seconds: 3 } } | - | - | 3000  | 0    | 3000",
                "timeout { seconds: 0 } retry_policy { per_try_timeout { seconds: 1 } } | - | - | 0     | 1000 | 1000",
                "timeout { seconds: 3 }                                           | 500  | -    | 500   | 0    | 500",
                "timeout { seconds: 3 }                                           | 500  | 100  | 500   | 100  | 100",
                "timeout { seconds: 3 }                                           | 0    | -    | 0     | 0    | -",
                "timeout { seconds: 3 }                                           | soon | -1   | 3000  | 0    | 3000",
            })
    void timeouts(String route, String whole, String perTry, long global, long each, String told) throws Exception {
        Forward forward = forward(route == null ? "" : route);
        RequestHead head = request();
        if (whole != null) {
            head.with("x-envoy-upstream-rq-timeout-ms", whole);
        }
        if (perTry != null) {
            head.with("x-envoy-upstream-rq-per-try-timeout-ms", perTry);
        }
        Timeouts timeouts = forward.timeouts(head, ROUTER);
        assertThat(Duration.ofNanos(timeouts.global()).toMillis()).isEqualTo(global);
        assertThat(Duration.ofNanos(timeouts.perTry()).toMillis()).isEqualTo(each);
        assertThat(head.fields().get(FieldName.X_ENVOY_EXPECTED_RQ_TIMEOUT_MS)).isEqualTo(told);
        assertThat(head.fields().contains(FieldName.X_ENVOY_UPSTREAM_RQ_TIMEOUT_MS))
                .isFalse();
        assertThat(head.fields().contains(FieldName.X_ENVOY_UPSTREAM_RQ_PER_TRY_TIMEOUT_MS))
                .isFalse();
    }

    @Test
    void hashes_areThoseOfTheValue() throws Exception {
        Forward forward = forward("hash_policy { header { header_name: 'User' } }");
        assertThat(forward.hash(request().with("user", "alice"), facts)).isEqualTo(Hash.of("alice"));
        assertThat(forward.hash(request(), facts)).isZero();
        assertThat(forward.hash(request().with("user", "b").with("user", "a"), facts))
                .isEqualTo(forward.hash(request().with("user", "a").with("user", "b"), facts))
                .isNotZero();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "hash_policy { query_parameter { name: 'q' } }                                         | 1",
                "hash_policy { connection_properties { source_ip: true } }                             | 10.0.0.9",
                "hash_policy { cookie { name: 'u' } }                                                  | bob",
                "hash_policy { header { header_name: 'x' } terminal: true } hash_policy { cookie { name: 'u' } } | ex",
                "hash_policy { header { header_name: 'none' } terminal: true } hash_policy { cookie { name: 'u' } } | bob",
                "hash_policy { header { header_name: ':path' regex_rewrite { pattern { regex: '.*/([a-z]).*' } substitution: '\\\\1' } } } | x",
            })
    void hashSources(String policies, String hashed) throws Exception {
        RequestHead head = request().with("cookie", "a=1; u=\"bob\"; b=2").with("x", "ex");
        assertThat(forward(policies).hash(head, facts)).isEqualTo(Hash.of(hashed));
    }

    @Test
    void severalHashes_areCombinedInOrder() throws Exception {
        Forward forward =
                forward("hash_policy { header { header_name: 'a' } } hash_policy { header { header_name: 'b' } }");
        assertThat(forward.hash(request().with("a", "1").with("b", "2"), facts))
                .isEqualTo(Long.rotateLeft(Hash.of("1"), 1) ^ Hash.of("2"));
    }

    @Test
    void aCookieWithALifetime_isGiven_andHashedFromTheFirstRequestOn() throws Exception {
        Forward forward = forward("hash_policy { cookie { name: 'u' ttl { seconds: 60 } path: '/' } }");
        List<String> cookies = forward.cookies(request(), facts);
        assertThat(cookies).singleElement().asString().matches("u=\"[0-9a-f]{16}\"; Max-Age=60; Path=/; HttpOnly");
        String value = cookies.getFirst().substring(3, 19);
        RequestHead second = request().with("cookie", "u=" + value);
        assertThat(forward.hash(second, facts)).isEqualTo(forward.hash(request(), facts));
        assertThat(forward.cookies(second, facts)).isEmpty();
    }

    @Test
    void mirrors_takeTheirShare_andRouteOverridesHost() throws Exception {
        String mirror = "request_mirror_policies { cluster: '%s' %s } ";
        Forward all = forward(
                "prefix: '/'",
                mirror.formatted("own", "disable_shadow_host_suffix_append: true"),
                "virtual_hosts { name: 'v' domains: '*' " + mirror.formatted("hosts", "") + "@ROUTE@ }");
        assertThat(all.mirrors(random)).extracting(Mirror::cluster).containsExactly("own");
        assertThat(all.mirrors(random).getFirst().host("a:80")).isEqualTo("a:80");

        Forward half = forward(
                mirror.formatted("m", "runtime_fraction { default_value { numerator: 50 denominator: HUNDRED } }"));
        int copies = 0;
        for (int i = 0; i < 2000; i++) {
            copies += half.mirrors(random).size();
        }
        assertThat(copies).isBetween(900, 1100);
        assertThat(half.policy().mirrors().getFirst().host("a:80")).isEqualTo("a-shadow:80");
    }

    @Test
    void overrides_ofFilters_areThoseOfTheInnermostLevel() throws Exception {
        Forward forward = forward(
                "prefix: '/'",
                "",
                "virtual_hosts { name: 'v' domains: '*' "
                        + "typed_per_filter_config { key: 'f' value { @Fault { abort { http_status: 500 "
                        + "percentage { numerator: 100 } } } } } "
                        + "typed_per_filter_config { key: 'g' value { @FilterConfig { disabled: true } } } "
                        + "@ROUTE@ }");
        assertThat(forward.route().overrides().get("g")).isInstanceOf(FilterConfig.Disabled.class);
        assertThat(forward.route().overrides().get("f"))
                .isInstanceOfSatisfying(
                        FilterConfig.Fault.class,
                        f -> assertThat(f.injection().abortStatus()).isEqualTo(500));
    }

    @Test
    void theRest_isCarriedAlong() throws Exception {
        ForwardPolicy policy = forward("idle_timeout { seconds: 9 } priority: HIGH "
                        + "cluster_not_found_response_code: NOT_FOUND upgrade_configs { upgrade_type: 'Websocket' } "
                        + "max_stream_duration { grpc_timeout_header_max { seconds: 0 } }")
                .policy();
        assertThat(policy.idleTimeout()).isEqualTo(Duration.ofSeconds(9));
        assertThat(policy.priority()).isEqualTo(dev.lateen.proxycore.Priority.HIGH);
        assertThat(policy.clusterNotFoundStatus()).isEqualTo(404);
        assertThat(policy.upgrades()).containsEntry("websocket", true);
        assertThat(policy.grpcTimeoutMax()).isZero();
        assertThat(policy.maxStreamDuration()).isNull();
    }
}
