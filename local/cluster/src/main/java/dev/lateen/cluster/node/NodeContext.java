package dev.lateen.cluster.node;

import dev.lateen.cluster.image.ImageCatalogue;
import dev.lateen.cluster.network.Hub;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodStatus;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;

/**
 * What every pod of the node needs.
 *
 * @param hub the network
 * @param images the catalogue
 * @param template the host's part of each root
 * @param sources what pods read from the API
 * @param outlet where status and events go
 * @param directory holds a directory per pod
 * @param clock the time
 * @param restartLimit the longest wait before a restart
 * @param otherUsers whether processes can run as another user than the one that started the cluster
 */
record NodeContext(
        Hub hub,
        ImageCatalogue images,
        RootTemplate template,
        PodSources sources,
        Outlet outlet,
        Path directory,
        Clock clock,
        Duration restartLimit,
        boolean otherUsers) {

    /** Where a pod's news goes. */
    interface Outlet {
        /** Takes a new status; may be called from any thread and must not block for long. */
        void status(Pod pod, PodStatus status);

        /** Records an event about the pod. */
        void event(Pod pod, boolean warning, String reason, String message);

        /** The pod's processes have ended as its deletion asked. */
        void gone(Pod pod);
    }

    void normal(Pod pod, String reason, String message) {
        outlet.event(pod, false, reason, message);
    }

    void warning(Pod pod, String reason, String message) {
        outlet.event(pod, true, reason, message);
    }

    static List<String> words(@org.jspecify.annotations.Nullable List<String> list) {
        return list == null ? List.of() : list;
    }
}
