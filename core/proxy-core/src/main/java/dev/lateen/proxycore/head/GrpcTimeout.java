package dev.lateen.proxycore.head;

/** The deadline that a gRPC caller sends along ({@code grpc-timeout}; gRPC over HTTP/2, "Requests"). */
public final class GrpcTimeout {
    private static final int MOST_DIGITS = 8;

    private GrpcTimeout() {}

    /** The request's timeout in nanoseconds, or -1 when it has none that can be read. */
    public static long nanos(RequestHead head) {
        String text = head.fields().get(FieldName.GRPC_TIMEOUT);
        return text == null ? -1 : nanos(text);
    }

    static long nanos(String text) {
        int digits = text.length() - 1;
        if (digits < 1 || digits > MOST_DIGITS) {
            return -1;
        }
        long value = 0;
        for (int i = 0; i < digits; i++) {
            char c = text.charAt(i);
            if (c < '0' || c > '9') {
                return -1;
            }
            value = value * 10 + (c - '0');
        }
        return switch (text.charAt(digits)) {
            case 'H' -> value > Long.MAX_VALUE / 3_600_000_000_000L ? Long.MAX_VALUE : value * 3_600_000_000_000L;
            case 'M' -> value * 60_000_000_000L;
            case 'S' -> value * 1_000_000_000L;
            case 'm' -> value * 1_000_000L;
            case 'u' -> value * 1_000L;
            case 'n' -> value;
            default -> -1;
        };
    }
}
