package dev.lateen.cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * The process on the host that holds a running cluster, as the pid file names it: its number and its start time, so that
 * another process which has got that number since is not taken for it.
 */
record OuterProcess(ProcessHandle handle, String started) {
    private static final Duration POLL = Duration.ofMillis(20);

    /** The running one that a pid file names. */
    static Optional<OuterProcess> read(Path file) throws IOException {
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        String[] words = Files.readString(file).strip().split(" ", 2);
        if (words.length < 2) {
            return Optional.empty();
        }
        try {
            return ProcessHandle.of(Long.parseLong(words[0]))
                    .filter(ProcessHandle::isAlive)
                    .map(handle -> new OuterProcess(handle, startTime(handle.pid())))
                    .filter(process -> process.started().equals(words[1]));
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }

    static void write(Path file, Process process) throws IOException {
        Files.writeString(file, process.pid() + " " + startTime(process.pid()) + "\n");
    }

    private static String startTime(long pid) {
        try {
            return startTime(Files.readString(Path.of("/proc/" + pid + "/stat")));
        } catch (IOException e) {
            return "";
        }
    }

    /**
     * Field 22 of {@code /proc/PID/stat}: clock ticks since the machine's start. Empty when the process has ended and is
     * still listed because nobody asked for its exit code (field 3), as in containers whose first process never does.
     */
    static String startTime(String stat) {
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
        return fields[0].equals("Z") || fields[0].equals("X") ? "" : fields[19];
    }

    /** Asks the cluster to stop and waits; after {@code patience} the kernel ends it. */
    void stop(Duration patience) {
        // The first process inside passes the request on to the JVM; the outer one does not listen to it.
        handle.children().forEach(ProcessHandle::destroy);
        if (!ends(patience)) {
            handle.destroyForcibly();
            var _ = ends(Duration.ofSeconds(5));
        }
    }

    private boolean ends(Duration patience) {
        long start = System.nanoTime();
        try {
            while (startTime(handle.pid()).equals(started)) {
                if (System.nanoTime() - start > patience.toNanos()) {
                    return false;
                }
                Thread.sleep(POLL);
            }
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
