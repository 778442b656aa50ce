package dev.lateen.proxycore.overload;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.proxycore.overload.Overload.Action;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OverloadTest {
    private final Overload overload = new Overload();

    private boolean heap(int percent) {
        return overload.heard(Resource.HEAP, new Usage(percent, 100));
    }

    /** R: requests are refused; C: connections are; each after a reading in percent. */
    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(delimiter = '|', textBlock = """
        0 50 89                | - - -
        90                     | R
        89 90 89 80 79         | - R R R -
        90 79 89 90            | R - - R
        94 95 94 85 84 80 79   | R RC RC RC R R -
        95 100 79 94           | RC RC - R
        120                    | RC
        """)
    void beginsAtOneShare_andEndsBelowAnother(String readings, String expected) {
        List<String> seen = new ArrayList<>();
        for (String percent : readings.trim().split(" ")) {
            heap(Integer.parseInt(percent));
            String active = (overload.cause(Action.STOP_ACCEPTING_REQUESTS) == null ? "" : "R")
                    + (overload.cause(Action.STOP_ACCEPTING_CONNECTIONS) == null ? "" : "C");
            seen.add(active.isEmpty() ? "-" : active);
        }
        assertThat(String.join(" ", seen)).isEqualTo(expected);
    }

    @Test
    void tellsWhenSomethingChanges() {
        assertThat(heap(89)).isFalse();
        assertThat(heap(90)).isTrue();
        assertThat(heap(91)).isFalse();
        assertThat(heap(95)).isTrue();
        assertThat(heap(70)).isTrue();
        assertThat(heap(70)).isFalse();
    }

    @Test
    void eachResourceCountsForItself() {
        heap(92);
        overload.heard(Resource.BUFFERS, new Usage(91, 100));
        assertThat(overload.cause(Action.STOP_ACCEPTING_REQUESTS)).isEqualTo(Resource.HEAP);
        heap(10);
        assertThat(overload.cause(Action.STOP_ACCEPTING_REQUESTS)).isEqualTo(Resource.BUFFERS);
        assertThat(overload.active(Action.STOP_ACCEPTING_REQUESTS, Resource.HEAP))
                .isFalse();
        overload.heard(Resource.BUFFERS, new Usage(10, 100));
        assertThat(overload.cause(Action.STOP_ACCEPTING_REQUESTS)).isNull();
    }

    @ParameterizedTest(name = "{0} of {1}: {2} %")
    @CsvSource({
        "0, 100, 0",
        "899, 1000, 89",
        "900, 1000, 90",
        "5, 0, 0",
        "5, -1, 0",
        "9223372036854775807, 1, 2147483647"
    })
    void percentOfALimit(long used, long limit, int percent) {
        assertThat(new Usage(used, limit).percent()).isEqualTo(percent);
    }
}
