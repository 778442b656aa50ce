package dev.lateen.cluster;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * How a cluster is started.
 *
 * @param lateenHome the built Lateen: {@code lib} and {@code bin}
 * @param images catalogue files of the project, the later winning
 * @param restartLimit the longest wait before a crashed container runs again
 * @param patience how long to wait until the cluster is ready
 */
public record UpOptions(Path lateenHome, List<Path> images, Duration restartLimit, Duration patience) {
    /** Copies the list. */
    public UpOptions {
        images = List.copyOf(images);
    }

    /** One second between restarts, a minute of patience. */
    public static UpOptions of(Path lateenHome, List<Path> images) {
        return new UpOptions(lateenHome, images, Duration.ofSeconds(1), Duration.ofMinutes(1));
    }
}
