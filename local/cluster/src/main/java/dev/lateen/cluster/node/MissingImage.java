package dev.lateen.cluster.node;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * What is said of a container whose image the catalogue does not have, in the kubelet's words for one that cannot be
 * pulled. Pure.
 *
 * @param image its name
 * @param again whether it was looked for before
 */
record MissingImage(String image, boolean again) {
    private static final Duration FIRST_RETRY = Duration.ofSeconds(2);
    private static final Duration RETRY = Duration.ofSeconds(10);

    /** An event about the pod. */
    record Event(boolean warning, String reason, String message) {}

    /** In the order in which they are recorded. */
    List<Event> events() {
        List<Event> events = new ArrayList<>();
        if (again) {
            events.add(new Event(false, "BackOff", "Back-off pulling image \"" + image + "\""));
        } else {
            events.add(new Event(false, "Pulling", "Pulling image \"" + image + "\""));
            events.add(new Event(true, "Failed", "Failed to pull image \"" + image + "\": " + why()));
        }
        events.add(new Event(true, "Failed", "Error: " + reason()));
        return events;
    }

    /** The container's state meanwhile. */
    ContainerState.Waiting state() {
        return new ContainerState.Waiting(
                reason(), again ? "Back-off pulling image \"" + image + "\": ErrImagePull: " + why() : why());
    }

    /** When it is looked for again: the image of a pod can be changed. */
    Duration retry() {
        return again ? RETRY : FIRST_RETRY;
    }

    private String reason() {
        return again ? "ImagePullBackOff" : "ErrImagePull";
    }

    private String why() {
        return "no entry for image \"" + image + "\" in the image catalogue: nothing is pulled here; add it to"
                + " lateen-images.yaml (images: [{name: " + image
                + ", command: [...]}]) and start the cluster again";
    }
}
