package dev.lateen.xds;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;

/** The one place where failures of a stream become gRPC statuses, and gRPC statuses become words. */
public final class XdsError {
    private XdsError() {}

    /** A request that breaks the protocol; ends the stream. */
    public static StatusRuntimeException invalid(String what) {
        return Status.INVALID_ARGUMENT.withDescription(what).asRuntimeException();
    }

    /** What would be served at another time: the client is to wait before it tries again. */
    public static StatusRuntimeException tooOften(String what) {
        return Status.RESOURCE_EXHAUSTED.withDescription(what).asRuntimeException();
    }

    /** Whatever went wrong while a stream was served, as the status that its client gets. */
    public static Status toStatus(Throwable failure) {
        if (failure instanceof StatusRuntimeException known) {
            return known.getStatus();
        }
        return switch (failure) {
            case IllegalArgumentException refused ->
                Status.INVALID_ARGUMENT.withDescription(refused.getMessage()).withCause(refused);
            case SecurityException refused ->
                Status.PERMISSION_DENIED.withDescription(refused.getMessage()).withCause(refused);
            default ->
                Status.INTERNAL
                        .withDescription("the control plane failed; its log says more")
                        .withCause(failure);
        };
    }

    /** One line on why a stream to a control plane ended, with what to do where that is known. */
    public static String describe(String controlPlane, Throwable failure) {
        Status status = Status.fromThrowable(failure);
        String reason = status.getDescription() == null ? "" : ": " + status.getDescription();
        return switch (status.getCode()) {
            case UNAVAILABLE ->
                "control plane " + controlPlane + " is not reachable" + reason + cause(status) + "; trying again";
            case UNAUTHENTICATED, PERMISSION_DENIED ->
                "control plane " + controlPlane + " refuses this proxy's identity" + reason;
            case INVALID_ARGUMENT -> "control plane " + controlPlane + " refuses the request" + reason;
            case UNIMPLEMENTED -> controlPlane + " does not speak incremental ADS" + reason;
            case RESOURCE_EXHAUSTED -> "control plane " + controlPlane + " sends or takes no more" + reason;
            case CANCELLED -> "the stream to " + controlPlane + " was cancelled" + reason;
            default -> "the stream to " + controlPlane + " ended with " + status.getCode() + reason + cause(status);
        };
    }

    private static String cause(Status status) {
        return status.getCause() == null || status.getCause().getMessage() == null
                ? ""
                : " (" + status.getCause().getMessage() + ")";
    }
}
