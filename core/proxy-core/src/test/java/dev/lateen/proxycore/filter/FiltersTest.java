package dev.lateen.proxycore.filter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.TextProto;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.head.ResponseHead;
import io.envoyproxy.envoy.extensions.filters.http.fault.v3.HTTPFault;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FiltersTest {
    private final Random random = new Random(11);

    private static FaultInjection fault(String text) throws CompileException {
        Place at = Place.of("route", "r");
        return FaultInjection.of(
                at.known(TextProto.parse(text, HTTPFault.newBuilder()).build()), at);
    }

    private static CorsPolicy cors(String text) throws CompileException {
        return CorsPolicy.of(
                TextProto.parse(text, io.envoyproxy.envoy.extensions.filters.http.cors.v3.CorsPolicy.newBuilder())
                        .build(),
                Place.of("route", "r"));
    }

    @Test
    void faults_hitTheirShares_independently() throws Exception {
        FaultInjection fault = fault("delay { fixed_delay { seconds: 5 } percentage { numerator: 10 } } "
                + "abort { http_status: 503 percentage { numerator: 5000 denominator: TEN_THOUSAND } }");
        int delayed = 0;
        int aborted = 0;
        int both = 0;
        for (int i = 0; i < 10_000; i++) {
            FaultInjection.Verdict verdict = fault.decide(RequestHead.of("GET", "x", "/"), "c", random);
            boolean waits = !verdict.delay().isZero();
            delayed += waits ? 1 : 0;
            aborted += verdict.aborts() ? 1 : 0;
            both += waits && verdict.aborts() ? 1 : 0;
        }
        assertThat(delayed).isBetween(900, 1100);
        assertThat(aborted).isBetween(4800, 5200);
        assertThat(both).isBetween(430, 570);
    }

    @Test
    void faults_byGrpcStatus_headers_andCluster() throws Exception {
        FaultInjection fault = fault("abort { grpc_status: 14 percentage { numerator: 100 } } upstream_cluster: 'c' "
                + "headers { name: 'end-user' string_match { exact: 'jason' } }");
        RequestHead jason = RequestHead.of("GET", "x", "/").with("end-user", "jason");
        assertThat(fault.decide(jason, "c", random)).isEqualTo(new FaultInjection.Verdict(Duration.ZERO, 0, 14));
        assertThat(fault.decide(jason, "d", random)).isEqualTo(FaultInjection.UNTOUCHED);
        assertThat(fault.decide(RequestHead.of("GET", "x", "/"), "c", random)).isEqualTo(FaultInjection.UNTOUCHED);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "abort { header_abort {} }            | abort.header_abort: not supported",
                "abort { http_status: 100 }           | abort.http_status: not a status from 200 to 599",
                "max_active_faults { value: 1 }       | max_active_faults: not supported",
                "response_rate_limit {}               | response_rate_limit: not supported",
            })
    void faultsThatCannotBeHonoured_areRefused(String text, String message) {
        assertThatThrownBy(() -> fault(text)).hasMessageContaining(message);
    }

    private static final String CORS = "allow_origin_string_match { exact: 'https://a.example' } "
            + "allow_origin_string_match { suffix: '.b.example' } allow_methods: 'GET,POST' allow_headers: 'x-a' "
            + "expose_headers: 'x-e' max_age: '86400' allow_credentials { value: true } ";

    @Test
    void preflights_ofAllowedOrigins_areAnswered() throws Exception {
        RequestHead preflight = RequestHead.of("OPTIONS", "x", "/")
                .with("Origin", "https://x.b.example")
                .with("Access-Control-Request-Method", "POST");
        ResponseHead answer = cors(CORS).decide(preflight, random).preflight();
        assertThat(answer).isNotNull();
        assertThat(answer).hasToString("""
                        200
                        access-control-allow-origin: https://x.b.example
                        access-control-allow-credentials: true
                        access-control-allow-methods: GET,POST
                        access-control-allow-headers: x-a
                        access-control-max-age: 86400
                        """);
    }

    @Test
    void answersForAllowedOrigins_areDecorated() throws Exception {
        CorsPolicy policy = cors(CORS);
        CorsPolicy.Verdict verdict =
                policy.decide(RequestHead.of("GET", "x", "/").with("Origin", "https://a.example"), random);
        assertThat(verdict.preflight()).isNull();
        String origin = verdict.origin();
        assertThat(origin).isEqualTo("https://a.example");
        ResponseHead response = new ResponseHead(200).with("access-control-allow-origin", "*");
        policy.decorate(response, origin == null ? "" : origin);
        assertThat(response).hasToString("""
                        200
                        access-control-allow-origin: https://a.example
                        access-control-allow-credentials: true
                        access-control-expose-headers: x-e
                        """);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "-",
            value = {
                "GET     | -                  | -    |                                                  | false",
                "GET     | https://evil       | -    |                                                  | false",
                "OPTIONS | https://evil       | POST |                                                  | false",
                "OPTIONS | https://evil       | POST | forward_not_matching_preflights { value: false } | true",
                "OPTIONS | https://a.example  | -    |                                                  | false",
                "OPTIONS | https://a.example  | POST | filter_enabled { default_value { numerator: 0 } } | false",
            })
    void whatTheAppSeesItself(String method, String origin, String asked, String settings, boolean answered)
            throws Exception {
        RequestHead head = RequestHead.of(method, "x", "/");
        if (origin != null) {
            head.with("Origin", origin);
        }
        if (asked != null) {
            head.with("Access-Control-Request-Method", asked);
        }
        ResponseHead answer = cors(CORS + (settings == null ? "" : settings))
                .decide(head, random)
                .preflight();
        assertThat(answer != null).isEqualTo(answered);
        if (answer != null) {
            assertThat(answer.fields().isEmpty()).isTrue();
        }
    }

    @Test
    void routes_overrideWhatAFilterDoes() throws Exception {
        HttpFilter filter = new HttpFilter("f", new FilterConfig.Cors(CorsPolicy.NONE), false);
        FilterConfig other = new FilterConfig.Fault(fault(""));
        assertThat(filter.effective(Map.of())).isEqualTo(filter.config());
        assertThat(filter.effective(Map.of("f", other))).isEqualTo(other);
        HttpFilter off = new HttpFilter("f", filter.config(), true);
        assertThat(off.effective(Map.of())).isInstanceOf(FilterConfig.Disabled.class);
        assertThat(off.effective(Map.of("f", other))).isEqualTo(other);
        assertThat(List.of(filter, off)).doesNotHaveDuplicates();
    }
}
