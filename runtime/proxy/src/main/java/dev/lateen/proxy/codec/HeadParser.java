package dev.lateen.proxy.codec;

import static dev.lateen.proxy.codec.Http1Exception.badRequest;

import dev.lateen.proxycore.head.FieldName;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.head.ResponseHead;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * Reads one whole head of HTTP/1.1 into a version-neutral head (RFC 9112). What only concerns this hop is taken out and
 * kept as the parser's findings about the message's framing: see {@link HopFields}. Whatever two readers could understand
 * differently is refused.
 *
 * <p>One parser per connection; findings are valid until the next head.
 */
final class HeadParser {
    private final int maxFields;

    private boolean http10;
    private final HopFields hop = new HopFields();

    HeadParser(int maxFields) {
        this.maxFields = maxFields;
    }

    /** Whether the peer speaks HTTP/1.0. */
    boolean http10() {
        return http10;
    }

    /** Whether the connection may carry another message afterwards. */
    boolean persistent() {
        return hop.persistent(http10);
    }

    boolean chunked() {
        return hop.chunked();
    }

    /** The declared length, or -1. */
    long contentLength() {
        return hop.contentLength();
    }

    /** Reads a request's head of so many bytes. */
    void request(ByteBuf in, int length, RequestHead head) throws Http1Exception {
        Fields fields = head.fields();
        int at = take(in, length, fields);
        byte[] bytes = fields.array();
        int end = at + length;
        int lineEnd = lineEnd(bytes, at, end);

        int methodEnd = at;
        while (methodEnd < lineEnd && Http1Syntax.token(bytes[methodEnd])) {
            methodEnd++;
        }
        if (methodEnd == at || methodEnd == lineEnd || bytes[methodEnd] != ' ') {
            throw badRequest("the request line does not begin with a method and one space");
        }
        int target = methodEnd + 1;
        int targetEnd = target;
        while (targetEnd < lineEnd && Http1Syntax.target(bytes[targetEnd])) {
            targetEnd++;
        }
        if (targetEnd == target || targetEnd == lineEnd || bytes[targetEnd] != ' ') {
            throw badRequest(
                    "http1.invalid_characters", "the request target is empty or has a byte that may not stand there");
        }
        version(bytes, targetEnd + 1, lineEnd, lineEnd);
        head.method(method(bytes, at, methodEnd));
        fields(bytes, lineEnd + 2, end, fields);
        target(bytes, target, targetEnd, head);
        if (hop.transferEncoding() && http10) {
            throw badRequest("http1.invalid_transfer_encoding", "Transfer-Encoding in HTTP/1.0");
        }
        head.protocol(http10 ? null : hop.upgrade());
    }

    /** Reads a response's head of so many bytes. */
    void response(ByteBuf in, int length, ResponseHead head) throws Http1Exception {
        Fields fields = head.fields();
        int at = take(in, length, fields);
        byte[] bytes = fields.array();
        int end = at + length;
        int lineEnd = lineEnd(bytes, at, end);
        version(bytes, at, Math.min(at + 8, lineEnd), lineEnd);
        int p = at + 8;
        if (lineEnd - p < 4 || bytes[p] != ' ') {
            throw badRequest("the status line has no status");
        }
        int status = 0;
        for (int i = p + 1; i < p + 4; i++) {
            if (bytes[i] < '0' || bytes[i] > '9') {
                throw badRequest("the status is not three digits");
            }
            status = status * 10 + bytes[i] - '0';
        }
        if (status < 100 || status > 599 || p + 4 < lineEnd && bytes[p + 4] != ' ') {
            throw badRequest("the status is not one of 100 to 599");
        }
        int bad = Http1Syntax.badInValue(bytes, p + 4, lineEnd);
        if (bad < lineEnd) {
            throw badRequest("the reason phrase has the byte " + Http1Syntax.show(bytes[bad]));
        }
        head.status(status);
        fields(bytes, lineEnd + 2, end, fields);
        if (hop.hostSeen()) {
            fields.add(FieldName.HOST, hop.host()); // means nothing here, but is not ours to lose
        }
        if (hop.transferEncoding() && http10) {
            throw badRequest("http1.invalid_transfer_encoding", "Transfer-Encoding in HTTP/1.0");
        }
    }

    /** Reads trailers of so many bytes, the empty line included. What would change framing or routing is refused. */
    void trailers(ByteBuf in, int length, Fields fields) throws Http1Exception {
        int at = take(in, length, fields);
        fields(fields.array(), at, at + length, fields);
        if (hop.any()) {
            throw badRequest("a field that frames or routes a message stands among the trailers");
        }
    }

    /** {@link #upgrade} of a 101. */
    @Nullable
    String upgrade() {
        return hop.upgrade();
    }

    private int take(ByteBuf in, int length, Fields fields) {
        http10 = false;
        hop.clear();
        int at = fields.reserve(length);
        in.readBytes(fields.array(), at, length);
        return at;
    }

    private static int lineEnd(byte[] bytes, int from, int to) throws Http1Exception {
        int i = from;
        while (i < to && bytes[i] != '\r') {
            i++;
        }
        if (i + 1 >= to || bytes[i + 1] != '\n') {
            throw badRequest("CR without LF");
        }
        return i;
    }

    private void version(byte[] bytes, int from, int to, int lineEnd) throws Http1Exception {
        boolean known = to - from == 8
                && to <= lineEnd
                && bytes[from] == 'H'
                && bytes[from + 1] == 'T'
                && bytes[from + 2] == 'T'
                && bytes[from + 3] == 'P'
                && bytes[from + 4] == '/'
                && bytes[from + 5] == '1'
                && bytes[from + 6] == '.'
                && (bytes[from + 7] == '1' || bytes[from + 7] == '0');
        if (!known) {
            throw badRequest("the version is neither HTTP/1.1 nor HTTP/1.0");
        }
        http10 = bytes[from + 7] == '0';
    }

    private static String method(byte[] bytes, int from, int to) {
        switch (to - from) {
            case 3 -> {
                if (is(bytes, from, "GET")) {
                    return "GET";
                }
                if (is(bytes, from, "PUT")) {
                    return "PUT";
                }
            }
            case 4 -> {
                if (is(bytes, from, "POST")) {
                    return "POST";
                }
                if (is(bytes, from, "HEAD")) {
                    return "HEAD";
                }
            }
            default -> {}
        }
        return Http1Syntax.text(bytes, from, to);
    }

    private void target(byte[] bytes, int from, int to, RequestHead head) throws Http1Exception {
        if (!hop.hostSeen() && !http10) {
            throw badRequest("missing_host_header", "no Host");
        }
        head.authority(hop.host());
        if (head.method().equals("CONNECT")) {
            if (!Http1Syntax.hostAndPort(bytes, from, to)) {
                throw badRequest("http1.invalid_url", "the target of CONNECT is not host and port");
            }
            head.authority(Http1Syntax.text(bytes, from, to)).path("");
        } else if (bytes[from] == '/') {
            head.path(to - from == 1 ? "/" : Http1Syntax.text(bytes, from, to));
        } else if (bytes[from] == '*' && to - from == 1 && head.method().equals("OPTIONS")) {
            head.path("*");
        } else {
            absolute(bytes, from, to, head);
        }
    }

    /** {@code http://host/path}: its host wins over the Host field (RFC 9112 section 3.2.2). */
    private static void absolute(byte[] bytes, int from, int to, RequestHead head) throws Http1Exception {
        int scheme = startsWith(bytes, from, to, "http://") ? 7 : startsWith(bytes, from, to, "https://") ? 8 : 0;
        if (scheme == 0) {
            boolean other = Http1Syntax.text(bytes, from, to).contains("://");
            throw badRequest(
                    other ? "http1.invalid_scheme" : "http1.codec_error",
                    "the request target is neither a path nor a URI of http");
        }
        int authority = from + scheme;
        int path = authority;
        while (path < to && bytes[path] != '/' && bytes[path] != '?') {
            path++;
        }
        if (path == authority || !Http1Syntax.authority(bytes, authority, path)) {
            throw badRequest("http1.invalid_url", "the host in the request target is none");
        }
        head.authority(Http1Syntax.text(bytes, authority, path));
        if (path == to) {
            head.path(head.method().equals("OPTIONS") ? "*" : "/");
        } else {
            head.path((bytes[path] == '?' ? "/" : "") + Http1Syntax.text(bytes, path, to));
        }
    }

    private void fields(byte[] bytes, int from, int to, Fields fields) throws Http1Exception {
        int p = from;
        int number = 0;
        while (bytes[p] != '\r') {
            int name = p;
            while (Http1Syntax.token(bytes[p])) {
                p++;
            }
            int nameLength = p - name;
            if (bytes[p] != ':' || nameLength == 0) {
                throw badRequest(
                        nameLength == 0 && (bytes[p] == ' ' || bytes[p] == '\t')
                                ? "a folded line"
                                : "a field name has the byte " + Http1Syntax.show(bytes[p]));
            }
            p++;
            while (bytes[p] == ' ' || bytes[p] == '\t') {
                p++;
            }
            int value = p;
            p = Http1Syntax.badInValue(bytes, p, to);
            if (p + 1 >= to || bytes[p] != '\r' || bytes[p + 1] != '\n') {
                throw badRequest(
                        "http1.invalid_characters",
                        "a field value has the byte " + Http1Syntax.show(bytes[Math.min(p, to - 1)]));
            }
            int valueEnd = p;
            while (valueEnd > value && (bytes[valueEnd - 1] == ' ' || bytes[valueEnd - 1] == '\t')) {
                valueEnd--;
            }
            p += 2;
            if (++number > maxFields) {
                throw new Http1Exception(431, "http1.too_many_headers", "more than " + maxFields + " fields");
            }
            if (!hop.take(bytes, name, nameLength, value, valueEnd)) {
                if (nameLength > 0xFFFF) {
                    throw new Http1Exception(
                            431, "http1.headers_too_large", "a field name of " + nameLength + " bytes");
                }
                fields.addSlice(name, nameLength, value, valueEnd - value);
            }
        }
        if (p + 2 != to) {
            throw badRequest("CR in a field name");
        }
        hop.complete(fields);
    }

    private static boolean is(byte[] bytes, int from, String text) {
        for (int i = 0; i < text.length(); i++) {
            if (bytes[from + i] != text.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    private static boolean startsWith(byte[] bytes, int from, int to, String lowerCase) {
        return to - from >= lowerCase.length() && Http1Syntax.named(bytes, from, lowerCase);
    }
}
