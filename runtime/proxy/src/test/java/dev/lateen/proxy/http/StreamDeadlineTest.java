package dev.lateen.proxy.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.proxy.net.ManualTimer;
import dev.lateen.proxycore.listener.StreamLimits;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** When streams are late, by a clock that is moved by hand. */
class StreamDeadlineTest {
    private final ManualTimer timer = new ManualTimer();
    private final StreamDeadline.Connection connection = new StreamDeadline.Connection(timer);
    private final List<String> late = new ArrayList<>();

    private StreamDeadline begin(String name, long idleMillis, long durationMillis, long requestMillis) {
        return begin(name, idleMillis, durationMillis, requestMillis, 0);
    }

    private StreamDeadline begin(
            String name, long idleMillis, long durationMillis, long requestMillis, long agoMillis) {
        StreamDeadline[] self = new StreamDeadline[1];
        self[0] = connection.begin(
                new StreamLimits(idleMillis * 1_000_000, durationMillis * 1_000_000, requestMillis * 1_000_000),
                agoMillis * 1_000_000,
                () -> late.add(name + " " + self[0].exceeded()));
        return self[0];
    }

    private void pass(long millis) {
        timer.advance(Duration.ofMillis(millis));
    }

    /** What is given up while memory is short: an answer that waits for its client and does not move, whatever its limits. */
    @Test
    void an_answer_that_waits_for_its_client_is_given_up_when_asked() {
        boolean[] behind = {false, true, true};
        StreamDeadline[] streams = new StreamDeadline[3];
        for (int i = 0; i < streams.length; i++) {
            int number = i;
            streams[i] = connection.begin(new StreamLimits(0, 0, 0), 0, new StreamDeadline.Watched() {
                @Override
                public void late() {
                    late.add(number + " " + streams[number].exceeded());
                }

                @Override
                public boolean behind() {
                    return behind[number];
                }
            });
        }
        assertThat(connection.relieve(5_000_000)).as("first seen").isZero();
        pass(4);
        streams[2].touch();
        assertThat(connection.relieve(5_000_000)).isZero();
        pass(1);
        assertThat(connection.relieve(5_000_000)).isEqualTo(1);
        assertThat(late).containsExactly("1 OVERLOAD");
        pass(4);
        assertThat(connection.relieve(5_000_000)).isEqualTo(1);
        assertThat(late).containsExactly("1 OVERLOAD", "2 OVERLOAD");
        streams[0].end();
        assertThat(timer.waiting()).isZero();
    }

    @Test
    void silence_counts_from_the_last_byte() {
        StreamDeadline stream = begin("a", 100, 0, 0);
        pass(99);
        stream.touch();
        pass(99);
        assertThat(late).isEmpty();
        pass(1);
        assertThat(late).containsExactly("a IDLE");
        pass(10_000);
        assertThat(late).hasSize(1);
    }

    @Test
    void life_counts_from_the_beginning_whatever_is_said() {
        StreamDeadline stream = begin("a", 100, 150, 0);
        pass(90);
        stream.touch();
        pass(59);
        assertThat(late).isEmpty();
        pass(1);
        assertThat(late).containsExactly("a DURATION");
    }

    @Test
    void a_head_that_took_long_is_part_of_the_request() {
        begin("slow", 100, 0, 150, 90);
        pass(59);
        assertThat(late).isEmpty();
        pass(1);
        assertThat(late).containsExactly("slow REQUEST");
    }

    @Test
    void a_request_that_has_ended_is_not_late() {
        begin("whole", 0, 0, 100).requestEnded();
        begin("part", 0, 0, 100);
        pass(100);
        assertThat(late).containsExactly("part REQUEST");
    }

    @Test
    void a_stream_that_is_over_is_never_late_and_leaves_no_timer() {
        begin("a", 100, 0, 0).end();
        pass(100);
        assertThat(late).isEmpty();
        assertThat(timer.waiting()).isZero();
    }

    @Test
    void many_streams_share_a_timer() {
        StreamDeadline first = begin("first", 300, 0, 0);
        begin("second", 100, 0, 0);
        begin("third", 200, 0, 0);
        assertThat(timer.waiting()).isEqualTo(1);
        pass(100);
        assertThat(late).containsExactly("second IDLE");
        first.end();
        pass(100);
        assertThat(late).containsExactly("second IDLE", "third IDLE");
        pass(1000);
        assertThat(late).hasSize(2);
    }

    @Test
    void without_limits_nothing_is_watched() {
        begin("a", 0, 0, 0).touch();
        assertThat(timer.waiting()).isZero();
    }
}
