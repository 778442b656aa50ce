package dev.lateen.proxycore.retry;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.ResetReason;
import dev.lateen.proxycore.TextProto;
import dev.lateen.proxycore.Trace;
import dev.lateen.proxycore.cluster.CircuitBreaker;
import dev.lateen.proxycore.cluster.ClusterTotals;
import dev.lateen.proxycore.cluster.Limit;
import dev.lateen.proxycore.cluster.Thresholds;
import dev.lateen.proxycore.head.FieldName;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.head.ResponseHead;
import dev.lateen.proxycore.route.Forward;
import dev.lateen.proxycore.route.RouteTable;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RetryStateTest {
    private static final InstantSource EPOCH = InstantSource.fixed(Instant.EPOCH);
    private final Limit limit = new CircuitBreaker(Thresholds.DEFAULT, new ClusterTotals()).retries();

    private static RetryPolicy policy(String text) throws CompileException {
        RouteTable table = RouteTable.of(TextProto.routes("name: 'r' virtual_hosts { name: 'v' domains: '*' routes { "
                + "match { prefix: '/' } route { cluster: 'c' retry_policy { " + text + " } } } }"));
        Forward forward = (Forward) table.decide(RequestHead.of("GET", "x", "/"), new Random(1), Trace.NONE);
        return forward.policy().retry();
    }

    private RetryState state(String text) throws CompileException {
        return state(policy(text), RequestHead.of("GET", "x", "/"), limit);
    }

    private static RetryState state(RetryPolicy policy, RequestHead head, Limit retries) {
        return requireNonNull(RetryState.of(policy, head, retries), "a request that may be tried again");
    }

    /** Every condition against every kind of answer. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                // condition                answers that are tried again
                "5xx                      | 500 501 502 503 504 599",
                "gateway-error            | 502 503 504",
                "reset                    | ",
                "connect-failure          | ",
                "refused-stream           | ",
                "retriable-4xx            | 409",
                "envoy-ratelimited        | 429x",
                "cancelled                | 200g1",
                "deadline-exceeded        | 200g4",
                "resource-exhausted       | 200g8",
                "internal                 | 200g13",
                "unavailable              | 200g14",
                "cancelled,unavailable    | 200g1 200g14",
                "retriable-status-codes   | 418",
                "retriable-headers        | 200h",
            })
    void answers(String condition, String retried) throws Exception {
        String[] answers = {
            "200", "404", "409", "418", "429", "500", "501", "502", "503", "504", "599", "429x", "503o", "200g0",
            "200g1", "200g4", "200g8", "200g13", "200g14", "200h"
        };
        for (String answer : answers) {
            RetryState state = state("retry_on: '" + condition + "' num_retries { value: 1 } "
                    + "retriable_status_codes: 418 retriable_headers { name: 'x-again' present_match: true }");
            ResponseHead head = new ResponseHead(Integer.parseInt(answer.substring(0, 3)));
            String rest = answer.substring(3);
            if (rest.startsWith("g")) {
                head.with("grpc-status", rest.substring(1));
            } else if (rest.equals("x")) {
                head.with("x-envoy-ratelimited", "true");
            } else if (rest.equals("o")) {
                head.with("x-envoy-overloaded", "true");
            } else if (rest.equals("h")) {
                head.with("x-again", "1");
            }
            boolean expected =
                    retried != null && java.util.List.of(retried.split(" ")).contains(answer);
            assertThat(state.onHeaders(head, EPOCH))
                    .as("%s on %s", condition, answer)
                    .isEqualTo(expected ? RetryVerdict.RETRY : RetryVerdict.NO);
            state.close();
        }
    }

    /** Every condition against every way to end without an answer. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "5xx                  | LOCAL_RESET LOCAL_REFUSED REMOTE_RESET REMOTE_REFUSED LOCAL_CONNECTION_FAILURE REMOTE_CONNECTION_FAILURE CONNECTION_TIMEOUT CONNECTION_TERMINATION PROTOCOL_ERROR OVERLOAD_MANAGER",
                "gateway-error        | LOCAL_RESET LOCAL_REFUSED REMOTE_RESET REMOTE_REFUSED LOCAL_CONNECTION_FAILURE REMOTE_CONNECTION_FAILURE CONNECTION_TIMEOUT CONNECTION_TERMINATION PROTOCOL_ERROR OVERLOAD_MANAGER",
                "reset                | LOCAL_RESET LOCAL_REFUSED REMOTE_RESET REMOTE_REFUSED LOCAL_CONNECTION_FAILURE REMOTE_CONNECTION_FAILURE CONNECTION_TIMEOUT CONNECTION_TERMINATION PROTOCOL_ERROR OVERLOAD_MANAGER",
                "connect-failure      | LOCAL_CONNECTION_FAILURE REMOTE_CONNECTION_FAILURE CONNECTION_TIMEOUT",
                "refused-stream       | REMOTE_REFUSED",
                "retriable-4xx        | ",
                "unavailable          | ",
            })
    void resets(String condition, String retried) throws Exception {
        for (ResetReason reason : ResetReason.values()) {
            RetryState state = state("retry_on: '" + condition + "'");
            boolean expected =
                    retried != null && java.util.List.of(retried.split(" ")).contains(reason.name());
            assertThat(state.onReset(reason, true))
                    .as("%s on %s", condition, reason)
                    .isEqualTo(expected ? RetryVerdict.RETRY : RetryVerdict.NO);
            state.close();
        }
    }

    @Test
    void resetBeforeRequest_dependsOnWhatWasSent() throws Exception {
        assertThat(state("retry_on: 'reset-before-request'").onReset(ResetReason.CONNECTION_TERMINATION, false))
                .isEqualTo(RetryVerdict.RETRY);
        assertThat(state("retry_on: 'reset-before-request'").onReset(ResetReason.CONNECTION_TERMINATION, true))
                .isEqualTo(RetryVerdict.NO);
    }

    @Test
    void tries_areUsedUp_andAnOverflowIsNeverTriedAgain() throws Exception {
        RetryState state = state("retry_on: '5xx' num_retries { value: 2 }");
        assertThat(state.onReset(ResetReason.OVERFLOW, false)).isEqualTo(RetryVerdict.NO);
        assertThat(state.onHeaders(new ResponseHead(503), EPOCH)).isEqualTo(RetryVerdict.RETRY);
        assertThat(state.onPerTryTimeout()).isEqualTo(RetryVerdict.RETRY);
        assertThat(state.onHeaders(new ResponseHead(500), EPOCH)).isEqualTo(RetryVerdict.LIMIT_EXCEEDED);
        assertThat(state.onHeaders(new ResponseHead(200), EPOCH)).isEqualTo(RetryVerdict.NO);
    }

    @Test
    void theClustersLimit_isHeldFromVerdictToVerdict() throws Exception {
        Limit one = new CircuitBreaker(new Thresholds(1, 1, 1, 1, 1, null), new ClusterTotals()).retries();
        RetryPolicy policy = policy("retry_on: '5xx' num_retries { value: 9 }");
        RetryState first = state(policy, RequestHead.of("GET", "x", "/"), one);
        RetryState second = state(policy, RequestHead.of("GET", "x", "/"), one);
        assertThat(first.onHeaders(new ResponseHead(503), EPOCH)).isEqualTo(RetryVerdict.RETRY);
        assertThat(second.onHeaders(new ResponseHead(503), EPOCH)).isEqualTo(RetryVerdict.OVERFLOW);
        assertThat(first.onHeaders(new ResponseHead(200), EPOCH)).isEqualTo(RetryVerdict.NO);
        assertThat(one.used()).isZero();
        assertThat(second.onHeaders(new ResponseHead(503), EPOCH)).isEqualTo(RetryVerdict.RETRY);
        second.close();
        second.close();
        assertThat(one.used()).isZero();
    }

    @Test
    void theCallersWishes_areTakenOver_andRemoved() throws Exception {
        RequestHead head = RequestHead.of("GET", "x", "/")
                .with("x-envoy-retry-on", "gateway-error, nonsense")
                .with("x-envoy-retry-grpc-on", "unavailable")
                .with("x-envoy-max-retries", "3")
                .with("x-envoy-retriable-status-codes", "418, x");
        RetryState state = state(RetryPolicy.NONE, head, limit);
        assertThat(state.remaining()).isEqualTo(3);
        assertThat(state.onHeaders(new ResponseHead(503), EPOCH)).isEqualTo(RetryVerdict.RETRY);
        assertThat(state.onHeaders(new ResponseHead(200).with("grpc-status", "14"), EPOCH))
                .isEqualTo(RetryVerdict.RETRY);
        assertThat(head.fields().isEmpty()).isTrue();
        assertThat(RetryState.of(RetryPolicy.NONE, RequestHead.of("GET", "x", "/"), limit))
                .isNull();
        state.close();
    }

    @Test
    void onlyRequestsThatQualify_areTriedAgain() throws Exception {
        RetryPolicy policy =
                policy("retry_on: '5xx' retriable_request_headers { name: ':method' string_match { exact: 'GET' } }");
        assertThat(RetryState.of(policy, RequestHead.of("GET", "x", "/"), limit))
                .isNotNull();
        assertThat(RetryState.of(policy, RequestHead.of("POST", "x", "/"), limit))
                .isNull();
    }

    @Test
    void backOff_isRandomBelowADoublingInterval_upToTenTimesTheBase() throws Exception {
        RandomGenerator highest = new RandomGenerator() {
            @Override
            public long nextLong() {
                return 0;
            }

            @Override
            public long nextLong(long bound) {
                return bound - 1;
            }
        };
        RetryState state = state("retry_on: '5xx' num_retries { value: 9 }");
        long[] expected = {24, 49, 99, 199, 249, 249};
        for (long millis : expected) {
            assertThat(TimeUnit.NANOSECONDS.toMillis(state.nextBackOff(highest)))
                    .isEqualTo(millis);
        }
    }

    @ParameterizedTest
    @CsvSource({
        // header,          value, wait in seconds at least (-1 for the usual back-off)
        "retry-after,       5,     5",
        "x-ratelimit-reset, 1007,  7",
        "retry-after,       61,    -1",
        "x-ratelimit-reset, 999,   -1",
        "retry-after,       soon,  -1",
        "other,             5,     -1",
    })
    void answersThatSayWhenToComeBack(String header, String value, long seconds) throws Exception {
        RetryState state = state("retry_on: '5xx' rate_limited_retry_back_off { max_interval { seconds: 60 } "
                + "reset_headers { name: 'Retry-After' format: SECONDS } "
                + "reset_headers { name: 'X-RateLimit-Reset' format: UNIX_TIMESTAMP } }");
        assertThat(state.onHeaders(
                        new ResponseHead(503).with(header, value), InstantSource.fixed(Instant.ofEpochSecond(1000))))
                .isEqualTo(RetryVerdict.RETRY);
        Duration wait = Duration.ofNanos(state.nextBackOff(new Random(3)));
        if (seconds < 0) {
            assertThat(wait).isLessThan(Duration.ofMillis(25));
        } else {
            assertThat(wait).isBetween(Duration.ofSeconds(seconds), Duration.ofMillis(seconds * 1500));
        }
        state.close();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "-", textBlock = """
            ''                                                                                              | 0 | -
            retry_priority { name: 'p' typed_config { @PreviousPriorities { update_frequency: 2 } } } | 2 | -
            retry_priority { name: 'p' typed_config { @PreviousPriorities {} } }                      | 0 | update_frequency: must be more than 0
            retry_priority { name: 'p' typed_config { @PreviousHosts {} } }                           | 0 | not supported: retry priority
            """)
    void prioritiesOfTriesBefore(String field, int every, String refused) throws Exception {
        if (refused == null) {
            assertThat(policy("retry_on: '5xx' " + field).prioritiesLeftEvery()).isEqualTo(every);
        } else {
            assertThatThrownBy(() -> policy("retry_on: '5xx' " + field))
                    .isInstanceOf(CompileException.class)
                    .hasMessageContaining(refused);
        }
    }

    @Test
    void policies_asIstioWritesThem() throws Exception {
        RetryPolicy policy = policy("retry_on: 'gateway-error,reset,5xx' num_retries { value: 30 } "
                + "per_try_timeout { seconds: 1 } host_selection_retry_max_attempts: 5 "
                + "retry_host_predicate { name: 'previous_hosts' typed_config { @PreviousHosts {} } }");
        assertThat(policy.retries()).isEqualTo(30);
        assertThat(policy.perTryTimeout()).isEqualTo(Duration.ofSeconds(1));
        assertThat(policy.avoidPreviousHosts()).isTrue();
        assertThat(policy.hostSelectionAttempts()).isEqualTo(5);
        assertThat(policy.retriesOn(RetryOn.RESET)).isTrue();
        assertThat(FieldName.of("X-Envoy-Retry-On")).isEqualTo(FieldName.X_ENVOY_RETRY_ON);
    }
}
