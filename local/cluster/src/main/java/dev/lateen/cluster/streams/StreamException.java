package dev.lateen.cluster.streams;

/** A stream that cannot be opened, with the status code and the words of the API's answer. */
public final class StreamException extends Exception {
    private final int code;

    /** HTTP status code (404 no such pod or container, 400 not running) and message for the user. */
    public StreamException(int code, String message) {
        super(message);
        this.code = code;
    }

    /** The HTTP status code of the answer. */
    public int code() {
        return code;
    }
}
