package dev.lateen.proxy.http;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Statuses of gRPC by name (gRPC documentation, "Status codes and their use in gRPC"). */
final class GrpcStatus {
    private static final String[] NAMES = {
        "OK",
        "Canceled",
        "Unknown",
        "InvalidArgument",
        "DeadlineExceeded",
        "NotFound",
        "AlreadyExists",
        "PermissionDenied",
        "ResourceExhausted",
        "FailedPrecondition",
        "Aborted",
        "OutOfRange",
        "Unimplemented",
        "Internal",
        "Unavailable",
        "DataLoss",
        "Unauthenticated"
    };

    private GrpcStatus() {}

    /**
     * A status as an access log writes it (Envoy documentation, command {@code GRPC_STATUS}); a number that has no name
     * as it is.
     *
     * @param form {@code CAMEL_STRING} (also when empty), {@code SNAKE_STRING} or {@code NUMBER}
     */
    static @Nullable String text(@Nullable String number, String form) {
        int known = number == null ? -1 : number(number);
        if (number == null || known < 0 || form.equals("NUMBER")) {
            return number;
        }
        String name = NAMES[known];
        return form.equals("SNAKE_STRING") && !name.equals("OK")
                ? name.replace("Canceled", "Cancelled")
                        .replaceAll("(?<=.)([A-Z])", "_$1")
                        .toUpperCase(Locale.ROOT)
                : name;
    }

    private static int number(String text) {
        try {
            int number = Integer.parseInt(text);
            return number >= 0 && number < NAMES.length ? number : -1;
        } catch (NumberFormatException e) {
            return -1;
        }
    }
}
