package dev.lateen.control.status;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lateen.config.ObjectName;
import dev.lateen.control.status.ReplicaReport.Counted;
import dev.lateen.control.status.Uptake.Late;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What replicas tell each other, and for how long it counts. */
class ReplicaReportTest {
    private static final int ROOM = 900 << 10;
    private static final Instant NOON = Instant.parse("2026-11-26T12:00:00Z");

    private static ObjectName rule(String name) {
        return new ObjectName("VirtualService", "shop", name);
    }

    @Test
    void what_is_told_is_understood() throws IOException {
        Late late = new Late("web.shop", "");
        Late refusing = new Late("api.shop", "refused Listener: bad");
        ReplicaReport report = new ReplicaReport(Map.of(
                rule("a"),
                new Counted(3, new Uptake(5, 5, false, List.of())),
                rule("b"),
                new Counted(7, new Uptake(5, 3, true, List.of(refusing, late))),
                new ObjectName("Sidecar", "other", "a"),
                new Counted(1, new Uptake(1, 0, true, List.of(refusing))),
                rule("none"),
                new Counted(1, Uptake.NONE)));
        assertThat(ReplicaReport.decode(report.encode(ROOM))).isEqualTo(report);
        assertThat(report.isPending()).isTrue();
        assertThat(ReplicaReport.decode(ReplicaReport.EMPTY.encode(ROOM))).isEqualTo(ReplicaReport.EMPTY);
    }

    @Test
    void tens_of_thousands_of_objects_have_room() throws IOException {
        Map<ObjectName, Counted> many = new HashMap<>();
        for (int i = 0; i < 50_000; i++) {
            many.put(
                    new ObjectName("VirtualService", "team-" + i % 300, "route-of-service-" + i),
                    new Counted(
                            i % 7, new Uptake(2000, 2000 - i % 3, i % 11 == 0, List.of(new Late("p" + i % 9, "")))));
        }
        ReplicaReport report = new ReplicaReport(many);
        byte[] bytes = report.encode(ROOM);
        assertThat(bytes.length).isLessThan(ROOM);
        assertThat(ReplicaReport.decode(bytes)).isEqualTo(report);
    }

    @Test
    void what_has_no_room_is_left_out() throws IOException {
        ReplicaReport report = new ReplicaReport(Map.of(
                rule("a"), new Counted(1, new Uptake(1, 1, false, List.of())),
                rule("b"), new Counted(1, new Uptake(1, 1, false, List.of()))));
        int whole = report.encode(ROOM).length;
        assertThat(ReplicaReport.decode(report.encode(whole - 1)).objects()).containsOnlyKeys(rule("a"));
    }

    @Test
    void of_a_long_reason_only_the_beginning_is_told() throws IOException {
        Late endless = new Late("web.shop", "x".repeat(5000));
        ReplicaReport report =
                new ReplicaReport(Map.of(rule("a"), new Counted(1, new Uptake(1, 0, true, List.of(endless)))));
        assertThat(ReplicaReport.decode(report.encode(ROOM)).objects())
                .containsExactly(Map.entry(
                        rule("a"),
                        new Counted(1, new Uptake(1, 0, true, List.of(new Late("web.shop", "x".repeat(500) + " …"))))));
    }

    @Test
    void something_else_is_no_report() {
        assertThatThrownBy(() -> ReplicaReport.decode("no report".getBytes(StandardCharsets.UTF_8)))
                .isInstanceOf(IOException.class);
        assertThatThrownBy(() -> ReplicaReport.decode(new byte[0])).isInstanceOf(IOException.class);
    }

    @Test
    void a_replica_that_is_silent_for_long_does_not_count_any_more() {
        OtherReports others = new OtherReports();
        others.heard("one", ReplicaReport.EMPTY, NOON);
        others.heard("two", ReplicaReport.EMPTY, NOON);
        others.heard("one", ReplicaReport.EMPTY, NOON.plusSeconds(20));
        assertThat(others.now(NOON.plusSeconds(60))).containsOnlyKeys("one", "two");
        assertThat(others.now(NOON.plusSeconds(61))).containsOnlyKeys("one");
        others.gone("one");
        assertThat(others.now(NOON.plusSeconds(61))).isEmpty();
    }
}
