package dev.lateen.control.status;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.config.ObjectName;
import dev.lateen.config.Origin;
import dev.lateen.config.Problem;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is said of an object, and when it is written. */
class ObjectStatusTest {
    private static final ObjectName RULE = new ObjectName("VirtualService", "shop", "late");
    private static final ObjectName OTHER = new ObjectName("VirtualService", "shop", "early");
    private static final Origin ORIGIN = new Origin.Api(RULE);
    private static final Instant NOW = Instant.parse("2026-11-26T10:00:00Z");

    @ParameterizedTest(name = "{0} → {1} {2}: {3}")
    @CsvSource(delimiter = '|', nullValues = "-", textBlock = """
            -                                   | true  | NoProxies | active on 0 of 0 proxies; none that it is for is connected
            a@7                                 | true  | Active    | active on 1 of 1 proxies
            a@7, b@9                            | true  | Active    | active on 2 of 2 proxies
            b@9, a@6                            | false | Pending   | active on 1 of 2 proxies; a has not accepted it yet
            a@6!refused Listener: bad, b@7      | false | Rejected  | active on 1 of 2 proxies; a refused Listener: bad
            a@7!refused Listener: later         | true  | Active    | active on 1 of 1 proxies
            a@1, b@1, c@1, d@1                  | false | Pending   | active on 0 of 4 proxies; a has not accepted it yet; b has not accepted it yet; c has not accepted it yet
            """)
    void an_object_of_snapshot_7(String proxies, boolean reconciled, String reason, String message) {
        ObjectStatus status = status(3, proxies, List.of());
        assertThat(status).isEqualTo(new ObjectStatus(3, reconciled, reason, message, List.of()));
    }

    @Test
    void one_that_stands_back_behind_another() {
        Problem shadowed = Problem.shadowed(ORIGIN, "spec.hosts[0]", "has no effect", OTHER);
        ObjectStatus status = status(3, "a@7", List.of(shadowed));
        assertThat(status.reconciled()).isFalse();
        assertThat(status.reason()).isEqualTo("Shadowed");
        assertThat(status.message())
                .isEqualTo("active on 1 of 1 proxies; shadowed by VirtualService shop/early: "
                        + "spec.hosts[0]: has no effect");
    }

    @Test
    void one_with_an_error_among_others_and_one_with_a_warning() {
        Problem error = Problem.error(ORIGIN, "spec.http[0]", "no Service has host x");
        Problem warning = Problem.warning(ORIGIN, "spec.http[1]", "never gets a request");
        assertThat(status(3, "a@7", List.of(error)).reason()).isEqualTo("Invalid");
        ObjectStatus doubtful = status(3, "a@7", List.of(warning));
        assertThat(doubtful.reconciled()).isTrue();
        assertThat(doubtful.problems()).containsExactly(warning);
    }

    @Test
    void one_that_cannot_be_read() {
        Problem error = Problem.error(ORIGIN, "spec.http[0].wait", "unknown field");
        assertThat(ObjectStatus.refused(4, false, List.of(error)))
                .isEqualTo(new ObjectStatus(
                        4, false, "Refused", "refused because spec.http[0].wait: unknown field", List.of(error)));
        assertThat(ObjectStatus.refused(4, true, List.of(error)).message())
                .endsWith("unknown field; proxies keep what it said before");
    }

    @Test
    void a_document_keeps_others_conditions_and_the_time_of_the_transition() {
        ObjectStatus active = status(3, "a@7", List.of());
        Map<String, Object> current = Map.of(
                "conditions",
                List.of(
                        Map.of("type", "PassedValidation", "status", "True"),
                        Map.of("type", "Reconciled", "status", "True", "lastTransitionTime", "2026-01-01T00:00:00Z")));
        Map<String, Object> next = Objects.requireNonNull(StatusDocument.next(current, active, NOW));
        assertThat(next.get("observedGeneration")).isEqualTo(3L);
        assertThat(next.get("conditions"))
                .asString()
                .contains("PassedValidation", "observedGeneration=3", "lastTransitionTime=2026-01-01T00:00:00Z");

        ObjectStatus late = status(3, "a@6", List.of());
        assertThat(StatusDocument.next(current, late, NOW))
                .asString()
                .contains("status=False", "lastTransitionTime=2026-11-26T10:00:00Z");
    }

    @Test
    void what_the_object_says_already_is_not_written_again() {
        ObjectStatus active = status(3, "a@7", List.of());
        Map<String, Object> next = Objects.requireNonNull(StatusDocument.next(null, active, NOW));
        assertThat(StatusDocument.next(next, active, NOW.plusSeconds(60))).isNull();
        assertThat(StatusDocument.next(next, status(4, "a@7", List.of()), NOW)).isNotNull();
    }

    /** One of snapshot 7 with these proxies. */
    private static ObjectStatus status(long generation, String proxies, List<Problem> problems) {
        return ObjectStatus.of(generation, Uptake.of(7, proxies(proxies)), List.of(), problems);
    }

    @ParameterizedTest(name = "{0} and {1}, without a word of {2} → {3} {4}: {5}")
    @CsvSource(delimiter = '|', nullValues = "-", textBlock = """
            a@7                    | b@7                                 | -        | true  | Active     | active on 2 of 2 proxies
            -                      | b@7                                 | -        | true  | Active     | active on 1 of 1 proxies
            -                      | -                                   | -        | true  | NoProxies  | active on 0 of 0 proxies; none that it is for is connected
            b@6                    | a@6                                 | -        | false | Pending    | active on 0 of 2 proxies; a has not accepted it yet; b has not accepted it yet
            a@7                    | b@6!refused Listener: bad           | -        | false | Rejected   | active on 1 of 2 proxies; b refused Listener: bad
            d@6, e@6               | a@6, b@6!refused Listener: bad      | -        | false | Rejected   | active on 0 of 4 proxies; a has not accepted it yet; b refused Listener: bad; d has not accepted it yet
            a@7                    | -                                   | istiod-2 | false | Unreported | active on 1 of 1 proxies; istiod-2 has not told of its proxies yet
            a@6                    | -                                   | istiod-2 | false | Pending    | active on 0 of 1 proxies; a has not accepted it yet; istiod-2 has not told of its proxies yet
            """)
    void an_object_of_several_control_planes(
            String own, String others, String silent, boolean reconciled, String reason, String message) {
        Uptake together = Uptake.of(7, proxies(own)).plus(Uptake.of(7, proxies(others)));
        ObjectStatus status = ObjectStatus.of(3, together, silent == null ? List.of() : List.of(silent), List.of());
        assertThat(status).isEqualTo(new ObjectStatus(3, reconciled, reason, message, List.of()));
    }

    /** {@code NAME@GENERATION!REJECTION}, by commas. */
    private static List<ProxyState> proxies(String text) {
        return text == null
                ? List.of()
                : java.util.Arrays.stream(text.split(", "))
                        .map(each -> {
                            String[] parts = each.split("[@!]", 3);
                            long accepted = Long.parseLong(parts[1]);
                            return new ProxyState(parts[0], 9, accepted, parts.length == 3 ? parts[2] : "");
                        })
                        .toList();
    }
}
