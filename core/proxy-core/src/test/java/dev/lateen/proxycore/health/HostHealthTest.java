package dev.lateen.proxycore.health;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.TextProto;
import dev.lateen.proxycore.health.HostHealth.Outcome;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Envoy documentation, health checking; the comments of {@code envoy.config.core.v3.HealthCheck}. */
class HostHealthTest {
    private static final String USUAL =
            "timeout { seconds: 1 } interval { seconds: 10 } unhealthy_threshold { value: 3 } "
                    + "healthy_threshold { value: 2 } ";

    private static HealthCheck check(String text) throws CompileException {
        Place at = Place.of("cluster", "c");
        return HealthCheck.of(
                at.known(TextProto.parse(text, io.envoyproxy.envoy.config.core.v3.HealthCheck.newBuilder())
                        .build()),
                at);
    }

    /** {@code +} well, {@code !} unwell, {@code .} no answer; expected: {@code W} well, {@code u} unwell after each. */
    @ParameterizedTest(name = "{0} {2}")
    @CsvSource(delimiter = '|', textBlock = """
        +       | W       | the first check decides
        .       | u       | the first check decides
        +..     | WWW     | two failures are below the threshold
        +...    | WWWu    | three are not
        +..+..  | WWWWWW  | a success begins anew
        +!      | Wu      | who says it is believed
        .+      | uu      | one success is below the threshold
        .++     | uuW     | two are not
        .+.++   | uuuuW   | a failure begins anew
        !       | u       | the first check decides
        """)
    void answers_add_up(String answers, String expected, String why) throws Exception {
        HostHealth health = new HostHealth(check(USUAL + "tcp_health_check { }"));
        assertThat(health.well()).isFalse();
        StringBuilder seen = new StringBuilder();
        for (int i = 0; i < answers.length(); i++) {
            boolean before = health.well();
            boolean told = health.heard(
                    switch (answers.charAt(i)) {
                        case '+' -> Outcome.WELL;
                        case '!' -> Outcome.UNWELL;
                        default -> Outcome.NO_ANSWER;
                    });
            assertThat(told).isEqualTo(before != health.well() || seen.isEmpty());
            seen.append(health.well() ? 'W' : 'u');
        }
        assertThat(seen).hasToString(expected);
    }

    @ParameterizedTest(name = "after {0}, used {1}")
    @CsvSource(delimiter = '|', textBlock = """
        +     | true  | 30
        ++    | true  | 10
        .     | true  | 20
        +...  | true  | 40
        +.... | true  | 20
        +     | false | 70
        .     | false | 60
        """)
    void pauses(String answers, boolean used, int seconds) throws Exception {
        HostHealth health = new HostHealth(check(USUAL + """
                tcp_health_check { } unhealthy_interval { seconds: 20 } healthy_edge_interval { seconds: 30 }
                unhealthy_edge_interval { seconds: 40 } no_traffic_healthy_interval { seconds: 70 }
                """));
        answers.chars().forEach(answer -> health.heard(answer == '+' ? Outcome.WELL : Outcome.NO_ANSWER));
        assertThat(Duration.ofNanos(health.nextPause(used, new Random(1)))).isEqualTo(Duration.ofSeconds(seconds));
    }

    @Test
    void jitter_only_lengthens() throws Exception {
        HostHealth health = new HostHealth(check(USUAL + """
                tcp_health_check { } initial_jitter { seconds: 1 } interval_jitter { seconds: 1 } interval_jitter_percent: 10
                """));
        Random random = new Random(3);
        for (int i = 0; i < 1000; i++) {
            assertThat(health.firstPause(random)).isBetween(0L, 1_000_000_000L);
            health.heard(Outcome.WELL);
            assertThat(health.nextPause(true, random)).isBetween(10_000_000_000L, 12_000_000_000L);
        }
    }

    @ParameterizedTest
    @CsvSource({"200, WELL", "204, UNWELL", "299, UNWELL", "503, UNWELL", "404, UNWELL"})
    void statuses(int status, Outcome outcome) throws Exception {
        HealthCheck check = check(USUAL + "http_health_check { path: '/' }");
        assertThat(HostHealth.of((HealthCheck.Question.Http) check.question(), status))
                .isEqualTo(outcome);
    }

    @ParameterizedTest
    @CsvSource({"200, UNWELL", "204, WELL", "298, WELL", "299, UNWELL", "503, NO_ANSWER", "504, UNWELL"})
    void statuses_as_configured(int status, Outcome outcome) throws Exception {
        HealthCheck check = check(USUAL + """
                http_health_check { path: '/' expected_statuses { start: 201 end: 299 } retriable_statuses {
                  start: 503 end: 504 } }
                """);
        assertThat(HostHealth.of((HealthCheck.Question.Http) check.question(), status))
                .isEqualTo(outcome);
    }

    @ParameterizedTest
    @CsvSource({"hello world, true", "hel hello xx world, true", "world hello, false", "hello, false", "'', false"})
    void what_is_looked_for_comes_in_order(String received, boolean holds) throws Exception {
        HealthCheck check =
                check(USUAL + "tcp_health_check { receive { text: '68656c6c6f' } receive { text: '776f726c64' } }");
        assertThat(((HealthCheck.Question.Tcp) check.question()).holds(ByteString.copyFromUtf8(received)))
                .isEqualTo(holds);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        interval { seconds: 1 } tcp_health_check { }                          | timeout: must be more than nothing
        timeout { seconds: 1 } interval { seconds: 1 } tcp_health_check { }   | unhealthy_threshold: must be at least 1
        @ http_health_check { }                                              | http_health_check.path: no path
        @ http_health_check { path: '/' expected_statuses { start: 0 end: 5 } } | not a range within
        @ tcp_health_check { send { text: 'xyz' } }                          | not hexadecimal digits
        @                                                                    | no health check that is supported
        @ tcp_health_check { } tls_options { alpn_protocols: 'a' }           | tls_options: not supported
        @ http_health_check { path: '/' service_name_matcher { exact: 'a' } } | service_name_matcher: not supported
        """)
    void what_cannot_be_honoured_is_refused(String text, String message) {
        assertThatThrownBy(() -> check(text.replace("@", USUAL))).hasMessageContaining(message);
    }
}
