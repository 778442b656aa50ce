package dev.lateen.proxy.http;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class GrpcStatusTest {
    /** Envoy documentation, command GRPC_STATUS. */
    @ParameterizedTest(name = "{0} as {1}: {2}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            0   | ``           | OK
            0   | SNAKE_STRING | OK
            4   | CAMEL_STRING | DeadlineExceeded
            4   | SNAKE_STRING | DEADLINE_EXCEEDED
            4   | NUMBER       | 4
            16  | ``           | Unauthenticated
            1   | ``           | Canceled
            1   | SNAKE_STRING | CANCELLED
            17  | ``           | 17
            abc | SNAKE_STRING | abc
            """)
    void names(String number, String form, String text) {
        assertThat(GrpcStatus.text(number, form)).isEqualTo(text);
    }
}
