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

    private boolean buffers(int percent) {
        return overload.heard(Resource.BUFFERS, new Usage(percent, 100));
    }

    private boolean heap(int percent) {
        return overload.heard(Resource.HEAP, new Usage(percent, 100));
    }

    /** S: stalled streams are reset; R: requests are refused; C: connections are; each after a reading in percent. */
    @ParameterizedTest(name = "{0} {1}: {2}")
    @CsvSource(delimiter = '|', textBlock = """
        HEAP    | 0 50 84              | - - -
        HEAP    | 85 75 74             | S S -
        HEAP    | 90                   | SR
        HEAP    | 89 90 89 80 79       | S SR SR SR S
        HEAP    | 90 79 89 90          | SR S S SR
        HEAP    | 94 95 94 85 84 80 79 | SR SRC SRC SRC SR SR S
        HEAP    | 95 100 74 94         | SRC SRC - SR
        HEAP    | 120                  | SRC
        BUFFERS | 49 50 40 39          | - S S -
        BUFFERS | 74 75 65 64          | S SR SR S
        BUFFERS | 84 85 75 74 30       | SR SRC SRC SR -
        """)
    void beginsAtOneShare_andEndsBelowAnother(Resource resource, String readings, String expected) {
        List<String> seen = new ArrayList<>();
        for (String percent : readings.trim().split(" ")) {
            overload.heard(resource, new Usage(Integer.parseInt(percent), 100));
            String active = (overload.cause(Action.RESET_STALLED_STREAMS) == null ? "" : "S")
                    + (overload.cause(Action.STOP_ACCEPTING_REQUESTS) == null ? "" : "R")
                    + (overload.cause(Action.STOP_ACCEPTING_CONNECTIONS) == null ? "" : "C");
            seen.add(active.isEmpty() ? "-" : active);
        }
        assertThat(String.join(" ", seen)).isEqualTo(expected);
    }

    @Test
    void tellsWhenSomethingChanges() {
        assertThat(heap(84)).isFalse();
        assertThat(heap(85)).isTrue();
        assertThat(heap(86)).isFalse();
        assertThat(heap(90)).isTrue();
        assertThat(heap(91)).isFalse();
        assertThat(heap(95)).isTrue();
        assertThat(heap(70)).isTrue();
        assertThat(heap(70)).isFalse();
    }

    @Test
    void eachResourceCountsForItself() {
        heap(92);
        buffers(91);
        assertThat(overload.cause(Action.STOP_ACCEPTING_REQUESTS)).isEqualTo(Resource.HEAP);
        heap(10);
        assertThat(overload.cause(Action.STOP_ACCEPTING_REQUESTS)).isEqualTo(Resource.BUFFERS);
        assertThat(overload.active(Action.STOP_ACCEPTING_REQUESTS, Resource.HEAP))
                .isFalse();
        buffers(10);
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
