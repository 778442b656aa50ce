package dev.lateen.cluster.node;

import org.jspecify.annotations.Nullable;

/**
 * One container at one moment.
 *
 * @param name its name
 * @param image the image of its specification
 * @param init whether it is one of the init containers
 * @param sidecar whether it is an init container that goes on beside the others ({@code restartPolicy: Always})
 * @param state what it does now
 * @param last how its run before ended, if it had one
 * @param restarts how often it was started again
 * @param id of the present or last run, empty before the first
 * @param ready passes its readiness probe, or runs without one
 * @param started passed its startup probe, or runs without one
 * @param done it will not run again
 */
record ContainerView(
        String name,
        String image,
        boolean init,
        boolean sidecar,
        ContainerState state,
        ContainerState.@Nullable Terminated last,
        int restarts,
        String id,
        boolean ready,
        boolean started,
        boolean done) {

    /** Ended well for good. */
    boolean succeeded() {
        return done && state instanceof ContainerState.Terminated end && end.exitCode() == 0;
    }

    /** Ended badly for good. */
    boolean failed() {
        return done && state instanceof ContainerState.Terminated end && end.exitCode() != 0;
    }
}
