package dev.lateen.proxycore.listener;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.proxycore.TextProto;
import dev.lateen.proxycore.Trace;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.route.Forward;
import dev.lateen.proxycore.route.RouteTable;
import java.time.Duration;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whose limits hold for a stream: Envoy documentation, "How do I configure timeouts". */
class StreamLimitsTest {
    private static final HttpConnectionManager.Timeouts LISTENER = new HttpConnectionManager.Timeouts(
            Duration.ZERO,
            Duration.ZERO,
            Duration.ofSeconds(300),
            Duration.ofSeconds(30),
            Duration.ofSeconds(20),
            Duration.ZERO,
            Duration.ZERO,
            Duration.ZERO);

    @ParameterizedTest(name = "{0} with grpc-timeout {1}")
    @CsvSource(delimiter = '|', nullValues = "none", textBlock = """
        timeout: { seconds: 1 }                                               | none | 300000 | 30000
        idle_timeout: { seconds: 7 }                                          | none |   7000 | 30000
        idle_timeout: { }                                                     | none |      0 | 30000
        max_stream_duration: { max_stream_duration: { seconds: 9 } }          | none | 300000 |  9000
        max_stream_duration: { max_stream_duration: { } }                     | none | 300000 |     0
        max_stream_duration: { max_stream_duration: { seconds: 9 } }          | 2S   | 300000 |  9000
        max_stream_duration: { grpc_timeout_header_max: { } }                 | 2S   | 300000 |  2000
        max_stream_duration: { grpc_timeout_header_max: { } }                 | none | 300000 | 30000
        max_stream_duration: { grpc_timeout_header_max: { seconds: 1 } }      | 2S   | 300000 |  1000
        max_stream_duration: { grpc_timeout_header_max: { seconds: 5 } }      | 2S   | 300000 |  2000
        max_stream_duration: { grpc_timeout_header_max: { } }                 | 1H   | 300000 | 3600000
        max_stream_duration: { grpc_timeout_header_max: { } }                 | 250m | 300000 |   250
        max_stream_duration: { grpc_timeout_header_max: { } }                 | 2M   | 300000 | 120000
        max_stream_duration: { grpc_timeout_header_max: { } }                 | 5000u | 300000 |    5
        max_stream_duration: { grpc_timeout_header_max: { } }                 | 123456789S | 300000 | 30000
        max_stream_duration: { grpc_timeout_header_max: { } }                 | S    | 300000 | 30000
        max_stream_duration: { grpc_timeout_header_max: { } }                 | 2x   | 300000 | 30000
        max_stream_duration: { grpc_timeout_header_max: { } }                 | -2S  | 300000 | 30000
        """)
    void the_routes_then_the_listeners(String route, @Nullable String deadline, long idle, long duration)
            throws Exception {
        RouteTable table = RouteTable.of(TextProto.routes("""
                virtual_hosts { name: "all" domains: "*" routes { match { prefix: "/" } route { cluster: "a" %s } } }
                """.formatted(route)));
        RequestHead head = RequestHead.of("POST", "a", "/");
        if (deadline != null) {
            head.with("grpc-timeout", deadline);
        }
        Forward forward = (Forward) table.decide(head, new Random(1), Trace.NONE);
        StreamLimits limits = StreamLimits.of(LISTENER, forward.policy(), head);
        assertThat(Duration.ofNanos(limits.idle()).toMillis()).isEqualTo(idle);
        assertThat(Duration.ofNanos(limits.duration()).toMillis()).isEqualTo(duration);
        assertThat(Duration.ofNanos(limits.request())).isEqualTo(Duration.ofSeconds(20));
    }
}
