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

class FormatTest {
    private static final Place AT = Place.of("listener", "l");

    private final FormatContext context = new FormatContext() {
        @Override
        public RequestHead request() {
            return RequestHead.of("GET", "reviews:80", "/a?b")
                    .with("User-Agent", "curl/8")
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
                "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%  | /a?b",
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
                "%START_TIME(%Y):2%                  | 20",
                "%START_TIME_LOCAL(%s)%              | 1767323045",
                "<%START_TIME%>                      | <now>",
            })
    void commands(String format, String expected) throws Exception {
        assertThat(Format.parse(format, AT).render(context, "-")).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "%NOT_A_COMMAND%  | not supported: command %NOT_A_COMMAND%",
                "%CONNECTION_ID%  | not supported: command %CONNECTION_ID%",
                "%DYNAMIC_METADATA(a:b)% | not supported: command %DYNAMIC_METADATA%",
                "%START_TIME(%Q)% | not supported: conversion %Q of time format %Q",
                "%START_TIME(%)%  | a time format ends within a conversion",
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
        assertThat(format.render(context, "-")).startsWith("[now] \"GET /a?b -\" - UO ");
    }

    @Property(tries = 500)
    void anyText_isParsedOrRefused(@ForAll String text) {
        try {
            Format format = Format.parse(text, AT);
            assertThat(Format.parse(format.toString(), AT)).hasToString(format.toString());
        } catch (dev.lateen.proxycore.CompileException e) {
            assertThat(e).hasMessageContaining("listener \"l\"");
        }
    }
}
