package dev.lateen.cluster.image;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * What a container runs when its pod does not say so itself.
 *
 * @param command as an image's ENTRYPOINT; a container's {@code command} replaces it
 * @param args as an image's CMD; a container's {@code args} replace it, and so does its {@code command}
 * @param env environment under the container's own
 * @param workingDir the directory to start in
 * @param mounts directories of the host that the container sees, read-only, under the same paths
 */
public record Image(
        List<String> command, List<String> args, Map<String, String> env, String workingDir, List<Path> mounts) {
    /** Copies the collections. */
    public Image {
        command = List.copyOf(command);
        args = List.copyOf(args);
        env = Map.copyOf(env);
        mounts = List.copyOf(mounts);
    }
}
