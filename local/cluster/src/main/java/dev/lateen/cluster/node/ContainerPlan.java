package dev.lateen.cluster.node;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * All that is needed to start one container: everything looked up, nothing left to decide.
 *
 * @param command the program and its arguments
 * @param env its whole environment
 * @param workingDir the directory it starts in; made when it does not exist
 * @param mounts directories and files of the host, in the order in which they are laid over each other
 * @param user user id to run as, null for the container's root
 * @param group group id to run as, null for the container's root
 * @param capabilities capabilities (such as {@code net_admin}) that a user other than root keeps
 * @param stdin whether the program's input stays open, for attach
 * @param tty whether the program runs on a terminal
 */
record ContainerPlan(
        List<String> command,
        Map<String, String> env,
        String workingDir,
        List<Mount> mounts,
        @Nullable Long user,
        @Nullable Long group,
        List<String> capabilities,
        boolean stdin,
        boolean tty) {

    /** One part of the host's file system at an absolute path of the container. */
    record Mount(Path source, String target, boolean readOnly) {}

    /** The words that start {@code program} in this container's environment, directory and identity. */
    List<String> launch(List<String> program) {
        List<String> words = new ArrayList<>();
        words.addAll(List.of("env", "-i", "-C", workingDir));
        env.forEach((name, value) -> words.add(name + "=" + value));
        if (user != null || group != null) {
            words.add("setpriv");
            if (user != null) {
                words.add("--reuid=" + user);
            }
            words.add("--regid=" + (group != null ? group : 0));
            words.add("--clear-groups");
            if (!capabilities.isEmpty()) {
                String set =
                        String.join(",", capabilities.stream().map(c -> "+" + c).toList());
                words.add("--inh-caps=" + set);
                words.add("--ambient-caps=" + set);
            }
        }
        words.addAll(program);
        return words;
    }
}
