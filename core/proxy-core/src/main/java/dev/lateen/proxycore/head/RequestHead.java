package dev.lateen.proxycore.head;

import static java.util.Objects.requireNonNull;

import org.jspecify.annotations.Nullable;

/**
 * The head of a request in the terms that all versions of HTTP share: method, scheme, authority, path (with query) and
 * fields (RFC 9113 section 8.3.1). HTTP/1's Host field is the authority and does not appear among the fields.
 *
 * <p>Text is the ISO-8859-1 reading of the bytes on the wire. Mutable by its one owner, not thread-safe; a codec may
 * {@link #clear} and reuse an instance when the stream has ended and nobody holds it.
 */
public final class RequestHead implements Head {
    private final Fields fields;
    private String method = "GET";
    private String scheme = "http";
    private String authority = "";
    private String path = "/";
    private @Nullable String protocol;

    public RequestHead() {
        this(new Fields());
    }

    /** A head around these fields, which it owns from now on. */
    public RequestHead(Fields fields) {
        this.fields = fields;
    }

    /** A head for tests and questions: method, authority and path. */
    public static RequestHead of(String method, String authority, String path) {
        RequestHead head = new RequestHead(new Fields(64, 4));
        head.method = method;
        head.authority = authority;
        head.path = path;
        return head;
    }

    @Override
    public Fields fields() {
        return fields;
    }

    /** {@code :method}, case-sensitive. */
    public String method() {
        return method;
    }

    /** {@code :scheme}, {@code http} or {@code https}. */
    public String scheme() {
        return scheme;
    }

    /** {@code :authority} or Host: the host, with the port when the client sent one. Empty when there was none. */
    public String authority() {
        return authority;
    }

    /** {@code :path} with the query; {@code *} for OPTIONS; empty for CONNECT without a path. */
    public String path() {
        return path;
    }

    /** {@code :protocol} of an extended CONNECT or the Upgrade of HTTP/1.1, such as {@code websocket}; null without. */
    public @Nullable String protocol() {
        return protocol;
    }

    /** What the connection is asked to become: the protocol of an upgrade, {@code CONNECT} for a tunnel, else null. */
    public @Nullable String upgrade() {
        return protocol == null && method.equals("CONNECT") ? method : protocol;
    }

    public RequestHead method(String text) {
        method = requireNonNull(text);
        return this;
    }

    public RequestHead scheme(String text) {
        scheme = requireNonNull(text);
        return this;
    }

    public RequestHead authority(String text) {
        authority = requireNonNull(text);
        return this;
    }

    public RequestHead path(String text) {
        path = requireNonNull(text);
        return this;
    }

    public RequestHead protocol(@Nullable String text) {
        protocol = text;
        return this;
    }

    /** Adds a field; for tests and questions. */
    public RequestHead with(String name, String value) {
        fields.add(name, value);
        return this;
    }

    /** The path without query. */
    public String pathWithoutQuery() {
        int question = path.indexOf('?');
        return question < 0 ? path : path.substring(0, question);
    }

    /** What {@code name} says: a pseudo-header by {@code :method} and so on, else all values joined by a comma. */
    public @Nullable String text(String pseudoName) {
        return switch (pseudoName) {
            case ":method" -> method;
            case ":scheme" -> scheme;
            case ":authority" -> authority;
            case ":path" -> path;
            case ":protocol" -> protocol;
            default -> FieldName.isToken(pseudoName) ? fields.joined(FieldName.of(pseudoName)) : null;
        };
    }

    /** Makes it a fresh head, keeping memory. */
    public void clear() {
        fields.clear();
        method = "GET";
        scheme = "http";
        authority = "";
        path = "/";
        protocol = null;
    }

    /** An independent copy. */
    public RequestHead copy() {
        RequestHead copy = new RequestHead(fields.copy());
        copy.method = method;
        copy.scheme = scheme;
        copy.authority = authority;
        copy.path = path;
        copy.protocol = protocol;
        return copy;
    }

    @Override
    public String toString() {
        return method + " " + scheme + "://" + authority + path + "\n" + fields;
    }
}
