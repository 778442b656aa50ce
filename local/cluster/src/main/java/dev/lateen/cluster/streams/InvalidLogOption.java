package dev.lateen.cluster.streams;

/** A log option that is well formed but not allowed, with the field and the reason of the API's answer. */
final class InvalidLogOption extends Exception {
    private static final long serialVersionUID = 1L;
    private final String field;
    private final String reason;

    InvalidLogOption(String field, String reason, String message) {
        super(message);
        this.field = field;
        this.reason = reason;
    }

    String field() {
        return field;
    }

    String reason() {
        return reason;
    }
}
