package dev.lateen.control.status;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.config.kubernetes.ParentReference;
import dev.lateen.mesh.gatewayapi.Condition;
import dev.lateen.mesh.gatewayapi.RouteReport;
import dev.lateen.mesh.gatewayapi.RouteReport.Address;
import dev.lateen.mesh.gatewayapi.RouteReport.OfParent;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Statuses of the Gateway API as its documents have them. */
class ReportStatusTest {
    private static final Instant NOW = Instant.parse("2026-11-26T10:00:00Z");
    private static final ParentReference PARENT = new ParentReference(null, null, null, "edge", "http", null);
    private static final Map<String, Object> FOREIGN =
            Map.of("controllerName", "other.example/controller", "parentRef", Map.of("name", "theirs"));

    private static ReportStatus route(boolean accepted, long generation) {
        Condition condition = new Condition("Accepted", accepted, accepted ? "Accepted" : "NoMatchingParent", "");
        return new ReportStatus(new RouteReport.OfRoute(List.of(new OfParent(PARENT, List.of(condition)))), generation);
    }

    @Test
    void a_route_repeats_its_parent_exactly_and_leaves_other_controllers_words() {
        Map<String, Object> next =
                Objects.requireNonNull(route(true, 2).next(Map.of("parents", List.of(FOREIGN)), NOW));
        assertThat(next.get("parents"))
                .isEqualTo(List.of(
                        FOREIGN,
                        Map.of(
                                "parentRef",
                                Map.of("name", "edge", "sectionName", "http"),
                                "controllerName",
                                "istio.io/gateway-controller",
                                "conditions",
                                List.of(Map.of(
                                        "type",
                                        "Accepted",
                                        "status",
                                        "True",
                                        "reason",
                                        "Accepted",
                                        "message",
                                        "",
                                        "observedGeneration",
                                        2L,
                                        "lastTransitionTime",
                                        "2026-11-26T10:00:00Z")))));
    }

    @Test
    void a_policy_speaks_of_its_ancestors() {
        ParentReference service = new ParentReference("", "Service", null, "web", "https", null);
        Condition accepted = new Condition("Accepted", true, "Accepted", "");
        ReportStatus status =
                new ReportStatus(new RouteReport.OfPolicy(List.of(new OfParent(service, List.of(accepted)))), 3);
        Map<String, Object> next = Objects.requireNonNull(status.next(null, NOW));
        assertThat(next)
                .extractingByKey("ancestors")
                .asString()
                .contains("ancestorRef={group=, kind=Service, name=web, sectionName=https}")
                .contains("controllerName=istio.io/gateway-controller")
                .contains("observedGeneration=3");
        assertThat(status.next(next, NOW.plusSeconds(60))).isNull();
    }

    @Test
    void the_time_of_a_transition_stays_while_the_status_does() {
        Map<String, Object> first = Objects.requireNonNull(route(true, 2).next(null, NOW));
        assertThat(route(true, 2).next(first, NOW.plusSeconds(60))).isNull();
        assertThat(route(true, 3).next(first, NOW.plusSeconds(60)))
                .asString()
                .contains("observedGeneration=3", "lastTransitionTime=2026-11-26T10:00:00Z");
        assertThat(route(false, 3).next(first, NOW.plusSeconds(60)))
                .asString()
                .contains("lastTransitionTime=2026-11-26T10:01:00Z");
    }

    @Test
    void what_was_said_of_a_parent_that_is_gone_goes() {
        Map<String, Object> first = Objects.requireNonNull(route(true, 2).next(null, NOW));
        ReportStatus none = new ReportStatus(new RouteReport.OfRoute(List.of()), 2);
        assertThat(none.next(first, NOW)).isEqualTo(Map.of("parents", List.of()));
        assertThat(none.next(null, NOW)).isNull();
    }

    @Test
    void an_ingress_says_where_it_can_be_reached() {
        ReportStatus status = new ReportStatus(
                new RouteReport.OfIngress(List.of(new Address(true, "127.1.0.2"), new Address(false, "lb.example"))),
                1);
        assertThat(status.next(null, NOW))
                .isEqualTo(Map.of(
                        "loadBalancer",
                        Map.of("ingress", List.of(Map.of("ip", "127.1.0.2"), Map.of("hostname", "lb.example")))));
    }
}
