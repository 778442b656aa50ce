package dev.lateen.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class PrometheusTextTest {
    @Test
    void readsNamesLabelsAndValues() {
        String page = """
                # HELP istio_requests_total requests
                # TYPE istio_requests_total counter
                istio_requests_total{reporter="source",response_code="200",} 12 1700000000000
                up 1
                h_bucket{le="+Inf"} +Inf
                odd{path="a\\"b\\\\c\\nd"} 1.5e3
                """;
        assertThat(PrometheusText.read(page))
                .containsExactly(
                        new Sample("istio_requests_total", Map.of("reporter", "source", "response_code", "200"), 12),
                        new Sample("up", Map.of(), 1),
                        new Sample("h_bucket", Map.of("le", "+Inf"), Double.POSITIVE_INFINITY),
                        new Sample("odd", Map.of("path", "a\"b\\c\nd"), 1500));
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
                    9up 1            | column 1: expected a metric name
                    up               | column 3: expected more
                    up x             | column 4: expected a number
                    up{a="b" 1       | column 10: expected ',' or '}'
                    up{a=b} 1        | column 6: expected '"'
                    up{a="b          | expected more
                    up{a="\\q"} 1    | expected one of
                    """)
    void saysWhereAPageIsWrong(String line, String message) {
        assertThatThrownBy(() -> PrometheusText.read("ok 1\n" + line))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("line 2")
                .hasMessageContaining(message);
    }

    @Property
    void anyTextIsReadOrRefused(@ForAll String text) {
        try {
            PrometheusText.read(text);
        } catch (IllegalArgumentException e) {
            assertThat(e).hasMessageStartingWith("metrics page, line ");
        }
    }
}
