package dev.lateen.proxycore.head;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;

/**
 * The name of a header field, lower-cased and ready for look-up in {@link Fields} without making text.
 *
 * <p>Names are tokens (RFC 9110 section 5.6.2) and compare without regard to case (section 5.1). Instances are
 * immutable and may be shared; make them once, at configuration time, not per request.
 */
public final class FieldName {
    public static final FieldName ACCESS_CONTROL_ALLOW_CREDENTIALS = of("access-control-allow-credentials");
    public static final FieldName ACCESS_CONTROL_ALLOW_HEADERS = of("access-control-allow-headers");
    public static final FieldName ACCESS_CONTROL_ALLOW_METHODS = of("access-control-allow-methods");
    public static final FieldName ACCESS_CONTROL_ALLOW_ORIGIN = of("access-control-allow-origin");
    public static final FieldName ACCESS_CONTROL_EXPOSE_HEADERS = of("access-control-expose-headers");
    public static final FieldName ACCESS_CONTROL_MAX_AGE = of("access-control-max-age");
    public static final FieldName ACCESS_CONTROL_REQUEST_HEADERS = of("access-control-request-headers");
    public static final FieldName ACCESS_CONTROL_REQUEST_METHOD = of("access-control-request-method");
    public static final FieldName CONNECTION = of("connection");
    public static final FieldName CONTENT_LENGTH = of("content-length");
    public static final FieldName CONTENT_TYPE = of("content-type");
    public static final FieldName COOKIE = of("cookie");
    public static final FieldName DATE = of("date");
    public static final FieldName EXPECT = of("expect");
    public static final FieldName GRPC_MESSAGE = of("grpc-message");
    public static final FieldName GRPC_STATUS = of("grpc-status");
    public static final FieldName GRPC_TIMEOUT = of("grpc-timeout");
    public static final FieldName HOST = of("host");
    public static final FieldName KEEP_ALIVE = of("keep-alive");
    public static final FieldName LOCATION = of("location");
    public static final FieldName ORIGIN = of("origin");
    public static final FieldName PROXY_CONNECTION = of("proxy-connection");
    public static final FieldName SERVER = of("server");
    public static final FieldName SET_COOKIE = of("set-cookie");
    public static final FieldName TE = of("te");
    public static final FieldName TRAILER = of("trailer");
    public static final FieldName TRANSFER_ENCODING = of("transfer-encoding");
    public static final FieldName UPGRADE = of("upgrade");
    public static final FieldName USER_AGENT = of("user-agent");
    public static final FieldName VARY = of("vary");
    public static final FieldName VIA = of("via");
    public static final FieldName X_B3_SAMPLED = of("x-b3-sampled");
    public static final FieldName X_B3_SPAN_ID = of("x-b3-spanid");
    public static final FieldName X_B3_TRACE_ID = of("x-b3-traceid");
    public static final FieldName X_ENVOY_ATTEMPT_COUNT = of("x-envoy-attempt-count");
    public static final FieldName X_ENVOY_DECORATOR_OPERATION = of("x-envoy-decorator-operation");
    public static final FieldName X_ENVOY_EXPECTED_RQ_TIMEOUT_MS = of("x-envoy-expected-rq-timeout-ms");
    public static final FieldName X_ENVOY_EXTERNAL_ADDRESS = of("x-envoy-external-address");
    public static final FieldName X_ENVOY_INTERNAL = of("x-envoy-internal");
    public static final FieldName X_ENVOY_MAX_RETRIES = of("x-envoy-max-retries");
    public static final FieldName X_ENVOY_ORIGINAL_HOST = of("x-envoy-original-host");
    public static final FieldName X_ENVOY_ORIGINAL_PATH = of("x-envoy-original-path");
    public static final FieldName X_ENVOY_OVERLOADED = of("x-envoy-overloaded");
    public static final FieldName X_ENVOY_PEER_METADATA = of("x-envoy-peer-metadata");
    public static final FieldName X_ENVOY_PEER_METADATA_ID = of("x-envoy-peer-metadata-id");
    public static final FieldName X_ENVOY_RATELIMITED = of("x-envoy-ratelimited");
    public static final FieldName X_ENVOY_RETRIABLE_HEADER_NAMES = of("x-envoy-retriable-header-names");
    public static final FieldName X_ENVOY_RETRIABLE_STATUS_CODES = of("x-envoy-retriable-status-codes");
    public static final FieldName X_ENVOY_RETRY_GRPC_ON = of("x-envoy-retry-grpc-on");
    public static final FieldName X_ENVOY_RETRY_ON = of("x-envoy-retry-on");
    public static final FieldName X_ENVOY_UPSTREAM_RQ_PER_TRY_TIMEOUT_MS = of("x-envoy-upstream-rq-per-try-timeout-ms");
    public static final FieldName X_ENVOY_UPSTREAM_RQ_TIMEOUT_MS = of("x-envoy-upstream-rq-timeout-ms");
    public static final FieldName X_ENVOY_UPSTREAM_SERVICE_TIME = of("x-envoy-upstream-service-time");
    public static final FieldName X_FORWARDED_CLIENT_CERT = of("x-forwarded-client-cert");
    public static final FieldName X_FORWARDED_FOR = of("x-forwarded-for");
    public static final FieldName X_FORWARDED_HOST = of("x-forwarded-host");
    public static final FieldName X_FORWARDED_PROTO = of("x-forwarded-proto");
    public static final FieldName X_REQUEST_ID = of("x-request-id");

    final byte[] bytes;
    final int signature;
    private final String text;

    private FieldName(String lowerCase) {
        text = lowerCase;
        bytes = lowerCase.getBytes(StandardCharsets.US_ASCII);
        signature = Fields.signature(bytes, 0, bytes.length);
    }

    /**
     * The name, lower-cased.
     *
     * @throws IllegalArgumentException when the text is empty, longer than 65,535 bytes or not a token
     */
    public static FieldName of(String text) {
        if (!isToken(text)) {
            throw new IllegalArgumentException("not a header field name: \"" + text + "\"");
        }
        return new FieldName(text.toLowerCase(Locale.ROOT));
    }

    /** Whether the text can be a field name: a token of RFC 9110 section 5.6.2 of at most 65,535 characters. */
    public static boolean isToken(String text) {
        if (text.isEmpty() || text.length() > Fields.MAX_NAME_LENGTH) {
            return false;
        }
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            boolean ok = (c >= 'a' && c <= 'z')
                    || (c >= 'A' && c <= 'Z')
                    || (c >= '0' && c <= '9')
                    || "!#$%&'*+-.^_`|~".indexOf(c) >= 0;
            if (!ok) {
                return false;
            }
        }
        return true;
    }

    /** Number of bytes. */
    public int length() {
        return bytes.length;
    }

    /** The lower-case text. */
    @Override
    public String toString() {
        return text;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof FieldName that && Arrays.equals(bytes, that.bytes);
    }

    @Override
    public int hashCode() {
        return text.hashCode();
    }
}
