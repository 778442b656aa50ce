package dev.lateen.proxy.codec;

/** Bytes that are no HTTP/1.1 as RFC 9112 has it. Without a stack trace: a peer decides how often it is thrown. */
final class Http1Exception extends Exception {
    private final int status;

    /**
     * @param status what a server answers to it
     * @param message what is wrong, for people
     */
    Http1Exception(int status, String message) {
        super(message, null, false, false);
        this.status = status;
    }

    static Http1Exception badRequest(String message) {
        return new Http1Exception(400, message);
    }

    int status() {
        return status;
    }

    String reason() {
        return String.valueOf(getMessage());
    }
}
