package dev.lateen.cluster.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PodTargetTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    # containers | init  | asked | container
                    app          |       |       | app
                    app          | setup |       | app
                    app          | setup | setup | setup
                    app proxy    |       | proxy | proxy
                    """)
    void the_container_is_the_named_or_the_only_one(String containers, String init, String asked, String container)
            throws StreamException {
        assertThat(pod(containers, init).container(asked == null ? "" : asked)).isEqualTo(container);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    app proxy |       |     | a container name must be specified for pod web, choose one of: [app proxy]
                    app proxy | setup |     | a container name must be specified for pod web, choose one of: [app proxy] or one of the init containers: [setup]
                              |       |     | a container name must be specified for pod web
                    app       |       | db  | container db is not valid for pod web
                    """)
    void without_a_clear_container_the_request_is_bad(String containers, String init, String asked, String message) {
        assertThatThrownBy(() -> pod(containers, init).container(asked == null ? "" : asked))
                .isInstanceOf(StreamException.class)
                .hasMessage(message);
    }

    private static PodTarget pod(String containers, String init) {
        return new PodTarget("web", true, names(containers), names(init), List.of());
    }

    private static List<String> names(String text) {
        return text == null ? List.of() : List.of(text.split(" "));
    }
}
