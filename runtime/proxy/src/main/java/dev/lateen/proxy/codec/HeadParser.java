package dev.lateen.proxy.codec;

import static dev.lateen.proxy.codec.Http1Exception.badRequest;

import dev.lateen.proxycore.head.FieldName;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.head.ResponseHead;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Reads one whole head of HTTP/1.1 into a version-neutral head (RFC 9112). What only concerns this hop (Connection and
 * what it names, Keep-Alive, Proxy-Connection, Transfer-Encoding, Upgrade, Host) is taken out and kept as the parser's
 * findings about the message's framing. Whatever two readers could understand differently is refused.
 *
 * <p>One parser per connection; findings are valid until the next head.
 */
final class HeadParser {
    private static final int MAX_LENGTH_DIGITS = 18;

    private final int maxFields;

    private boolean http10;
    private boolean keepAlive;
    private boolean close;
    private boolean chunked;
    private boolean transferEncoding;
    private boolean upgradeOption;
    private boolean hostSeen;
    private long contentLength;
    private @Nullable String upgrade;
    private String host = "";
    private int connectionFields;

    HeadParser(int maxFields) {
        this.maxFields = maxFields;
    }

    /** Whether the peer speaks HTTP/1.0. */
    boolean http10() {
        return http10;
    }

    /** Whether the connection may carry another message afterwards. */
    boolean persistent() {
        return !close && (!http10 || keepAlive);
    }

    boolean chunked() {
        return chunked;
    }

    /** The declared length, or -1. */
    long contentLength() {
        return contentLength;
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
            throw badRequest("the request target is empty or has a byte that may not stand there");
        }
        version(bytes, targetEnd + 1, lineEnd, lineEnd);
        head.method(method(bytes, at, methodEnd));
        fields(bytes, lineEnd + 2, end, fields);
        target(bytes, target, targetEnd, head);
        if (transferEncoding && http10) {
            throw badRequest("Transfer-Encoding in HTTP/1.0");
        }
        head.protocol(upgradeOption && !http10 ? upgrade : null);
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
        if (hostSeen) {
            fields.add(FieldName.HOST, host); // means nothing here, but is not ours to lose
        }
        if (transferEncoding && http10) {
            throw badRequest("Transfer-Encoding in HTTP/1.0");
        }
    }

    /** Reads trailers of so many bytes, the empty line included. What would change framing or routing is refused. */
    void trailers(ByteBuf in, int length, Fields fields) throws Http1Exception {
        int at = take(in, length, fields);
        fields(fields.array(), at, at + length, fields);
        if (transferEncoding || contentLength >= 0 || hostSeen || connectionFields > 0 || upgrade != null) {
            throw badRequest("a field that frames or routes a message stands among the trailers");
        }
    }

    /** {@link #upgrade} of a 101. */
    @Nullable
    String upgrade() {
        return upgradeOption ? upgrade : null;
    }

    private int take(ByteBuf in, int length, Fields fields) {
        http10 = false;
        keepAlive = false;
        close = false;
        chunked = false;
        transferEncoding = false;
        upgradeOption = false;
        hostSeen = false;
        contentLength = -1;
        upgrade = null;
        host = "";
        connectionFields = 0;
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
        return text(bytes, from, to);
    }

    private void target(byte[] bytes, int from, int to, RequestHead head) throws Http1Exception {
        if (!hostSeen && !http10) {
            throw badRequest("no Host");
        }
        head.authority(host);
        if (head.method().equals("CONNECT")) {
            if (!Http1Syntax.hostAndPort(bytes, from, to)) {
                throw badRequest("the target of CONNECT is not host and port");
            }
            head.authority(text(bytes, from, to)).path("");
        } else if (bytes[from] == '/') {
            head.path(to - from == 1 ? "/" : text(bytes, from, to));
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
            throw badRequest("the request target is neither a path nor a URI of http");
        }
        int authority = from + scheme;
        int path = authority;
        while (path < to && bytes[path] != '/' && bytes[path] != '?') {
            path++;
        }
        if (path == authority || !Http1Syntax.authority(bytes, authority, path)) {
            throw badRequest("the host in the request target is none");
        }
        head.authority(text(bytes, authority, path));
        if (path == to) {
            head.path(head.method().equals("OPTIONS") ? "*" : "/");
        } else {
            head.path((bytes[path] == '?' ? "/" : "") + text(bytes, path, to));
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
                throw badRequest("a field value has the byte " + Http1Syntax.show(bytes[Math.min(p, to - 1)]));
            }
            int valueEnd = p;
            while (valueEnd > value && (bytes[valueEnd - 1] == ' ' || bytes[valueEnd - 1] == '\t')) {
                valueEnd--;
            }
            p += 2;
            if (++number > maxFields) {
                throw new Http1Exception(431, "more than " + maxFields + " fields");
            }
            if (!framing(bytes, name, nameLength, value, valueEnd)) {
                if (nameLength > 0xFFFF) {
                    throw new Http1Exception(431, "a field name of " + nameLength + " bytes");
                }
                fields.addSlice(name, nameLength, value, valueEnd - value);
            }
        }
        if (p + 2 != to) {
            throw badRequest("CR in a field name");
        }
        if (transferEncoding && contentLength >= 0) {
            throw badRequest("both Transfer-Encoding and Content-Length");
        }
        if (connectionFields > 0) {
            removeNominated(fields);
        }
    }

    /** Looks at a field that concerns framing or this hop; whether it was one that goes no further. */
    private boolean framing(byte[] bytes, int name, int nameLength, int value, int valueEnd) throws Http1Exception {
        switch (nameLength) {
            case 4 -> {
                if (named(bytes, name, "host")) {
                    if (hostSeen) {
                        throw badRequest("two Host fields");
                    }
                    if (!Http1Syntax.authority(bytes, value, valueEnd)) {
                        throw badRequest("the Host is none");
                    }
                    hostSeen = true;
                    host = text(bytes, value, valueEnd);
                    return true;
                }
            }
            case 7 -> {
                if (named(bytes, name, "upgrade")) {
                    if (upgrade != null) {
                        throw badRequest("two Upgrade fields");
                    }
                    upgrade = text(bytes, value, valueEnd);
                    return true;
                }
            }
            case 10 -> {
                if (named(bytes, name, "connection")) {
                    connectionFields++;
                    return false; // removed when all fields are there, with what it names
                }
                return named(bytes, name, "keep-alive");
            }
            case 14 -> {
                if (named(bytes, name, "content-length")) {
                    contentLength(bytes, value, valueEnd);
                }
            }
            case 16 -> {
                return named(bytes, name, "proxy-connection");
            }
            case 17 -> {
                if (named(bytes, name, "transfer-encoding")) {
                    transferEncoding(bytes, value, valueEnd);
                    return true;
                }
            }
            default -> {}
        }
        return false;
    }

    private void contentLength(byte[] bytes, int from, int to) throws Http1Exception {
        if (contentLength >= 0) {
            throw badRequest("two Content-Length fields");
        }
        if (from == to || to - from > MAX_LENGTH_DIGITS) {
            throw badRequest("Content-Length has no digit or more than " + MAX_LENGTH_DIGITS);
        }
        long length = 0;
        for (int i = from; i < to; i++) {
            if (bytes[i] < '0' || bytes[i] > '9') {
                throw badRequest("Content-Length has the byte " + Http1Syntax.show(bytes[i]));
            }
            length = length * 10 + bytes[i] - '0';
        }
        contentLength = length;
    }

    private void transferEncoding(byte[] bytes, int from, int to) throws Http1Exception {
        if (transferEncoding) {
            throw badRequest("two Transfer-Encoding fields");
        }
        transferEncoding = true;
        if (to - from == 7 && named(bytes, from, "chunked")) {
            chunked = true;
            return;
        }
        throw badRequest("Transfer-Encoding is not chunked alone");
    }

    private void removeNominated(Fields fields) {
        for (int i = fields.find(FieldName.CONNECTION); i >= 0; i = fields.find(FieldName.CONNECTION, i)) {
            String options = fields.value(i);
            fields.removeAt(i);
            for (String part : options.split(",")) {
                String option = part.strip().toLowerCase(java.util.Locale.ROOT);
                switch (option) {
                    case "close" -> close = true;
                    case "keep-alive" -> keepAlive = true;
                    case "upgrade" -> upgradeOption = true;
                    // End-to-end by definition: naming them here must not cut them out (RFC 9110 section 7.6.1).
                    case "", "content-length", "cookie", "authorization", "te" -> {}
                    default -> {
                        if (FieldName.isToken(option) && !option.startsWith("x-forwarded-")) {
                            fields.remove(FieldName.of(option));
                        }
                    }
                }
            }
        }
    }

    private static boolean named(byte[] bytes, int from, String lowerCase) {
        for (int i = 0; i < lowerCase.length(); i++) {
            byte b = bytes[from + i];
            if ((b >= 'A' && b <= 'Z' ? b + 32 : b) != lowerCase.charAt(i)) {
                return false;
            }
        }
        return true;
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
        return to - from >= lowerCase.length() && named(bytes, from, lowerCase);
    }

    private static String text(byte[] bytes, int from, int to) {
        return new String(bytes, from, to - from, StandardCharsets.ISO_8859_1);
    }
}
