package dev.lateen.proxycore.head;

/**
 * The head of a response in the terms that all versions of HTTP share: status and fields (RFC 9113 section 8.3.2).
 *
 * <p>Mutable by its one owner, not thread-safe.
 */
public final class ResponseHead implements Head {
    private final Fields fields;
    private int status;

    /** A head with this status and no field. */
    public ResponseHead(int status) {
        this(status, new Fields());
    }

    /** A head around these fields, which it owns from now on. */
    public ResponseHead(int status, Fields fields) {
        this.fields = fields;
        this.status = status;
    }

    @Override
    public Fields fields() {
        return fields;
    }

    /** {@code :status}, 100 to 599 from a well-behaved peer. */
    public int status() {
        return status;
    }

    public ResponseHead status(int code) {
        status = code;
        return this;
    }

    /** Adds a field; for tests and questions. */
    public ResponseHead with(String name, String value) {
        fields.add(name, value);
        return this;
    }

    /** Makes it a fresh head with this status, keeping memory. */
    public void clear(int newStatus) {
        fields.clear();
        status = newStatus;
    }

    /** An independent copy. */
    public ResponseHead copy() {
        return new ResponseHead(status, fields.copy());
    }

    @Override
    public String toString() {
        return status + "\n" + fields;
    }
}
