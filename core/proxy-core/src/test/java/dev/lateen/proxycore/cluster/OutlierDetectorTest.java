package dev.lateen.proxycore.cluster;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.proxycore.TextProto;
import dev.lateen.proxycore.cluster.OutlierDetector.Cause;
import dev.lateen.proxycore.cluster.OutlierDetector.Effect;
import dev.lateen.proxycore.cluster.OutlierDetector.Event;
import dev.lateen.proxycore.cluster.OutlierDetector.Outcome;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OutlierDetectorTest {
    private static final long SECOND = 1_000_000_000L;

    private final Random random = new Random(7);
    private final Hosts hosts = new Hosts();
    private long now = 1_000 * SECOND;

    private OutlierDetector detector(String settings, int number) throws Exception {
        List<Endpoint> endpoints = new ArrayList<>();
        for (int i = 1; i <= number; i++) {
            endpoints.add(Endpoint.at(new InetSocketAddress(InetAddress.ofLiteral("10.0.0." + i), 80)));
        }
        hosts.update(EndpointSet.of("c", endpoints));
        OutlierConfig config = CompiledCluster.of(TextProto.cluster("name: 'c' outlier_detection { " + settings + " }"))
                .outlier();
        return new OutlierDetector(requireNonNull(config), hosts);
    }

    private Host host(int number) {
        return hosts.current().all().get(number - 1);
    }

    /**
     * The meaning of one outcome after another, with 3 errors in a row ejecting: digits are statuses (2 is 200, 5 is
     * 500, 3 is 503), T a time-out, C no connection, R a reset, N a connection.
     */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                // settings                                                              outcomes   ejected for
                "consecutive_5xx { value: 3 }                                           | 555       | CONSECUTIVE_5XX",
                "consecutive_5xx { value: 3 }                                           | 55255     | -",
                "consecutive_5xx { value: 3 }                                           | 5TC       | CONSECUTIVE_5XX",
                "consecutive_5xx { value: 3 }                                           | 5R3       | CONSECUTIVE_5XX",
                "consecutive_5xx { value: 3 }                                           | 55N5      | CONSECUTIVE_5XX",
                "consecutive_5xx { value: 0 }                                           | 55555555  | -",
                "consecutive_5xx { value: 9 } consecutive_gateway_failure { value: 3 } enforcing_consecutive_gateway_failure { value: 100 } | 333 | CONSECUTIVE_GATEWAY_FAILURE",
                "consecutive_5xx { value: 9 } consecutive_gateway_failure { value: 3 } enforcing_consecutive_gateway_failure { value: 100 } | 3353 | -",
                "consecutive_5xx { value: 9 } consecutive_gateway_failure { value: 3 } enforcing_consecutive_gateway_failure { value: 100 } | 3TC | CONSECUTIVE_GATEWAY_FAILURE",
                "consecutive_5xx { value: 9 } consecutive_gateway_failure { value: 3 } enforcing_consecutive_gateway_failure { value: 100 } | 33R3 | -",
                "consecutive_5xx { value: 3 } enforcing_consecutive_5xx { value: 0 }    | 555       | -",
                "consecutive_5xx { value: 3 } split_external_local_origin_errors: true  | 55C5      | CONSECUTIVE_5XX",
                "consecutive_5xx { value: 3 } split_external_local_origin_errors: true consecutive_local_origin_failure { value: 3 } | CTC | CONSECUTIVE_LOCAL_ORIGIN_FAILURE",
                "consecutive_5xx { value: 3 } split_external_local_origin_errors: true consecutive_local_origin_failure { value: 3 } | CCNCC | -",
                "consecutive_5xx { value: 3 } split_external_local_origin_errors: true consecutive_local_origin_failure { value: 3 } | CC2CC | CONSECUTIVE_LOCAL_ORIGIN_FAILURE",
            })
    void errorsInARow(String settings, String outcomes, String expected) throws Exception {
        OutlierDetector detector = detector(settings + " max_ejection_percent { value: 100 }", 3);
        Cause cause = null;
        for (int i = 0; i < outcomes.length(); i++) {
            Event event = report(detector, host(1), outcomes.charAt(i));
            if (event != null && event.effect() == Effect.EJECTED) {
                cause = event.cause();
            }
        }
        assertThat(cause == null ? "-" : cause.name()).isEqualTo(expected);
        assertThat(host(1).ejected()).isEqualTo(cause != null);
        assertThat(host(2).ejected()).isFalse();
    }

    private @Nullable Event report(OutlierDetector detector, Host host, char outcome) {
        return switch (outcome) {
            case '2' -> detector.answered(host, 200, now, random);
            case '5' -> detector.answered(host, 500, now, random);
            case '3' -> detector.answered(host, 503, now, random);
            case 'T' -> detector.ended(host, Outcome.TIMED_OUT, now, random);
            case 'C' -> detector.ended(host, Outcome.CONNECT_FAILED, now, random);
            case 'R' -> detector.ended(host, Outcome.REQUEST_FAILED, now, random);
            case 'N' -> detector.ended(host, Outcome.CONNECTED, now, random);
            default -> throw new IllegalArgumentException("no outcome " + outcome);
        };
    }

    private void fail(OutlierDetector detector, Host host, int times) {
        for (int i = 0; i < times; i++) {
            detector.answered(host, 500, now, random);
        }
    }

    /** Envoy's successful_active_health_check_uneject_host, which is on unless it is switched off. */
    @ParameterizedTest(name = "{0}: in again {1}")
    @CsvSource(
            delimiter = '|',
            value = {
                "                                                              | true",
                "successful_active_health_check_uneject_host { value: true }   | true",
                "successful_active_health_check_uneject_host { value: false }  | false",
            })
    void aHealthCheckThatIsPassed_endsAnEjection(@Nullable String setting, boolean restored) throws Exception {
        OutlierDetector detector = detector(
                "consecutive_5xx { value: 3 } max_ejection_percent { value: 100 } " + (setting == null ? "" : setting),
                2);
        assertThat(detector.checkedWell(host(1), now)).as("it was not out").isNull();
        fail(detector, host(1), 3);
        assertThat(host(1).ejected()).isTrue();
        Event event = detector.checkedWell(host(1), now + SECOND);
        assertThat(event == null ? null : event.effect()).isEqualTo(restored ? Effect.RESTORED : null);
        assertThat(host(1).ejected()).isEqualTo(!restored);
        fail(detector, host(1), 2);
        assertThat(host(1).ejected()).as("counted from zero").isEqualTo(!restored);
    }

    @ParameterizedTest
    @CsvSource({
        // hosts, percent, always one, how many of them fail, how many are out
        "3,  100, false, 3, 3",
        "3,  50,  false, 3, 1",
        "3,  33,  false, 3, 0",
        "3,  34,  false, 3, 1",
        "3,  10,  false, 3, 0",
        "3,  10,  true,  3, 1",
        "10, 10,  false, 4, 1",
        "10, 25,  false, 4, 2",
        "10, 0,   true,  4, 1",
    })
    void noMoreThanTheGreatestShare_isOut(int number, int percent, boolean alwaysOne, int failing, int out)
            throws Exception {
        OutlierDetector detector = detector(
                "consecutive_5xx { value: 2 } max_ejection_percent { value: " + percent
                        + " } always_eject_one_host { value: " + alwaysOne + " }",
                number);
        for (int i = 1; i <= failing; i++) {
            fail(detector, host(i), 2);
        }
        assertThat(hosts.current().all().stream().filter(Host::ejected).count()).isEqualTo(out);
    }

    @Test
    void aHostIsOutForTheBaseTime_timesItsEjections_upToTheGreatest() throws Exception {
        OutlierDetector detector = detector(
                "consecutive_5xx { value: 2 } interval { seconds: 10 } base_ejection_time { seconds: 60 } "
                        + "max_ejection_time { seconds: 150 } max_ejection_percent { value: 100 }",
                2);
        int[] expected = {60, 120, 150, 150};
        for (int seconds : expected) {
            fail(detector, host(1), 2);
            assertThat(host(1).ejected()).isTrue();
            long out = now;
            while (host(1).ejected()) {
                now += 10 * SECOND;
                detector.interval(now, random);
            }
            assertThat((now - out) / SECOND).isEqualTo(seconds);
        }
        assertThat(host(1).totals().ejections()).isEqualTo(4);
    }

    @Test
    void theNumberOfEjections_isForgottenIntervalByInterval() throws Exception {
        OutlierDetector detector = detector(
                "consecutive_5xx { value: 2 } interval { seconds: 10 } base_ejection_time { seconds: 10 } "
                        + "max_ejection_percent { value: 100 }",
                2);
        assertThat(timeOut(detector)).isEqualTo(10);
        assertThat(timeOut(detector)).isEqualTo(20);
        assertThat(timeOut(detector)).isEqualTo(30);
        for (int i = 0; i < 3; i++) {
            now += 10 * SECOND;
            detector.interval(now, random);
        }
        assertThat(timeOut(detector)).isEqualTo(10);
    }

    private long timeOut(OutlierDetector detector) {
        fail(detector, host(1), 2);
        long out = now;
        while (host(1).ejected()) {
            now += 10 * SECOND;
            detector.interval(now, random);
        }
        return (now - out) / SECOND;
    }

    @Test
    void aRestoredHost_beginsWithoutErrors() throws Exception {
        OutlierDetector detector = detector(
                "consecutive_5xx { value: 3 } base_ejection_time { seconds: 10 } max_ejection_percent { value: 100 }",
                2);
        fail(detector, host(1), 5);
        assertThat(host(1).ejected()).isTrue();
        now += 10 * SECOND;
        assertThat(detector.interval(now, random)).extracting(Event::effect).containsExactly(Effect.RESTORED);
        fail(detector, host(1), 2);
        assertThat(host(1).ejected()).isFalse();
    }

    @Test
    void successRates_areJudgedAgainstTheMean() throws Exception {
        OutlierDetector detector = detector(
                "success_rate_minimum_hosts { value: 5 } success_rate_request_volume { value: 20 } "
                        + "consecutive_5xx { value: 0 } max_ejection_percent { value: 100 }",
                5);
        // 50, 100, 100, 100, 100: mean 90, deviation 20, bound 52
        for (int i = 0; i < 20; i++) {
            detector.answered(host(1), i % 2 == 0 ? 200 : 500, now, random);
            for (int j = 2; j <= 5; j++) {
                detector.answered(host(j), 200, now, random);
            }
        }
        assertThat(detector.interval(now, random))
                .containsExactly(new Event(host(1), Cause.SUCCESS_RATE, Effect.EJECTED));
        assertThat(detector.interval(now + SECOND, random)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "19, 5, 0", // too few requests
        "20, 4, 0", // too few hosts
        "20, 5, 1",
    })
    void failurePercentages_needVolumeAndHosts(int requests, int number, int out) throws Exception {
        OutlierDetector detector = detector(
                "enforcing_success_rate { value: 0 } consecutive_5xx { value: 0 } "
                        + "enforcing_failure_percentage { value: 100 } failure_percentage_request_volume { value: 20 } "
                        + "failure_percentage_threshold { value: 50 } max_ejection_percent { value: 100 }",
                number);
        for (int i = 0; i < requests; i++) {
            for (int j = 1; j <= number; j++) {
                detector.answered(host(j), j == 1 ? 500 : 200, now, random);
            }
        }
        detector.interval(now, random);
        assertThat(hosts.current().all().stream().filter(Host::ejected).count()).isEqualTo(out);
    }

    @Test
    void allThreeHostsOut_andBackAfterTheBaseTimeAndOneInterval() throws Exception {
        OutlierDetector detector = detector(
                "consecutive_5xx { value: 2 } interval { seconds: 10 } base_ejection_time { seconds: 60 } "
                        + "max_ejection_percent { value: 100 } enforcing_success_rate { value: 0 }",
                3);
        for (int i = 1; i <= 3; i++) {
            fail(detector, host(i), 2);
        }
        assertThat(hosts.current().all()).allMatch(Host::ejected);
        now += 70 * SECOND;
        detector.interval(now, random);
        assertThat(hosts.current().all()).noneMatch(Host::ejected);
    }
}
