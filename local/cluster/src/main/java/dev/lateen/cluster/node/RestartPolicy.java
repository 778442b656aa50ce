package dev.lateen.cluster.node;

import org.jspecify.annotations.Nullable;

/** Whether a container runs again when it has ended (Kubernetes, "Pod Lifecycle", restart policies). Pure. */
enum RestartPolicy {
    /** Of ordinary containers of most pods, and of sidecars among the init containers. */
    ALWAYS,
    ON_FAILURE,
    NEVER;

    /**
     * The policy of a container.
     *
     * @param pod {@code restartPolicy} of the pod, {@code Always}, {@code OnFailure} or {@code Never}
     * @param init whether it is one of the init containers
     * @param sidecar whether it is one that goes on beside the others
     */
    static RestartPolicy of(@Nullable String pod, boolean init, boolean sidecar) {
        if (sidecar) {
            return ALWAYS;
        }
        return switch (String.valueOf(pod)) {
            case "Never" -> NEVER;
            case "OnFailure" -> ON_FAILURE;
            // An init container that has done its work is through.
            default -> init ? ON_FAILURE : ALWAYS;
        };
    }

    boolean restartsAfter(int exitCode) {
        return switch (this) {
            case ALWAYS -> true;
            case ON_FAILURE -> exitCode != 0;
            case NEVER -> false;
        };
    }
}
