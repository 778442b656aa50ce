package dev.lateen.cluster.node;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One run of a container: a process in the pod's namespaces with file system and process ids of its own. Its first
 * process is a small shell that takes in orphans and passes the request to stop on; killing what holds it makes the
 * kernel end everything inside.
 */
final class ContainerProcess {
    private static final Logger LOG = LoggerFactory.getLogger(ContainerProcess.class);
    private static final String READY = "lateen:ready ";
    /**
     * Runs the program as a child, so that even one without signal handlers can be stopped. It says that it is ready
     * when it can be asked to stop, and remembers being asked before there is a child.
     */
    private static final String FIRST_PROCESS = """
            # A signal between fork and exec would be lost: it is passed on when the child is no longer a copy of this shell.
            pass() { while cmp -s /proc/$$/cmdline /proc/$p/cmdline; do :; done; kill -TERM $p 2>/dev/null; }
            trap 's=1; [ -z "$p" ] || pass' TERM
            echo "$1"; shift
            "$@" <&3 3<&- & p=$!
            exec 3<&-
            [ -z "$s" ] || pass
            while :; do wait $p; r=$?; kill -0 $p 2>/dev/null || exit $r; done
            """;

    private final Process process;
    private final @Nullable Terminal terminal;
    private final ContainerLog log;
    private final CompletableFuture<Long> ready = new CompletableFuture<>();
    private final CompletableFuture<Integer> ended = new CompletableFuture<>();
    private final List<OutputStream> listeners = new CopyOnWriteArrayList<>();
    private long pid;

    private ContainerProcess(Process process, @Nullable Terminal terminal, ContainerLog log) {
        this.process = process;
        this.terminal = terminal;
        this.log = log;
    }

    /**
     * Starts a container and returns when its root is made and its program is about to run.
     *
     * @param directory a directory of the container's own, for its script and the place of its root
     * @param log takes what it writes, and is closed when it ends
     */
    static ContainerProcess start(
            ContainerPlan plan, PodSandbox pod, RootTemplate template, Path directory, ContainerLog log)
            throws IOException {
        Path root = Files.createDirectories(directory.resolve("root"));
        Path script = directory.resolve("start.sh");
        Files.writeString(script, script(plan, pod, template, root));
        List<String> words = new ArrayList<>(pod.enter());
        words.addAll(List.of("unshare", "--mount", "--pid", "--fork", "--kill-child"));
        Terminal terminal = plan.tty() ? Terminal.open() : null;
        if (terminal != null) {
            words.addAll(List.of("setsid", "--ctty", "--wait"));
        }
        words.addAll(List.of("sh", script.toString()));
        ProcessBuilder builder = new ProcessBuilder(words).redirectErrorStream(true);
        builder.environment().keySet().removeIf(name -> !name.equals("PATH"));
        InputStream output;
        Process process;
        if (terminal != null) {
            Redirect end = Redirect.to(terminal.path().toFile());
            process = builder.redirectInput(terminal.path().toFile())
                    .redirectOutput(end)
                    .start();
            output = terminal.start();
        } else {
            if (!plan.stdin()) {
                builder.redirectInput(Path.of("/dev/null").toFile());
            }
            process = builder.start();
            output = process.getInputStream();
        }
        var container = new ContainerProcess(process, terminal, log);
        Thread.ofPlatform()
                .name("output of " + directory.getFileName())
                .daemon()
                .start(() -> container.pump(output));
        container.awaitReady();
        return container;
    }

    /**
     * Makes the directories that lead to a volume. Where they are missing in what is the host's, which is read-only, the
     * nearest directory that there is gets a layer of the container's own.
     */
    private static final String DIRECTORIES = """
            directories() {
              if mkdir -p "$1" 2>/dev/null; then return; fi
              nearest=$1
              while [ ! -d "$nearest" ]; do nearest=$(dirname "$nearest"); done
              layer=run/lateen/layers/$nearest
              mkdir -p "$layer/own" "$layer/work"
              mount -t overlay -o "userxattr,lowerdir=$nearest,upperdir=$layer/own,workdir=$layer/work" own "$nearest" 2>/dev/null || :
              mkdir -p "$1"
            }
            """;

    private static String script(ContainerPlan plan, PodSandbox pod, RootTemplate template, Path root) {
        var script = new StringBuilder("set -e\n");
        // The process file system is still the cluster's here, so this is the process id that the node knows.
        script.append("read -r pid rest < /proc/self/stat\n");
        script.append("mount -t tmpfs -o mode=755 root ")
                .append(Shell.quote(root.toString()))
                .append('\n');
        script.append("cd ").append(Shell.quote(root.toString())).append('\n');
        script.append(template.fill());
        script.append("cp ")
                .append(Shell.quote(pod.directory().resolve("etc").toString()))
                .append("/* etc/\n");
        script.append(DIRECTORIES);
        for (ContainerPlan.Mount mount : plan.mounts()) {
            String target = Shell.quote("." + mount.target());
            if (Files.isDirectory(mount.source())) {
                script.append("directories ").append(target).append('\n');
            } else {
                script.append("directories \"$(dirname ")
                        .append(target)
                        .append(")\"; [ -e ")
                        .append(target);
                script.append(" ] || : > ").append(target).append('\n');
            }
            script.append("mount --rbind ")
                    .append(Shell.quote(mount.source().toString()))
                    .append(' ')
                    .append(target)
                    .append('\n');
            if (mount.readOnly()) {
                script.append("mount -o remount,bind,ro ").append(target).append('\n');
            }
        }
        script.append("[ -d ").append(Shell.quote("." + plan.workingDir())).append(" ] || mkdir -p ");
        script.append(Shell.quote("." + plan.workingDir())).append('\n');
        script.append("pivot_root . .\numount -l .\ncd /\nexec 3<&0\n");
        script.append("exec sh -c ")
                .append(Shell.quote(FIRST_PROCESS))
                .append(" init \"")
                .append(READY)
                .append("$pid\" ");
        script.append(Shell.quote(plan.launch(plan.command()))).append('\n');
        return script.toString();
    }

    private void pump(InputStream output) {
        var opening = new StringBuilder();
        try (log;
                output) {
            byte[] buffer = new byte[8 << 10];
            for (int count = output.read(buffer); count >= 0; count = output.read(buffer)) {
                int from = ready.isDone() ? 0 : opening(buffer, count, opening);
                if (from < count) {
                    byte[] rest = java.util.Arrays.copyOfRange(buffer, from, count);
                    log.write(rest, rest.length);
                    tell(rest);
                }
            }
        } catch (IOException e) {
            LOG.warn("The output of a container is lost from here on", e);
        } finally {
            ready.completeExceptionally(new IOException(opening.toString().strip()));
            listeners.forEach(ContainerProcess::closeQuietly);
            finish();
        }
    }

    /** Reads the lines before the program's own; returns where that begins. */
    private int opening(byte[] buffer, int count, StringBuilder opening) {
        for (int i = 0; i < count; i++) {
            opening.append((char) buffer[i]);
            if (buffer[i] == '\n') {
                int at = opening.indexOf(READY);
                if (at >= 0) {
                    ready.complete(Long.parseLong(
                            opening.substring(at + READY.length()).strip()));
                    return i + 1;
                }
            }
        }
        return count;
    }

    private void finish() {
        var _ = process.onExit().thenAccept(done -> ended.complete(done.exitValue()));
    }

    private void awaitReady() throws IOException {
        try {
            pid = ready.get(30, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            kill();
            throw new IOException("the container's root could not be made: "
                    + (e.getCause() == null ? e : e.getCause().getMessage()));
        } catch (TimeoutException e) {
            kill();
            throw new IOException("the container's root was not made within 30 s", e);
        } catch (InterruptedException e) {
            kill();
            Thread.currentThread().interrupt();
            throw new java.io.InterruptedIOException("interrupted while starting a container");
        }
    }

    /** Its first process, for {@code nsenter}. */
    long pid() {
        return pid;
    }

    /** Completes with the exit code when it has ended and its output is stored: 128 plus the number for a signal. */
    CompletableFuture<Integer> ended() {
        return ended;
    }

    ContainerLog log() {
        return log;
    }

    /** Asks the program to stop (SIGTERM). */
    void terminate() {
        ProcessHandle.of(pid).ifPresent(ProcessHandle::destroy);
    }

    /** Asks the program to stop, and ends everything inside at once where that takes longer. */
    void stop(Duration grace) {
        terminate();
        if (!endsWithin(grace)) {
            kill();
        }
    }

    /** Waits for the end, but no longer than this, and not in a thread that is interrupted; whether it came. */
    boolean endsWithin(Duration limit) {
        try {
            var _ = ended.get(Math.max(0, limit.toMillis()), TimeUnit.MILLISECONDS);
            return true;
        } catch (TimeoutException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } catch (ExecutionException e) {
            return true;
        }
    }

    /** Ends everything inside at once. */
    void kill() {
        process.destroyForcibly();
    }

    /** The program's input, if it was given one. */
    @Nullable
    OutputStream stdin() {
        if (terminal != null) {
            return terminal.input();
        }
        return process.getOutputStream();
    }

    @Nullable
    Terminal terminal() {
        return terminal;
    }

    /** Passes a copy of the output on from now on; closed when the container ends. */
    void listen(OutputStream listener) {
        listeners.add(listener);
        if (ended.isDone()) {
            closeQuietly(listener);
        }
    }

    void unlisten(OutputStream listener) {
        listeners.remove(listener);
    }

    private void tell(byte[] bytes) {
        for (OutputStream each : List.copyOf(listeners)) {
            try {
                each.write(bytes);
                each.flush();
            } catch (IOException e) {
                // The listener has gone; the container goes on.
                listeners.remove(each);
            }
        }
    }

    private static void closeQuietly(OutputStream stream) {
        try {
            stream.close();
        } catch (IOException e) {
            LOG.debug("A listener was gone already", e);
        }
    }

    /** The words that run {@code command} inside the running container. */
    List<String> inside(PodSandbox pod, ContainerPlan plan, List<String> command) {
        List<String> words = new ArrayList<>(pod.enter());
        words.addAll(List.of("--target", Long.toString(pid), "--mount", "--pid"));
        words.addAll(plan.launch(command));
        return words;
    }
}
