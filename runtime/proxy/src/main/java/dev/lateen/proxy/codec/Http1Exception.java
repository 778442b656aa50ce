package dev.lateen.proxy.codec;

/** Bytes that are no HTTP/1.1 as RFC 9112 has it. Without a stack trace: a peer decides how often it is thrown. */
final class Http1Exception extends Exception {
    private final int status;
    private final String details;

    /**
     * @param status what a server answers to it
     * @param details Envoy's response code details (Envoy documentation, "Response Code Details", HTTP/1)
     * @param message what is wrong, for people
     */
    Http1Exception(int status, String details, String message) {
        super(message, null, false, false);
        this.status = status;
        this.details = details;
    }

    static Http1Exception badRequest(String message) {
        return badRequest("http1.codec_error", message);
    }

    static Http1Exception badRequest(String details, String message) {
        return new Http1Exception(400, details, message);
    }

    String details() {
        return details;
    }

    int status() {
        return status;
    }

    String reason() {
        return String.valueOf(getMessage());
    }
}
