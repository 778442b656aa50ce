package dev.lateen.cluster.node;

import java.time.Instant;

/** What a container is doing, as its status tells it. */
sealed interface ContainerState {
    /** Not running; the reason is a word such as {@code CrashLoopBackOff}. */
    record Waiting(String reason, String message) implements ContainerState {}

    /** Running since then. */
    record Running(Instant since) implements ContainerState {}

    /** Ended. */
    record Terminated(int exitCode, String reason, Instant started, Instant finished, String id)
            implements ContainerState {}
}
