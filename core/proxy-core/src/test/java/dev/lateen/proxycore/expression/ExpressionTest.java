package dev.lateen.proxycore.expression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.format.FormatContext;
import dev.lateen.proxycore.format.Operator;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.head.ResponseHead;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Envoy documentation, "Attributes"; github.com/google/cel-spec. */
final class ExpressionTest {
    private static final Place HERE = Place.of("listener", "l");

    /** A request for /books?page=2, answered by 503 after 1.5 s. */
    private record Stream(Map<String, String> facts) implements FormatContext {
        @Override
        public RequestHead request() {
            return RequestHead.of("GET", "web:80", "/books?page=2")
                    .scheme("http")
                    .with("x-user", "ann")
                    .with("user-agent", "curl");
        }

        @Override
        public ResponseHead response() {
            return new ResponseHead(503).with("x-why", "no");
        }

        @Override
        public @Nullable Fields trailers() {
            return null;
        }

        @Override
        public @Nullable String value(Operator operator, String argument) {
            return facts.get(argument.isEmpty() ? operator.name() : operator.name() + "(" + argument + ")");
        }
    }

    private static final Stream STREAM = new Stream(Map.ofEntries(
            Map.entry("RESPONSE_CODE", "503"),
            Map.entry("DURATION", "1500"),
            Map.entry("START_TIME", "2026-01-02T03:04:05.678Z"),
            Map.entry("PROTOCOL", "HTTP/1.1"),
            Map.entry("BYTES_RECEIVED", "10"),
            Map.entry("REQUEST_HEADERS_BYTES", "90"),
            Map.entry("DOWNSTREAM_REMOTE_ADDRESS", "10.0.0.1:5000"),
            Map.entry("DOWNSTREAM_REMOTE_PORT", "5000"),
            Map.entry("DOWNSTREAM_LOCAL_PORT", "8080"),
            Map.entry("DOWNSTREAM_PEER_FINGERPRINT_256", "ab"),
            Map.entry("DOWNSTREAM_PEER_URI_SAN", "spiffe://a/ns/b/sa/c"),
            Map.entry("UPSTREAM_CLUSTER", "outbound|80||web"),
            Map.entry("FILTER_STATE(upstream_peer:FIELD:app)", "web")));

    @ParameterizedTest(name = "{0} is {1}")
    @CsvSource(delimiter = '#', textBlock = """
        request.path                                                    # /books?page=2
        request.url_path                                                # /books
        request.query                                                   # page=2
        request.host + ' ' + request.method + ' ' + request.scheme      # web:80 GET http
        request.headers['x-user']                                       # ann
        'x-none' in request.headers                                     # false
        request.useragent.startsWith('cu')                              # true
        request.protocol                                                # HTTP/1.1
        request.size                                                    # 10
        request.total_size                                              # 100
        request.duration > duration('1s')                               # true
        request.time < timestamp('2026-01-03T00:00:00Z')                # true
        response.code >= 500 || response.code == 0                      # true
        response.code                                                   # 503
        response.headers['x-why']                                       # no
        source.address                                                  # 10.0.0.1:5000
        source.port + destination.port                                  # 13080
        string(destination.port)                                        # 8080
        connection.mtls                                                 # true
        connection.uri_san_peer_certificate.matches('.*/sa/c')          # true
        xds.cluster_name                                                # outbound|80||web
        upstream_peer.app                                               # web
        filter_state.upstream_peer.app                                  # web
        has(request.headers.cookie) ? 'yes' : 'no'                      # no
        request.path.matches('^/books') && request.method != 'POST'     # true
        """)
    void givesWhatItAsksFor(String text, String value) throws CompileException {
        assertThat(Expression.compile(text, HERE).text(STREAM)).isEqualTo(value);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '#', textBlock = """
        request.headers['x-none']
        response.grpc_status
        xds.route_name == 'a'
        downstream_peer.app
        """)
    void whatIsNotKnownIsNoValueAndDoesNotHold(String text) throws CompileException {
        Expression expression = Expression.compile(text, HERE);
        assertThat(expression.text(STREAM)).isNull();
        assertThat(expression.holds(STREAM)).isFalse();
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '#', quoteCharacter = '`', textBlock = """
        request.            # no viable alternative
        node.id             # undeclared reference to 'node'
        1 + 'a'             # found no matching overload
        """)
    void refusesWhatCannotBeCompiledWithItsPlace(String text, String message) {
        assertThatThrownBy(() -> Expression.compile(text, HERE))
                .isInstanceOf(CompileException.class)
                .hasMessageContaining("\"" + text + "\"")
                .hasMessageContaining(message);
    }

    @Test
    void valuesOfBytesAreText() throws CompileException {
        FormatContext stream = FormatContext.of(RequestHead.of("GET", "a", "/").with("x", "\u00c3\u00a9"), null);
        assertThat(Expression.compile("request.headers['x']", HERE).text(stream))
                .isEqualTo("é");
    }
}
