package dev.lateen.proxy.codec;

import static dev.lateen.proxy.codec.Http1Exception.badRequest;

import dev.lateen.proxycore.head.FieldName;
import dev.lateen.proxycore.head.Fields;
import org.jspecify.annotations.Nullable;

/**
 * The fields of one head that frame its message or concern this hop alone: Connection and what it names, Keep-Alive,
 * Proxy-Connection, Transfer-Encoding, Content-Length, Upgrade, Host (RFC 9110 section 7.6.1, RFC 9112 section 6).
 */
final class HopFields {
    private static final int MAX_LENGTH_DIGITS = 18;

    private boolean keepAlive;
    private boolean close;
    private boolean chunked;
    private boolean transferEncoding;
    private boolean upgradeOption;
    private boolean hostSeen;
    private long contentLength = -1;
    private @Nullable String upgrade;
    private String host = "";
    private int connectionFields;

    /** Forgets the head before. */
    void clear() {
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
    }

    /** Whether the connection may carry another message afterwards. */
    boolean persistent(boolean http10) {
        return !close && (!http10 || keepAlive);
    }

    boolean chunked() {
        return chunked;
    }

    boolean transferEncoding() {
        return transferEncoding;
    }

    /** The declared length, or -1. */
    long contentLength() {
        return contentLength;
    }

    boolean hostSeen() {
        return hostSeen;
    }

    String host() {
        return host;
    }

    /** What is offered instead, where Connection says so too, or null. */
    @Nullable
    String upgrade() {
        return upgradeOption ? upgrade : null;
    }

    /** Whether there was any that may not stand among trailers. */
    boolean any() {
        return transferEncoding || contentLength >= 0 || hostSeen || connectionFields > 0 || upgrade != null;
    }

    /** All fields are there: what they say together must make sense, and what Connection names goes no further. */
    void complete(Fields fields) throws Http1Exception {
        if (transferEncoding && contentLength >= 0) {
            throw badRequest(
                    "http1.content_length_and_chunked_not_allowed", "both Transfer-Encoding and Content-Length");
        }
        if (connectionFields > 0) {
            removeNominated(fields);
        }
    }

    /** Looks at a field that concerns framing or this hop; whether it was one that goes no further. */
    boolean take(byte[] bytes, int name, int nameLength, int value, int valueEnd) throws Http1Exception {
        switch (nameLength) {
            case 4 -> {
                if (Http1Syntax.named(bytes, name, "host")) {
                    if (hostSeen) {
                        throw badRequest("two Host fields");
                    }
                    if (!Http1Syntax.authority(bytes, value, valueEnd)) {
                        throw badRequest("http.invalid_authority", "the Host is none");
                    }
                    hostSeen = true;
                    host = Http1Syntax.text(bytes, value, valueEnd);
                    return true;
                }
            }
            case 7 -> {
                if (Http1Syntax.named(bytes, name, "upgrade")) {
                    if (upgrade != null) {
                        throw badRequest("two Upgrade fields");
                    }
                    upgrade = Http1Syntax.text(bytes, value, valueEnd);
                    return true;
                }
            }
            case 10 -> {
                if (Http1Syntax.named(bytes, name, "connection")) {
                    connectionFields++;
                    return false; // removed when all fields are there, with what it names
                }
                return Http1Syntax.named(bytes, name, "keep-alive");
            }
            case 14 -> {
                if (Http1Syntax.named(bytes, name, "content-length")) {
                    contentLength(bytes, value, valueEnd);
                }
            }
            case 16 -> {
                return Http1Syntax.named(bytes, name, "proxy-connection");
            }
            case 17 -> {
                if (Http1Syntax.named(bytes, name, "transfer-encoding")) {
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
            throw badRequest("http1.invalid_transfer_encoding", "two Transfer-Encoding fields");
        }
        transferEncoding = true;
        if (to - from == 7 && Http1Syntax.named(bytes, from, "chunked")) {
            chunked = true;
            return;
        }
        throw badRequest("http1.invalid_transfer_encoding", "Transfer-Encoding is not chunked alone");
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
}
