package dev.lateen.proxycore.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.head.ResponseHead;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FormatTest {
    private static final Place AT = Place.of("listener", "l");

    private final FormatContext context = new FormatContext() {
        @Override
        public RequestHead request() {
            return RequestHead.of("GET", "reviews:80", "/a?b")
                    .with("User-Agent", "curl/8")
                    .with("x-envoy-original-path", "/was?x=%41%2b+&y&x=2#f")
                    .with("x-envoy-original-host", "was.example")
                    .with("x", "1")
                    .with("x", "2");
        }

        @Override
        public ResponseHead response() {
            return new ResponseHead(503).with("server", "envoy");
        }

        @Override
        public Fields trailers() {
            Fields trailers = new Fields();
            trailers.add("grpc-status", "14");
            return trailers;
        }

        @Override
        public @Nullable String value(Operator operator, String argument) {
            return switch (operator) {
                case RESPONSE_FLAGS -> "UO";
                case REQUESTED_SERVER_NAME -> "sni.example";
                case START_TIME, START_TIME_LOCAL, EMIT_TIME ->
                    argument.equals(FormatContext.PRECISE) ? "2026-01-02T03:04:05.678901Z" : "now";
                default -> null;
            };
        }
    };

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "plain                               | plain",
                "100%%                               | 100%",
                "%REQ(:METHOD)% %REQ(:PATH)%         | GET /a?b",
                "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%  | /was?x=%41%2b+&y&x=2#f",
                "%REQ(none?:PATH)%                   | /a?b",
                "%REQ(user-agent):4%                 | curl",
                "%REQ(x)%                            | 1,2",
                "%REQ(none)%                         | -",
                "%REQ(host)%                         | reviews:80",
                "%RESP(:status)% %RESP(SERVER)%      | 503 envoy",
                "%TRAILER(grpc-status)%              | 14",
                "%RESPONSE_FLAGS%:%UPSTREAM_HOST%    | UO:-",
                "%START_TIME(%Y-%m-%dT%H:%M:%S%z)%   | 2026-01-02T03:04:05+0000",
                "%START_TIME(%s.%3f)%                | 1767323045.678",
                "%EMIT_TIME(%f %1f %9f)%             | 678901000 6 678901000",
                "%START_TIME(%a %A %b %B %e %j %p %I %y %%)% | Fri Friday Jan January  2 002 AM 03 26 %",
                "%START_TIME(%F %T %R %D)%           | 2026-01-02 03:04:05 03:04 01/02/26",
                "%START_TIME_LOCAL(%s)%              | 1767323045",
                "<%START_TIME%>                      | <now>",
                "%START_TIME(%u %w %G-%V %g %U %W)%  | 5 5 2026-01 26 00 00",
                "%START_TIME(%c, %x, %X, %r)%        | Fri Jan  2 03:04:05 2026, 01/02/26, 03:04:05, 03:04:05 AM",
                "%START_TIME(%Ez %E*z %E4Y %ET)%     | +00:00 +00:00:00 2026 T",
                "%START_TIME(%E*S %E3S %E*f %E2f)%   | 05.678901 05.678 678901 67",
                "%REQUEST_HEADER(USER-AGENT):4%      | curl",
                "%RESPONSE_HEADER(server)%           | envoy",
                "%RESPONSE_TRAILER(none?grpc-status)% | 14",
                "%REQ_WITHOUT_QUERY(none?:path)%     | /a",
                "%PATH%                              | /was?x=%41%2b+&y&x=2#f",
                "%PATH(WQ:PATH)%                     | /a?b",
                "%PATH(NQ)%                          | /was",
                "%PATH(NQ:ORIG):3%                   | /wa",
                "%PATH(:ORIG_OR_PATH)%               | /was?x=%41%2b+&y&x=2#f",
                "%QUERY_PARAM(b)%<%QUERY_PARAM(c)%>  | <->",
                "%QUERY_PARAMS%                      | b",
                "%QUERY_PARAMS(ORIG):0%.             | .",
                "%QUERY_PARAMS(DECODED)%             | b",
                "%REQUESTED_SERVER_NAME%             | sni.example",
                "%REQUESTED_SERVER_NAME(SNI_ONLY)%   | sni.example",
                "%REQUESTED_SERVER_NAME(SNI_FIRST:HOST)%  | sni.example",
                "%REQUESTED_SERVER_NAME(HOST_FIRST)% | was.example",
                "%REQUESTED_SERVER_NAME(HOST_FIRST:HOST)% | reviews:80",
                "%REQUESTED_SERVER_NAME(HOST_FIRST:ORIG)% | was.example",
                "%COALESCE({\"operators\": [\"ROUTE_NAME\", {\"command\": \"REQ\", \"param\": \":authority\"}]})% | reviews:80",
                "%COALESCE({\"operators\": [{\"command\": \"REQ\", \"param\": \":authority\", \"max_length\": 5}]}):3% | rev",
                "%COALESCE({\"operators\": [\"ROUTE_NAME\"]})% | -",
            })
    void commands(String format, String expected) throws Exception {
        assertThat(Format.parse(format, AT).render(context, "-")).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "%NOT_A_COMMAND%  | not supported: command %NOT_A_COMMAND%",
                "%DYNAMIC_METADATA(a:b)% | not supported: command %DYNAMIC_METADATA%: metadata of filters, routes",
                "%CEL(request.headers['a'].contains('(b)'))% | not supported: command %CEL%: expressions stand in",
                "%DOWNSTREAM_WIRE_BYTES_SENT% | not supported: command %DOWNSTREAM_WIRE_BYTES_SENT%: bytes of frames",
                "%COMMON_DURATION(DS_RX_BEG)% | not supported: command %COMMON_DURATION(DS_RX_BEG)%",
                "%COMMON_DURATION(DS_RX_BEG:DS_TX_END:s)% | not supported: command %COMMON_DURATION(DS_RX_BEG:DS_TX_END:s)%",
                "%PATH(XQ)%       | not supported: command %PATH(XQ)%",
                "%PATH(WQ:HOST)%  | not supported: command %PATH(WQ:HOST)%",
                "%QUERY_PARAM%    | not supported: command %QUERY_PARAM()%",
                "%QUERY_PARAMS(X)% | not supported: command %QUERY_PARAMS(X)%",
                "%REQUESTED_SERVER_NAME(SNI)% | not supported: command %REQUESTED_SERVER_NAME(SNI)%",
                "%COALESCE(x)%    | command %COALESCE(x)%: an object with a list of operators is needed",
                "%COALESCE({\"operators\": [\"NO_SUCH\"]})% | not supported: command %NO_SUCH%",
                "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT(a)% | not supported: command %DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT(a)%",
                "%START_TIME(%n)% | not supported: conversion %n of time format %n",
                "%START_TIME(%E2Y)% | not supported: conversion %E2Y of time format",
                "%START_TIME(%Q)% | not supported: conversion %Q of time format %Q",
                "%START_TIME(%)%  | a time format ends within a conversion",
                "%START_TIME(%Y):2% | command %START_TIME% takes no length",
                "%START_TIME:10%  | command %START_TIME% takes no length",
                "%PROTOCOL:4%     | command %PROTOCOL% takes no length",
                "%REQUESTED_SERVER_NAME(SNI_FIRST):3% | command %REQUESTED_SERVER_NAME% takes no length",
                "%COALESCE({\"operators\": [{\"command\": \"PROTOCOL\", \"max_length\": 5}]})% | command %PROTOCOL% takes no length",
                "%PROTOCOL(x)%    | not supported: command %PROTOCOL(x)%",
                "%GRPC_STATUS(X)% | not supported: command %GRPC_STATUS(X)%",
                "%ENVIRONMENT%    | not supported: command %ENVIRONMENT()%",
                "%FILTER_STATE(other)% | not supported: command %FILTER_STATE(other)%",
                "%REQ(x%          | no closing bracket",
                "%REQ(x)          | no closing %",
                "%REQ(x):%        | no length",
                "%REQ(a b)%       | not a header field name",
                "50% of           | no closing %",
            })
    void whatIsNoFormat_isRefused(String format, String message) {
        assertThatThrownBy(() -> Format.parse(format, AT)).hasMessageContaining(message);
    }

    /** Parameters are decoded, the first of a name counts, and one without a value is empty (Envoy, QUERY_PARAM). */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "/p?x=%41%2b+&y&x=2#f | A++ | <> | x=%41%2b+&y&x=2 | x=A++&y&x=2",
                "/p?%78=%zz&y=b=c     | %zz | <b=c> | %78=%zz&y=b=c | %78=%zz&y=b=c",
                "/p                   | -   | <->   | -         | -",
            })
    void queries(String path, String x, String y, String all, String decoded) throws Exception {
        FormatContext asked = FormatContext.of(RequestHead.of("GET", "h", path), null);
        assertThat(Format.parse("%QUERY_PARAM(x)%", AT).render(asked, "-")).isEqualTo(x);
        assertThat(Format.parse("<%QUERY_PARAM(y)%>", AT).render(asked, "-")).isEqualTo(y);
        assertThat(Format.parse("%QUERY_PARAMS%", AT).render(asked, "-")).isEqualTo(all);
        assertThat(Format.parse("%QUERY_PARAMS(DECODED)%", AT).render(asked, "-"))
                .isEqualTo(decoded);
    }

    /** The commands of Envoy 1.36 to 1.40 (documentation, "Substitution formatter", supported commands). */
    @ParameterizedTest
    @ValueSource(strings = {"""
        START_TIME START_TIME_LOCAL EMIT_TIME EMIT_TIME_LOCAL REQUEST_HEADERS_BYTES BYTES_RECEIVED BYTES_RETRANSMITTED
        PACKETS_RETRANSMITTED PROTOCOL UPSTREAM_PROTOCOL RESPONSE_CODE RESPONSE_CODE_DETAILS
        CONNECTION_TERMINATION_DETAILS RESPONSE_HEADERS_BYTES RESPONSE_TRAILERS_BYTES BYTES_SENT
        UPSTREAM_REQUEST_ATTEMPT_COUNT UPSTREAM_WIRE_BYTES_SENT UPSTREAM_WIRE_BYTES_RECEIVED UPSTREAM_HEADER_BYTES_SENT
        UPSTREAM_DECOMPRESSED_HEADER_BYTES_SENT UPSTREAM_HEADER_BYTES_RECEIVED
        UPSTREAM_DECOMPRESSED_HEADER_BYTES_RECEIVED DOWNSTREAM_WIRE_BYTES_SENT DOWNSTREAM_WIRE_BYTES_RECEIVED
        DOWNSTREAM_HEADER_BYTES_SENT DOWNSTREAM_DECOMPRESSED_HEADER_BYTES_SENT DOWNSTREAM_HEADER_BYTES_RECEIVED
        DOWNSTREAM_DECOMPRESSED_HEADER_BYTES_RECEIVED DURATION COMMON_DURATION(DS_RX_BEG:DS_TX_END:ms) REQUEST_DURATION
        REQUEST_TX_DURATION RESPONSE_DURATION ROUNDTRIP_DURATION RESPONSE_TX_DURATION DOWNSTREAM_HANDSHAKE_DURATION
        UPSTREAM_CONNECTION_POOL_READY_DURATION RESPONSE_FLAGS RESPONSE_FLAGS_LONG ROUTE_NAME VIRTUAL_CLUSTER_NAME
        UPSTREAM_HOST UPSTREAM_HOST_NAME UPSTREAM_HOST_NAME_WITHOUT_PORT UPSTREAM_HOSTS_ATTEMPTED
        UPSTREAM_HOSTS_ATTEMPTED_WITHOUT_PORT UPSTREAM_HOST_NAMES_ATTEMPTED UPSTREAM_HOST_NAMES_ATTEMPTED_WITHOUT_PORT
        UPSTREAM_CLUSTER UPSTREAM_CLUSTER_RAW UPSTREAM_LOCAL_ADDRESS UPSTREAM_LOCAL_ADDRESS_WITHOUT_PORT(16)
        UPSTREAM_LOCAL_PORT UPSTREAM_REMOTE_ADDRESS UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT UPSTREAM_REMOTE_PORT
        UPSTREAM_REMOTE_ADDRESS_ENDPOINT_ID UPSTREAM_TRANSPORT_FAILURE_REASON UPSTREAM_DETECTED_CLOSE_TYPE
        UPSTREAM_LOCAL_CLOSE_REASON DOWNSTREAM_TRANSPORT_FAILURE_REASON DOWNSTREAM_LOCAL_CLOSE_REASON
        DOWNSTREAM_DETECTED_CLOSE_TYPE DOWNSTREAM_REMOTE_ADDRESS DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT
        DOWNSTREAM_REMOTE_PORT DOWNSTREAM_DIRECT_REMOTE_ADDRESS DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT(0)
        DOWNSTREAM_DIRECT_REMOTE_PORT DOWNSTREAM_LOCAL_ADDRESS DOWNSTREAM_DIRECT_LOCAL_ADDRESS
        DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT(128) DOWNSTREAM_DIRECT_LOCAL_ADDRESS_WITHOUT_PORT DOWNSTREAM_LOCAL_PORT
        DOWNSTREAM_DIRECT_LOCAL_PORT DOWNSTREAM_LOCAL_ADDRESS_ENDPOINT_ID DOWNSTREAM_DIRECT_LOCAL_ADDRESS_ENDPOINT_ID
        CONNECTION_ID UPSTREAM_CONNECTION_ID UPSTREAM_CONNECTION_IDS_ATTEMPTED STREAM_ID GRPC_STATUS(SNAKE_STRING)
        GRPC_STATUS_NUMBER REQUEST_HEADER(x?y):3 REQ(x) RESPONSE_HEADER(x) RESP(x) RESPONSE_TRAILER(x) TRAILER(x)
        DYNAMIC_METADATA(a:b) CLUSTER_METADATA(a:b) UPSTREAM_METADATA(a:b) FILTER_STATE(upstream_peer:FIELD:namespace)
        UPSTREAM_FILTER_STATE(a) REQUESTED_SERVER_NAME(SNI_FIRST:ORIG) DOWNSTREAM_LOCAL_IP_SAN DOWNSTREAM_PEER_IP_SAN
        DOWNSTREAM_LOCAL_DNS_SAN DOWNSTREAM_PEER_DNS_SAN DOWNSTREAM_LOCAL_URI_SAN DOWNSTREAM_PEER_URI_SAN
        DOWNSTREAM_LOCAL_EMAIL_SAN DOWNSTREAM_PEER_EMAIL_SAN DOWNSTREAM_LOCAL_OTHERNAME_SAN
        DOWNSTREAM_PEER_OTHERNAME_SAN DOWNSTREAM_LOCAL_SUBJECT DOWNSTREAM_PEER_SUBJECT DOWNSTREAM_PEER_ISSUER
        DOWNSTREAM_TLS_SESSION_ID DOWNSTREAM_TLS_CIPHER DOWNSTREAM_TLS_GROUP DOWNSTREAM_TLS_VERSION
        DOWNSTREAM_PEER_FINGERPRINT_256 DOWNSTREAM_PEER_FINGERPRINT_1 DOWNSTREAM_PEER_SERIAL
        DOWNSTREAM_PEER_CHAIN_FINGERPRINTS_256 DOWNSTREAM_PEER_CHAIN_FINGERPRINTS_1 DOWNSTREAM_PEER_CHAIN_SERIALS
        DOWNSTREAM_PEER_ISSUER_FINGERPRINT_256 DOWNSTREAM_PEER_ISSUER_SERIAL DOWNSTREAM_PEER_CERT TLS_JA3_FINGERPRINT
        TLS_JA4_FINGERPRINT DOWNSTREAM_PEER_CERT_V_START(%F) DOWNSTREAM_PEER_CERT_V_END UPSTREAM_PEER_SUBJECT
        UPSTREAM_PEER_ISSUER UPSTREAM_TLS_SESSION_ID UPSTREAM_TLS_CIPHER UPSTREAM_TLS_GROUP UPSTREAM_TLS_VERSION
        UPSTREAM_SERVER_NAME UPSTREAM_PEER_CERT UPSTREAM_PEER_CERT_V_START UPSTREAM_PEER_CERT_V_END(%s)
        UPSTREAM_PEER_URI_SAN UPSTREAM_PEER_DNS_SAN UPSTREAM_PEER_IP_SAN UPSTREAM_LOCAL_URI_SAN UPSTREAM_LOCAL_DNS_SAN
        UPSTREAM_LOCAL_IP_SAN HOSTNAME LOCAL_REPLY_BODY FILTER_CHAIN_NAME ACCESS_LOG_TYPE UNIQUE_ID ENVIRONMENT(X):9
        TRACE_ID SPAN_ID QUERY_PARAM(x) QUERY_PARAMS(DECODED) PATH(NQ:ORIG) CUSTOM_FLAGS
        COALESCE({"operators":["HOSTNAME"]}) METADATA(ROUTE:a:b) CEL(true) TYPED_CEL(true) REQ_WITHOUT_QUERY(:path)
        """})
    void everyCommandOfEnvoys_isThere_orRefusedForAReason(String commands) throws Exception {
        for (String command : commands.trim().split("\\s+")) {
            String name = command.replaceFirst("[(:].*$", "");
            String reason = Operator.refusal(name);
            if (reason == null) {
                Format.parse("%" + command + "%", AT);
            } else {
                assertThatThrownBy(() -> Format.parse("%" + command + "%", AT))
                        .hasMessageContaining("not supported: command %" + name + "%: " + reason);
            }
        }
    }

    @Test
    void operators_areListed_soThatNothingElseIsWorkedOut() throws Exception {
        Format format = Format.parse("%RESPONSE_FLAGS% %REQ(x)% %DURATION% %RESPONSE_FLAGS%", AT);
        assertThat(format.operators()).containsExactly(Operator.RESPONSE_FLAGS, Operator.DURATION);
        assertThat(format.isSingleCommand()).isFalse();
        assertThat(Format.parse("%DURATION%", AT).isSingleCommand()).isTrue();
    }

    @Test
    void istiosDefaultFormat_isUnderstood() throws Exception {
        String text = "[%START_TIME%] \"%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%\" "
                + "%RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% %CONNECTION_TERMINATION_DETAILS% "
                + "\"%UPSTREAM_TRANSPORT_FAILURE_REASON%\" %BYTES_RECEIVED% %BYTES_SENT% %DURATION% "
                + "%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% \"%REQ(X-FORWARDED-FOR)%\" \"%REQ(USER-AGENT)%\" "
                + "\"%REQ(X-REQUEST-ID)%\" \"%REQ(:AUTHORITY)%\" \"%UPSTREAM_HOST%\" %UPSTREAM_CLUSTER_RAW% "
                + "%UPSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS% "
                + "%REQUESTED_SERVER_NAME% %ROUTE_NAME%\n";
        Format format = Format.parse(text, AT);
        assertThat(format).hasToString(text);
        assertThat(format.render(context, "-")).startsWith("[now] \"GET /was?x=%41%2b+&y&x=2#f -\" - UO ");
    }

    @Property
    void anyText_isParsedOrRefused(@ForAll String text) {
        try {
            Format format = Format.parse(text, AT);
            assertThat(Format.parse(format.toString(), AT)).hasToString(format.toString());
        } catch (dev.lateen.proxycore.CompileException e) {
            assertThat(e).hasMessageContaining("listener \"l\"");
        }
    }
}
