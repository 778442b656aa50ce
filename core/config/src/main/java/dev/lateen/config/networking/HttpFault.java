package dev.lateen.config.networking;

import dev.lateen.config.shape.AtLeast;
import dev.lateen.config.shape.Checked;
import dev.lateen.config.shape.Findings;
import dev.lateen.config.shape.Inline;
import dev.lateen.config.shape.Later;
import dev.lateen.config.shape.Outdated;
import dev.lateen.config.shape.Range;
import dev.lateen.config.shape.Required;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

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
            @Later("delays of random length") @Nullable JsonNode exponentialDelay,
            @Nullable Percent percentage) {}

    /** Answers requests with an error. */
    public record Abort(
            @Inline @Required Failure failure, @Nullable Percent percentage) {}

    /** The error of an {@link Abort}. */
    public sealed interface Failure {
        /** A status of HTTP. */
        record HttpStatus(
                @Required @Range(min = 200, max = 599) int httpStatus) implements Failure {}

        /** A status of gRPC, by name or number. */
        record GrpcStatus(@Later("gRPC") @Required String grpcStatus) implements Failure {}

        /** A reset with an error code of HTTP/2. */
        record Http2Error(@Later("HTTP/2") @Required String http2Error) implements Failure {}
    }
}
