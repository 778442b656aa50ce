package dev.lateen.config.networking;

import dev.lateen.config.shape.AtLeast;
import dev.lateen.config.shape.Checked;
import dev.lateen.config.shape.Findings;
import dev.lateen.config.shape.Inline;
import dev.lateen.config.shape.Outdated;
import dev.lateen.config.shape.Range;
import dev.lateen.config.shape.Refused;
import dev.lateen.config.shape.Required;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Faults made on purpose, to try how callers bear them (networking.istio.io HTTPFaultInjection). */
public record HttpFault(@Nullable Delay delay, @Nullable Abort abort) implements Checked {
    @Override
    public void check(Findings findings) {
        if (delay == null && abort == null) {
            findings.error("", "one of delay, abort is required");
        }
    }

    /** Holds requests back. */
    public record Delay(
            @Range(min = 0, max = 100) @Outdated("write percentage: {value: N}")
            int percent,

            @Required @AtLeast("1ms") Duration fixedDelay,

            @Refused("is honoured by no proxy: write fixedDelay") @Nullable
            Duration exponentialDelay,

            @Nullable Percent percentage)
            implements Checked {
        @Override
        public void check(Findings findings) {
            checkShare(percentage, findings);
        }
    }

    /** Shares are told to proxies in parts of a million; less would be nothing. */
    private static void checkShare(@Nullable Percent share, Findings findings) {
        if (share != null && share.value() > 0 && share.value() < LEAST) {
            findings.error("percentage.value", "must be 0 or at least 0.0001, found " + share.value());
        }
    }

    private static final double LEAST = 0.0001;

    /** Answers requests with an error. */
    public record Abort(
            @Inline @Required Failure failure, @Nullable Percent percentage) implements Checked {
        @Override
        public void check(Findings findings) {
            checkShare(percentage, findings);
        }
    }

    /** Names of gRPC's statuses, by number (gRPC documentation, status codes). */
    private static final List<String> GRPC = List.of(
            "OK",
            "CANCELLED",
            "UNKNOWN",
            "INVALID_ARGUMENT",
            "DEADLINE_EXCEEDED",
            "NOT_FOUND",
            "ALREADY_EXISTS",
            "PERMISSION_DENIED",
            "RESOURCE_EXHAUSTED",
            "FAILED_PRECONDITION",
            "ABORTED",
            "OUT_OF_RANGE",
            "UNIMPLEMENTED",
            "INTERNAL",
            "UNAVAILABLE",
            "DATA_LOSS",
            "UNAUTHENTICATED");

    /** The error of an {@link Abort}. */
    public sealed interface Failure {
        /** A status of HTTP. */
        record HttpStatus(
                @Required @Range(min = 200, max = 599) int httpStatus) implements Failure {}

        /** A status of gRPC, by name or number. */
        record GrpcStatus(@Required String grpcStatus) implements Failure, Checked {
            @Override
            public void check(Findings findings) {
                if (number() < 0) {
                    findings.error(
                            "grpcStatus",
                            "\"" + grpcStatus + "\" is no status of gRPC: write one of " + String.join(", ", GRPC)
                                    + ", or its number");
                }
            }

            /** The status as a number, -1 when there is no such status. */
            public int number() {
                int named = GRPC.indexOf(grpcStatus.toUpperCase(Locale.ROOT));
                boolean digits = grpcStatus.length() <= 2 && grpcStatus.chars().allMatch(c -> c >= '0' && c <= '9');
                int given = digits ? Integer.parseInt(grpcStatus) : -1;
                return named >= 0 ? named : given < GRPC.size() ? given : -1;
            }
        }

        /** A reset with an error code of HTTP/2. */
        record Http2Error(
                @Refused("is honoured by no proxy: write httpStatus or grpcStatus") @Required
                String http2Error) implements Failure {}
    }
}
