package dev.lateen.proxycore.listener;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.TextFormat;
import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.ResponseFlag;
import dev.lateen.proxycore.format.FormatContext;
import dev.lateen.proxycore.format.Operator;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.head.ResponseHead;
import dev.lateen.proxycore.match.Fraction;
import io.envoyproxy.envoy.config.accesslog.v3.AccessLogFilter;
import io.envoyproxy.envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every filter of access logs ({@code envoy.config.accesslog.v3.AccessLogFilter}), on one request and one connection. */
class LogFilterTest {
    private static final Place AT = Place.of("listener", "l");

    /** A GET that is answered 503 after 200 ms, with flags UF and URX. */
    private static final FormatContext REQUEST = new FormatContext() {
        @Override
        public RequestHead request() {
            return RequestHead.of("GET", "web", "/a").with("x-log", "yes");
        }

        @Override
        public ResponseHead response() {
            return new ResponseHead(503);
        }

        @Override
        public @Nullable Fields trailers() {
            return null;
        }

        @Override
        public @Nullable String value(Operator operator, String argument) {
            return switch (operator) {
                // 0x00000032 is 50
                case STREAM_ID -> "00000032-0000-4000-8000-000000000000";
                case ACCESS_LOG_TYPE -> "DownstreamEnd";
                case RESPONSE_CODE -> "503";
                default -> null;
            };
        }

        @Override
        public boolean isRecorded() {
            return true;
        }

        @Override
        public Map<String, Object> metadata(String filter) {
            return filter.equals("envoy.filters.http.jwt_authn")
                    ? Map.of("payload", Map.of("iss", "me", "admin", true, "level", 7L, "groups", List.of("a", "b")))
                    : Map.of();
        }
    };

    private static final FormatContext CONNECTION = new FormatContext() {
        @Override
        public @Nullable RequestHead request() {
            return null;
        }

        @Override
        public @Nullable ResponseHead response() {
            return null;
        }

        @Override
        public @Nullable Fields trailers() {
            return null;
        }

        @Override
        public @Nullable String value(Operator operator, String argument) {
            return switch (operator) {
                case ACCESS_LOG_TYPE -> "TcpConnectionEnd";
                case TRACE_ID -> "0af7"; // in a trace, and not recorded
                default -> null;
            };
        }
    };

    private static LogFilter filter(String text) throws Exception {
        AccessLogFilter.Builder proto = AccessLogFilter.newBuilder();
        TextFormat.Parser.newBuilder()
                .setTypeRegistry(com.google.protobuf.TypeRegistry.newBuilder()
                        .add(ExpressionFilter.getDescriptor())
                        .build())
                .build()
                .merge(
                        text.replace(
                                "@Cel",
                                "[type.googleapis.com/"
                                        + ExpressionFilter.getDescriptor().getFullName() + "]"),
                        proto);
        return LogFilter.of(proto.build(), AT);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "status_code_filter { comparison { op: GE value { default_value: 500 } } }      | true  | false",
                "status_code_filter { comparison { op: EQ value { default_value: 503 } } }      | true  | false",
                "status_code_filter { comparison { op: 3 value { default_value: 503 } } }      | false | true",
                "status_code_filter { comparison { op: LE value { default_value: 499 } } }      | false | true",
                "duration_filter { comparison { op: GE value { default_value: 200 } } }         | true  | true",
                "duration_filter { comparison { op: GE value { default_value: 201 } } }         | false | false",
                "not_health_check_filter {}                                                     | true  | true",
                "traceable_filter {}                                                            | true  | false",
                "runtime_filter { runtime_key: 'k' percent_sampled { numerator: 51 } } | true  | true",
                "runtime_filter { runtime_key: 'k' percent_sampled { numerator: 50 } } | false | true",
                "runtime_filter { percent_sampled { numerator: 100 } use_independent_randomness: true } | true | true",
                "runtime_filter { percent_sampled { numerator: 0 } }          | false | false",
                "header_filter { header { name: 'x-log' string_match { exact: 'yes' } } }       | true  | false",
                "header_filter { header { name: 'x-log' present_match: true invert_match: true } } | false | false",
                "header_filter { header { name: ':path' string_match { prefix: '/a' } } }       | true  | false",
                "response_flag_filter {}                                                        | true  | false",
                "response_flag_filter { flags: 'UF' flags: 'NR' }                               | true  | false",
                "response_flag_filter { flags: 'NR' }                                           | false | false",
                "grpc_status_filter { statuses: UNAVAILABLE statuses: OK }                      | true  | false",
                "grpc_status_filter { statuses: UNAVAILABLE exclude: true }                     | false | true",
                "grpc_status_filter { statuses: UNKNOWN }                                       | false | true",
                "log_type_filter { types: DownstreamEnd }                                       | true  | false",
                "log_type_filter { types: DownstreamEnd exclude: true }                         | false | true",
                "log_type_filter { types: TcpConnectionEnd types: DownstreamStart }             | false | true",
                "extension_filter { name: 'c' typed_config { @Cel { expression: 'response.code >= 500' } } } | true |"
                        + " false",
                "extension_filter { name: 'c' typed_config { @Cel { expression: 'request.headers[\"x-log\"] =="
                        + " \"yes\"' } } } | true | false",
                "and_filter { filters { response_flag_filter {} } filters { not_health_check_filter {} } } | true |"
                        + " false",
                "and_filter { filters { response_flag_filter {} } filters { header_filter { header { name: 'none' } }"
                        + " } } | false | false",
                "or_filter { filters { header_filter { header { name: 'none' } } } filters { log_type_filter { types:"
                        + " TcpConnectionEnd } } } | false | true",
            })
    void honoured(String text, boolean request, boolean connection) throws Exception {
        LogFilter filter = filter(text);
        long flags = ResponseFlag.UF.bit() | ResponseFlag.URX.bit();
        // Draws 0 first: the smallest number of any share.
        Random lowest = new Random() {
            @Override
            public int nextInt(int bound) {
                return 0;
            }
        };
        assertThat(filter.takes(503, flags, 200, REQUEST, lowest))
                .as("a request")
                .isEqualTo(request);
        assertThat(filter.takes(0, 0, 200, CONNECTION, lowest))
                .as("a connection")
                .isEqualTo(connection);
    }

    /** Envoy documentation, RuntimeFilter: the first eight digits of the id, by the denominator. */
    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource({
        "00000000-0000-4000-8000-000000000000, 0",
        "ffffffff-0000-4000-8000-000000000000, 4294967295",
        "80000000, 2147483648",
        "8000000, ",
        "g0000000-0000-4000-8000-000000000000, ",
        "'', "
    })
    void whatAnIdDraws(String id, Long drawn) {
        assertThat(Fraction.drawn(id)).isEqualTo(drawn);
    }

    /** What filters told of the request, and nothing of the connection: Envoy documentation, MetadataFilter. */
    @ParameterizedTest(name = "{0}: {1}, {2}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        path: payload.iss value { string_match { exact: 'me' } }                     | true  | true
        path: payload.iss value { string_match { prefix: 'y' } }                     | false | true
        path: payload.iss.more value { present_match: true }                         | true  | true
        path: payload.admin value { bool_match: true }                               | true  | true
        path: payload.admin value { bool_match: false }                              | false | true
        path: payload.level value { double_match { exact: 7 } }                      | true  | true
        path: payload.level value { double_match { range { start: 1 end: 7 } } }     | false | true
        path: payload.groups value { list_match { one_of { string_match { exact: 'b' } } } } | true | true
        path: payload.groups value { string_match { exact: 'b' } }                   | false | true
        path: payload.groups value { present_match: true }                           | true  | true
        path: payload.none value { present_match: true }                             | true  | true
        path: payload.iss value { or_match { value_matchers { bool_match: true } value_matchers { string_match { exact: 'me' } } } } | true | true
        """)
    void whatFiltersTold(String matcher, boolean request, boolean connection) throws Exception {
        String[] parts = matcher.substring("path: ".length()).split(" ", 2);
        String path = "path { key: '" + parts[0].replace(".", "' } path { key: '") + "' } ";
        String text =
                "metadata_filter { matcher { filter: 'envoy.filters.http.jwt_authn' " + path + parts[1] + " } %s }";
        LogFilter filter = filter(text.formatted(""));
        assertThat(filter.takes(200, 0, 1, REQUEST, new Random())).isEqualTo(request);
        assertThat(filter.takes(0, 0, 1, CONNECTION, new Random())).isEqualTo(connection);
        LogFilter strict = filter(text.formatted("match_if_key_not_found { value: false }"));
        assertThat(strict.takes(200, 0, 1, REQUEST, new Random()))
                .isEqualTo(request && !matcher.contains("iss.more") && !matcher.contains("none"));
        assertThat(strict.takes(0, 0, 1, CONNECTION, new Random())).isFalse();
    }

    @ParameterizedTest(name = "with {0}: {1}")
    @CsvSource({
        "'', true",
        "match_if_key_not_found { value: true }, true",
        "match_if_key_not_found { value: false }, false"
    })
    void nothingIsAskedOfFilters(String text, boolean takes) throws Exception {
        assertThat(filter("metadata_filter { " + text + " }").takes(200, 0, 1, REQUEST, new Random()))
                .isEqualTo(takes);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "metadata_filter { matcher { filter: 'envoy.filters.http.lua' path { key: 'a' } value { bool_match:"
                        + " true } } } | matcher.filter: not supported: \"envoy.filters.http.lua\": only what",
                "metadata_filter { matcher { filter: 'envoy.filters.http.rbac' path { key: 'a' } value { bool_match:"
                        + " true } invert: true } } | invert: not supported",
                "metadata_filter { matcher { filter: 'envoy.filters.http.rbac' value { bool_match: true } } } | at"
                        + " least one key",
                "metadata_filter { matcher { filter: 'envoy.filters.http.rbac' path { key: 'a' } value { null_match {"
                        + " } } } } | value not supported: null_match",
                "response_flag_filter { flags: 'XX' }      | not a response flag: \"XX\"",
                "extension_filter { name: 'x' }            | unknown filter of an access log",
                "extension_filter { name: 'c' typed_config { @Cel { expression: 'nobody.knows' } } } | cannot be"
                        + " compiled",
                "header_filter { header { name: 'a b' } }  | not a header field name",
                "and_filter { filters {} }                 | no filter",
            })
    void refused(String text, String message) {
        assertThatThrownBy(() -> filter(text)).hasMessageContaining(message);
    }
}
