package dev.lateen.proxy.codec;

import dev.lateen.proxycore.head.FieldName;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.head.ResponseHead;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.ReadOnlyHttp2Headers;
import io.netty.util.AsciiString;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Heads of HTTP/2 as version-neutral heads and back (RFC 9113 section 8; RFC 8441 for upgrades). What HPACK gives is
 * checked as strictly as HTTP/1.1: what may not stand in a field there is refused here, so that no byte of a head means
 * something else on a connection of another version.
 */
final class Http2Heads {
    private static final AsciiString CONNECT = AsciiString.cached("CONNECT");
    private static final AsciiString[] STATUS = new AsciiString[600];
    /** Names of fields that were seen last, by their hash: most are the same in each head. */
    private static final AsciiString[] NAMES = new AsciiString[512];

    private static final AsciiString HTTP = AsciiString.cached("http");
    private static final AsciiString HTTPS = AsciiString.cached("https");
    private static final AsciiString GET = AsciiString.cached("GET");
    private static final AsciiString POST = AsciiString.cached("POST");
    private static final FieldName TE = FieldName.TE;
    private static final byte[] TRAILERS = "trailers".getBytes(StandardCharsets.US_ASCII);

    /** What concerns one hop of HTTP/1.1 only and must not appear (RFC 9113 section 8.2.2). */
    private static final FieldName[] HOP = {
        FieldName.CONNECTION,
        FieldName.KEEP_ALIVE,
        FieldName.PROXY_CONNECTION,
        FieldName.TRANSFER_ENCODING,
        FieldName.UPGRADE,
    };

    private final int maxFields;

    Http2Heads(int maxFields) {
        this.maxFields = maxFields;
    }

    /** There are more fields than allowed: answered 431. */
    static final class TooManyFields extends Exception {
        TooManyFields(int max) {
            super("more than " + max + " fields", null, false, false);
        }
    }

    // ---- from the wire

    /** Reads a request's head (section 8.3.1). */
    void request(int stream, Http2Headers headers, RequestHead head) throws Http2Exception, TooManyFields {
        String authority = null;
        String path = null;
        String scheme = null;
        String method = null;
        for (Map.Entry<CharSequence, CharSequence> entry : headers) {
            CharSequence name = entry.getKey();
            if (name.length() > 0 && name.charAt(0) == ':') {
                String value = text(stream, entry.getValue());
                switch (name.toString()) {
                    case ":method" -> method = value;
                    case ":scheme" -> scheme = value;
                    case ":authority" -> authority = value;
                    case ":path" -> path = value;
                    case ":protocol" -> head.protocol(value);
                    default -> throw malformed(stream, "a request has the pseudo-header " + name);
                }
            } else {
                field(stream, entry, head.fields());
            }
        }
        if (method == null || method.isEmpty() || !isToken(method)) {
            throw malformed(stream, "no method");
        }
        head.method(method);
        authority(stream, authority, head);
        boolean connect = method.equals("CONNECT");
        if (head.protocol() != null) {
            if (!connect) {
                throw malformed(stream, ":protocol without CONNECT");
            }
            head.method("GET"); // an upgrade, as HTTP/1.1 has it
        } else if (connect) {
            if (scheme != null || path != null || head.authority().isEmpty()) {
                throw malformed(stream, "CONNECT has an authority and neither scheme nor path");
            }
            head.path("");
            return;
        }
        if (scheme == null || !scheme.equals("http") && !scheme.equals("https")) {
            throw malformed(stream, "the scheme is neither http nor https");
        }
        head.scheme(scheme);
        if (path == null || !isPath(path, method)) {
            throw malformed(stream, "the path is empty or has a byte that may not stand there");
        }
        head.path(path);
    }

    private static void authority(int stream, @Nullable String authority, RequestHead head) throws Http2Exception {
        String host = authority;
        int at = head.fields().find(FieldName.HOST);
        if (at >= 0) {
            if (head.fields().find(FieldName.HOST, at + 1) >= 0) {
                throw malformed(stream, "two Host fields");
            }
            String field = head.fields().value(at);
            if (authority != null && !authority.equalsIgnoreCase(field)) {
                throw malformed(stream, "Host is not the authority");
            }
            host = field;
            head.fields().removeAt(at);
        }
        if (host == null) {
            head.authority("");
            return;
        }
        byte[] bytes = host.getBytes(StandardCharsets.ISO_8859_1);
        if (!Http1Syntax.authority(bytes, 0, bytes.length)) {
            throw malformed(stream, "the authority is none");
        }
        head.authority(host);
    }

    /** Reads a response's head (section 8.3.2). */
    void response(int stream, Http2Headers headers, ResponseHead head) throws Http2Exception, TooManyFields {
        int status = 0;
        for (Map.Entry<CharSequence, CharSequence> entry : headers) {
            CharSequence name = entry.getKey();
            if (name.length() > 0 && name.charAt(0) == ':') {
                if (!AsciiString.contentEquals(name, ":status")) {
                    throw malformed(stream, "a response has the pseudo-header " + name);
                }
                status = status(stream, entry.getValue());
            } else {
                field(stream, entry, head.fields());
            }
        }
        if (status == 0) {
            throw malformed(stream, "no status");
        }
        head.status(status);
    }

    private static int status(int stream, CharSequence text) throws Http2Exception {
        int status = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < '0' || c > '9' || i == 3) {
                throw malformed(stream, "the status is not three digits");
            }
            status = status * 10 + c - '0';
        }
        if (status < 100 || status > 599 || status == 101) {
            throw malformed(stream, "the status is not one of 100 to 599 without 101");
        }
        return status;
    }

    /** Reads trailers, which have no pseudo-headers (section 8.1). */
    void trailers(int stream, Http2Headers headers, Fields trailers) throws Http2Exception, TooManyFields {
        for (Map.Entry<CharSequence, CharSequence> entry : headers) {
            if (entry.getKey().length() > 0 && entry.getKey().charAt(0) == ':') {
                throw malformed(stream, "trailers have the pseudo-header " + entry.getKey());
            }
            field(stream, entry, trailers);
        }
    }

    private void field(int stream, Map.Entry<CharSequence, CharSequence> entry, Fields fields)
            throws Http2Exception, TooManyFields {
        AsciiString name = AsciiString.of(entry.getKey());
        AsciiString value = AsciiString.of(entry.getValue());
        int length = name.length();
        int start = fields.reserve(length + value.length());
        byte[] bytes = fields.array();
        System.arraycopy(name.array(), name.arrayOffset(), bytes, start, length);
        System.arraycopy(value.array(), value.arrayOffset(), bytes, start + length, value.length());
        for (int i = start; i < start + length; i++) {
            if (!Http1Syntax.token(bytes[i]) || bytes[i] >= 'A' && bytes[i] <= 'Z') {
                throw malformed(stream, "a field name has the byte " + Http1Syntax.show(bytes[i]));
            }
        }
        int from = start + length;
        int to = from + value.length();
        int bad = Http1Syntax.badInValue(bytes, from, to);
        boolean padded = to > from && (isBlank(bytes[from]) || isBlank(bytes[to - 1]));
        if (length == 0 || bad < to || padded) {
            throw malformed(
                    stream, length == 0 ? "a field without name" : "a field value has a byte that may not stand there");
        }
        if (fields.size() >= maxFields) {
            throw new TooManyFields(maxFields);
        }
        fields.addSlice(start, length, from, to - from);
        int last = fields.size() - 1;
        for (FieldName hop : HOP) {
            if (fields.named(last, hop)) {
                throw malformed(stream, "the field " + name + ", which is HTTP/1.1's");
            }
        }
        if (fields.named(last, TE) && !fields.valueEquals(last, TRAILERS)) {
            throw malformed(stream, "TE with another value than trailers");
        }
        if (fields.named(last, FieldName.COOKIE)) {
            joinCookie(fields, last);
        }
    }

    /** Pieces of a cookie become one field again (section 8.2.3). */
    private static void joinCookie(Fields fields, int last) {
        int first = fields.find(FieldName.COOKIE);
        if (first < last) {
            fields.set(FieldName.COOKIE, fields.value(first) + "; " + fields.value(last));
        }
    }

    private static boolean isBlank(byte b) {
        return b == ' ' || b == '\t';
    }

    private static boolean isToken(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) > 0x7E || !Http1Syntax.token((byte) text.charAt(i))) {
                return false;
            }
        }
        return true;
    }

    private static boolean isPath(String path, String method) {
        if (path.equals("*")) {
            return method.equals("OPTIONS");
        }
        if (path.isEmpty() || path.charAt(0) != '/') {
            return false;
        }
        for (int i = 0; i < path.length(); i++) {
            if (path.charAt(i) > 0x7E || !Http1Syntax.target((byte) path.charAt(i))) {
                return false;
            }
        }
        return true;
    }

    private static String text(int stream, CharSequence value) throws Http2Exception {
        AsciiString bytes = AsciiString.of(value);
        int from = bytes.arrayOffset();
        if (Http1Syntax.badInValue(bytes.array(), from, from + bytes.length()) < from + bytes.length()) {
            throw malformed(stream, "a pseudo-header has a byte that may not stand there");
        }
        return new String(bytes.array(), from, bytes.length(), StandardCharsets.ISO_8859_1);
    }

    static Http2Exception malformed(int stream, String what) {
        return Http2Exception.streamError(stream, Http2Error.PROTOCOL_ERROR, "malformed: %s", what);
    }

    // ---- to the wire

    static Http2Headers request(RequestHead head) {
        Fields fields = head.fields();
        String protocol = head.protocol();
        AsciiString authority = ascii(head.authority());
        if (protocol != null) {
            Http2Headers headers = new DefaultHttp2Headers(false, fields.size() + 5)
                    .method(CONNECT)
                    .scheme(ascii(head.scheme()))
                    .authority(authority)
                    .path(ascii(head.path()))
                    .add(":protocol", ascii(protocol));
            AsciiString[] others = others(fields);
            for (int i = 0; i < others.length; i += 2) {
                headers.add(others[i], others[i + 1]);
            }
            return headers;
        }
        if (head.method().equals("CONNECT")) {
            Http2Headers headers =
                    new DefaultHttp2Headers(false).method(CONNECT).authority(authority);
            AsciiString[] others = others(fields);
            for (int i = 0; i < others.length; i += 2) {
                headers.add(others[i], others[i + 1]);
            }
            return headers;
        }
        return ReadOnlyHttp2Headers.clientHeaders(
                false, method(head.method()), ascii(head.path()), scheme(head.scheme()), authority, others(fields));
    }

    static Http2Headers response(int status, Fields fields) {
        return ReadOnlyHttp2Headers.serverHeaders(false, status(status), others(fields));
    }

    static Http2Headers trailers(Fields fields) {
        return ReadOnlyHttp2Headers.trailers(false, others(fields));
    }

    private static AsciiString status(int status) {
        AsciiString text = STATUS[status];
        if (text == null) {
            text = AsciiString.cached(Integer.toString(status));
            STATUS[status] = text; // whoever comes second writes the same
        }
        return text;
    }

    /** Names and values in turn. Copies: HPACK keeps what it indexes, and heads are reused. */
    private static AsciiString[] others(Fields fields) {
        AsciiString[] others = new AsciiString[fields.size() * 2];
        byte[] bytes = fields.array();
        int n = 0;
        for (int i = 0; i < fields.size(); i++) {
            if (isHop(fields, i)) {
                continue;
            }
            others[n++] = name(bytes, fields.nameOffset(i), fields.nameLength(i));
            others[n++] = new AsciiString(bytes, fields.valueOffset(i), fields.valueLength(i), true);
        }
        return n == others.length ? others : Arrays.copyOf(others, n);
    }

    /** The name in small letters, as HTTP/2 has them. */
    private static AsciiString name(byte[] bytes, int from, int length) {
        int hash = length;
        for (int i = from; i < from + length; i++) {
            hash = 31 * hash + lower(bytes[i]);
        }
        int slot = (hash ^ hash >>> 16) & NAMES.length - 1;
        AsciiString known = NAMES[slot];
        if (known == null || !isName(known, bytes, from, length)) {
            byte[] name = new byte[length];
            for (int i = 0; i < length; i++) {
                name[i] = lower(bytes[from + i]);
            }
            known = new AsciiString(name, false);
            NAMES[slot] = known; // whoever comes second writes its own, and either will do
        }
        return known;
    }

    private static boolean isName(AsciiString known, byte[] bytes, int from, int length) {
        if (known.length() != length) {
            return false;
        }
        byte[] name = known.array();
        for (int i = 0; i < length; i++) {
            if (name[i] != lower(bytes[from + i])) {
                return false;
            }
        }
        return true;
    }

    private static byte lower(byte b) {
        return b >= 'A' && b <= 'Z' ? (byte) (b + 32) : b;
    }

    private static boolean isHop(Fields fields, int field) {
        for (FieldName hop : HOP) {
            if (fields.named(field, hop)) {
                return true;
            }
        }
        return fields.named(field, FieldName.HOST) || fields.named(field, TE) && !fields.valueEquals(field, TRAILERS);
    }

    private static AsciiString method(String method) {
        return switch (method) {
            case "GET" -> GET;
            case "POST" -> POST;
            default -> ascii(method);
        };
    }

    private static AsciiString scheme(String scheme) {
        return switch (scheme) {
            case "http" -> HTTP;
            case "https" -> HTTPS;
            default -> ascii(scheme);
        };
    }

    private static AsciiString ascii(String text) {
        return new AsciiString(text.getBytes(StandardCharsets.ISO_8859_1), false);
    }
}
