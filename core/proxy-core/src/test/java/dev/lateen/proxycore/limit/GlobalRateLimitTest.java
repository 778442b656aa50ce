package dev.lateen.proxycore.limit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.TextProto;
import dev.lateen.proxycore.Trace;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.route.RouteTable;
import io.envoyproxy.envoy.extensions.filters.http.ratelimit.v3.RateLimit;
import io.envoyproxy.envoy.service.ratelimit.v3.RateLimitResponse;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GlobalRateLimitTest {
    private static final String SERVICE =
            "rate_limit_service { grpc_service { envoy_grpc { cluster_name: 'rls' } } transport_api_version: V3 } ";

    private static GlobalRateLimit limit(String text) throws CompileException {
        Place at = Place.of("listener", "l");
        return GlobalRateLimit.of(
                at.known(TextProto.parse(text, RateLimit.newBuilder()).build()), at);
    }

    private static RateLimits limits(String host, String route) throws CompileException {
        return RouteTable.of(TextProto.routes("name: 'r' virtual_hosts { name: 'v' domains: '*' " + host
                        + " routes { match { prefix: '/' } route { cluster: 'to' " + route + " } } }"))
                .decide(RequestHead.of("GET", "shop", "/"), new Random(1), Trace.NONE)
                .route()
                .rateLimits();
    }

    private static String descriptors(RateLimits limits, int stage, String user) {
        RequestHead head = RequestHead.of("GET", "shop", "/buy");
        if (!user.isEmpty()) {
            head.with("x-user", user);
        }
        return limits.descriptors(stage, head, InetAddress.ofLiteral("192.0.2.7"), "me", "to").stream()
                .map(each -> each.stream()
                        .map(entry -> entry.key() + "=" + entry.value())
                        .collect(Collectors.joining(" ")))
                .collect(Collectors.joining("; "));
    }

    /** Envoy's documentation, config.route.v3.RateLimit.Action, says of each what it makes. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "-", textBlock = """
            actions { source_cluster {} }                                                                      | '' | source_cluster=me
            actions { destination_cluster {} }                                                                 | '' | destination_cluster=to
            actions { remote_address {} }                                                                      | '' | remote_address=192.0.2.7
            actions { generic_key { descriptor_value: 'v' } }                                                  | '' | generic_key=v
            actions { generic_key { descriptor_value: 'v' descriptor_key: 'k' } }                              | '' | k=v
            actions { request_headers { header_name: 'x-user' descriptor_key: 'u' } }                          | a  | u=a
            actions { request_headers { header_name: ':path' descriptor_key: 'p' } }                           | '' | p=/buy
            actions { request_headers { header_name: 'x-user' descriptor_key: 'u' } }                          | '' | ''
            actions { generic_key { descriptor_value: 'v' } } actions { request_headers { header_name: 'x-user' descriptor_key: 'u' } }                       | '' | ''
            actions { generic_key { descriptor_value: 'v' } } actions { request_headers { header_name: 'x-user' descriptor_key: 'u' skip_if_absent: true } }  | '' | generic_key=v
            actions { request_headers { header_name: 'x-user' descriptor_key: 'u' skip_if_absent: true } }     | '' | ''
            actions { header_value_match { descriptor_value: 'm' headers { name: 'x-user' string_match { exact: 'a' } } } }                                   | a  | header_match=m
            actions { header_value_match { descriptor_value: 'm' headers { name: 'x-user' string_match { exact: 'a' } } } }                                   | b  | ''
            actions { header_value_match { descriptor_value: 'm' descriptor_key: 'k' expect_match { value: false } headers { name: 'x-user' string_match { exact: 'a' } } } } | b | k=m
            actions { generic_key { descriptor_value: 'v' } } actions { generic_key { descriptor_value: 'w' } } | '' | generic_key=v generic_key=w
            """)
    void actions(String actions, String user, String descriptor) throws Exception {
        assertThat(descriptors(limits("", "rate_limits { " + actions + " }"), 0, user))
                .isEqualTo(descriptor);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            ''                           | host | ''                                | generic_key=h
            rate_limits { KEY('r') }     | host | ''                                | generic_key=r
            rate_limits { KEY('r') }     | host | include_vh_rate_limits { value: true } | generic_key=r; generic_key=h
            rate_limits { KEY('r') }     | ''   | include_vh_rate_limits { value: true } | generic_key=r
            rate_limits { stage { value: 1 } KEY('s') } rate_limits { KEY('r') } | '' | '' | generic_key=r
            """)
    void theRoutesOwnWinUnlessItWantsThoseOfItsHostToo(String own, String host, String more, String expected)
            throws Exception {
        RateLimits limits = limits(host.isEmpty() ? "" : key("rate_limits { KEY('h') }"), key(own) + " " + more);
        assertThat(descriptors(limits, 0, "")).isEqualTo(expected);
    }

    private static String key(String text) {
        return text.replaceAll("KEY\\('(.)'\\)", "actions { generic_key { descriptor_value: '$1' } }");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            actions { metadata { descriptor_key: 'k' } }                  | actions[0].metadata: not supported
            actions { dynamic_metadata { descriptor_key: 'k' } }          | actions[0].dynamic_metadata: not supported
            actions { masked_remote_address {} }                          | actions[0].masked_remote_address: not supported
            actions { query_parameter_value_match {} }                    | actions[0].query_parameter_value_match: not supported
            actions { extension { name: 'e' } }                           | actions[0].extension: not supported
            actions { generic_key { descriptor_value: 'v' } } limit {}    | rate_limits[0].limit: not supported
            actions { generic_key {} }                                    | descriptor_value: must not be empty
            ''                                                            | rate_limits[0]: no action
            """)
    void what_cannot_be_honoured_is_refused_by_name(String rule, String message) {
        assertThatThrownBy(() -> limits("", "rate_limits { " + rule + " }"))
                .isInstanceOf(CompileException.class)
                .hasMessageContaining(message);
    }

    @Test
    void defaultsAreEnvoys() throws Exception {
        GlobalRateLimit limit = limit("domain: 'd' " + SERVICE);
        assertThat(limit.service().cluster()).isEqualTo("rls");
        assertThat(limit.service().timeout()).isEqualTo(Duration.ofMillis(20));
        assertThat(limit.failureDenies()).isFalse();
        assertThat(limit.status()).isEqualTo(429);
        assertThat(limit.errorStatus()).isEqualTo(500);
        assertThat(limit.marks()).isTrue();
        assertThat(limit.tellsLimits()).isFalse();
        assertThat(limit.call().path()).isEqualTo("/envoy.service.ratelimit.v3.RateLimitService/ShouldRateLimit");
        assertThat(limit.question(List.of(List.of(new RateLimits.Entry("k", "v")))))
                .hasToString("domain: \"d\"\ndescriptors {\n  entries {\n    key: \"k\"\n    value: \"v\"\n  }\n}\n");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            ''                            | domain: must not be empty
            domain: 'd'                   | rate_limit_service: no service to ask
            domain: 'd' stage: 11 SERVICE | stage: must be at most 10
            domain: 'd' request_type: 'x' SERVICE | request_type: not a type: x
            domain: 'd' rate_limit_service { grpc_service { timeout { seconds: 1 } envoy_grpc { cluster_name: 'a' } } } | timeout: not supported
            domain: 'd' rate_limit_service { grpc_service { google_grpc { target_uri: 'a' stat_prefix: 'b' } } } | google_grpc: not supported
            """)
    void filters_that_cannot_be_honoured_are_refused(String text, String message) {
        assertThatThrownBy(() -> limit(text.replace("SERVICE", SERVICE))).hasMessageContaining(message);
    }

    @ParameterizedTest
    @CsvSource({"both, true, true", "internal, true, false", "external, false, true", "'', true, true"})
    void requestsOfTheMeshAndOthers(String type, boolean internal, boolean external) throws Exception {
        GlobalRateLimit limit = limit("domain: 'd' request_type: '" + type + "' " + SERVICE);
        assertThat(limit.concerns(RequestHead.of("GET", "a", "/").with("x-envoy-internal", "true")))
                .isEqualTo(internal);
        assertThat(limit.concerns(RequestHead.of("GET", "a", "/"))).isEqualTo(external);
    }

    /** The fields of draft 03, as Envoy writes them: the nearest limit, and all of them with their windows in seconds. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            ''                                                                                                        | -            | -  | -
            statuses { code: OK }                                                                                     | -            | -  | -
            statuses { current_limit { requests_per_unit: 10 unit: MINUTE } limit_remaining: 9 duration_until_reset { seconds: 50 } } | 10, 10;w=60 | 9 | 50
            statuses { current_limit { requests_per_unit: 10 unit: MINUTE name: 'n' } limit_remaining: 9 } statuses { current_limit { requests_per_unit: 1 unit: SECOND } limit_remaining: 0 duration_until_reset { seconds: 1 } } | 1, 10;w=60;name="n", 1;w=1 | 0 | 1
            """)
    void fieldsOfTheLimits(String statuses, String limit, String remaining, String reset) throws Exception {
        GlobalRateLimit config = limit("domain: 'd' enable_x_ratelimit_headers: DRAFT_VERSION_03 " + SERVICE);
        var verdict = config.verdict(answer("overall_code: OK " + statuses));
        var response = ((GlobalRateLimit.Verdict.Within) verdict).response();
        assertThat(said(response, "x-ratelimit-limit")).isEqualTo(limit);
        assertThat(said(response, "x-ratelimit-remaining")).isEqualTo(remaining);
        assertThat(said(response, "x-ratelimit-reset")).isEqualTo(reset);

        var silent = limit("domain: 'd' " + SERVICE).verdict(answer("overall_code: OK " + statuses));
        assertThat(((GlobalRateLimit.Verdict.Within) silent).response().isEmpty())
                .isTrue();
    }

    private static String said(dev.lateen.proxycore.head.Fields fields, String name) {
        String value = fields.get(dev.lateen.proxycore.head.FieldName.of(name));
        return value == null ? "-" : value;
    }

    @Test
    void verdicts() throws Exception {
        GlobalRateLimit config = limit("domain: 'd' " + SERVICE);
        var within = (GlobalRateLimit.Verdict.Within)
                config.verdict(
                        answer(
                                "overall_code: OK "
                                        + "request_headers_to_add { key: 'x-a' value: '1' } response_headers_to_add { key: 'x-b' value: '2' }"));
        assertThat(said(within.request(), "x-a")).isEqualTo("1");
        assertThat(said(within.response(), "x-b")).isEqualTo("2");
        var over = (GlobalRateLimit.Verdict.Over) config.verdict(answer(
                "overall_code: OVER_LIMIT raw_body: 'slow down' response_headers_to_add { key: 'x-b' value: '2' }"));
        assertThat(over.body()).isEqualTo("slow down");
        assertThat(said(over.response(), "x-b")).isEqualTo("2");
        assertThat(config.verdict(answer(""))).isInstanceOf(GlobalRateLimit.Verdict.Failed.class);
        assertThat(config.verdict(ByteString.copyFromUtf8("\377"))).isInstanceOf(GlobalRateLimit.Verdict.Failed.class);
    }

    private static ByteString answer(String text) {
        return TextProto.parse(text, RateLimitResponse.newBuilder()).build().toByteString();
    }
}
