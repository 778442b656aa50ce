package dev.lateen.cluster.node;

import dev.lateen.cluster.streams.ExecSession;
import dev.lateen.cluster.streams.LogOptions;
import dev.lateen.cluster.streams.NodeStreams;
import dev.lateen.cluster.streams.StreamException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Streams to the pods of this node. */
public final class LocalStreams implements NodeStreams {
    private final RunningPods pods;

    /** Streams to these pods. */
    public LocalStreams(RunningPods pods) {
        this.pods = pods;
    }

    @Override
    public ExecSession exec(
            String namespace, String pod, String container, List<String> command, boolean stdin, boolean tty)
            throws StreamException, IOException {
        PodRunner runner = runner(namespace, pod);
        ContainerRunner target = container(runner, container);
        ContainerProcess process = target.process();
        ContainerPlan plan = target.plan();
        PodSandbox sandbox = runner.openSandbox();
        if (process == null || plan == null || sandbox == null) {
            throw notRunning(container);
        }
        return ProcessSession.start(process.inside(sandbox, plan, command), stdin, tty);
    }

    @Override
    public ExecSession attach(String namespace, String pod, String container, boolean stdin, boolean tty)
            throws StreamException, IOException {
        ContainerProcess process = container(runner(namespace, pod), container).process();
        if (process == null) {
            throw notRunning(container);
        }
        return new Attachment(process);
    }

    @Override
    public void logs(String namespace, String pod, LogOptions options, OutputStream out)
            throws StreamException, IOException {
        ContainerRunner target = container(runner(namespace, pod), options.container());
        ContainerLog log = target.log(options.previous());
        if (log == null) {
            var state = target.view().state();
            String why = state instanceof ContainerState.Waiting(String reason, String message)
                    ? "is waiting to start: " + (message.isEmpty() ? reason : message)
                    : "has no log";
            throw new StreamException(
                    400,
                    options.previous()
                            ? "previous terminated container \"" + options.container() + "\" in pod \"" + pod
                                    + "\" not found"
                            : "container \"" + options.container() + "\" in pod \"" + pod + "\" " + why);
        }
        log.copy(options, out);
    }

    @Override
    public SocketChannel dial(String namespace, String pod, int port) throws StreamException, IOException {
        PodSandbox sandbox = runner(namespace, pod).openSandbox();
        if (sandbox == null) {
            throw new StreamException(400, "pod " + pod + " is not running");
        }
        SocketChannel channel =
                sandbox.hub().inside(sandbox.network(), () -> SocketChannel.open(StandardProtocolFamily.INET));
        try {
            channel.connect(new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), port));
            return channel;
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    private PodRunner runner(String namespace, String pod) throws StreamException {
        PodRunner runner = pods.find(namespace, pod);
        if (runner == null) {
            throw new StreamException(404, "pod \"" + pod + "\" does not run on this node");
        }
        return runner;
    }

    private static ContainerRunner container(PodRunner runner, String name) throws StreamException {
        ContainerRunner container = runner.container(name);
        if (container == null) {
            throw new StreamException(
                    400,
                    "container " + name + " is not valid for pod "
                            + runner.pod().getMetadata().getName());
        }
        return container;
    }

    private static StreamException notRunning(String container) {
        return new StreamException(500, "container not found (\"" + container + "\")");
    }

    /** A command beside the container's own. */
    private static final class ProcessSession implements ExecSession {
        private final Process process;
        private final @Nullable Terminal terminal;
        private final InputStream output;

        private ProcessSession(Process process, @Nullable Terminal terminal, InputStream output) {
            this.process = process;
            this.terminal = terminal;
            this.output = output;
        }

        static ProcessSession start(List<String> command, boolean stdin, boolean tty) throws IOException {
            if (!tty) {
                var builder = new ProcessBuilder(command);
                if (!stdin) {
                    builder.redirectInput(Path.of("/dev/null").toFile());
                }
                Process process = builder.start();
                return new ProcessSession(process, null, process.getInputStream());
            }
            Terminal terminal = Terminal.open();
            List<String> words = new ArrayList<>(List.of("setsid", "--ctty", "--wait"));
            words.addAll(command);
            int env = words.indexOf("-i");
            words.add(env + 3, "TERM=xterm");
            var end = terminal.path().toFile();
            Process process = new ProcessBuilder(words)
                    .redirectInput(end)
                    .redirectOutput(end)
                    .redirectError(end)
                    .start();
            return new ProcessSession(process, terminal, terminal.start());
        }

        @Override
        public OutputStream stdin() {
            return terminal != null ? terminal.input() : process.getOutputStream();
        }

        @Override
        public InputStream stdout() {
            return output;
        }

        @Override
        public InputStream stderr() {
            return terminal != null ? InputStream.nullInputStream() : process.getErrorStream();
        }

        @Override
        public void resize(int width, int height) {
            if (terminal != null) {
                terminal.resize(width, height);
            }
        }

        @Override
        public int waitFor() throws InterruptedException {
            return process.waitFor();
        }

        @Override
        public void close() {
            // What it started inside goes on if it likes, as with any container runtime; its input and outputs end.
            process.destroy();
        }
    }

    /** The container's own program. */
    private static final class Attachment implements ExecSession {
        private final ContainerProcess process;
        private final PipedInputStream output = new PipedInputStream(64 << 10);
        private final PipedOutputStream sink;

        Attachment(ContainerProcess process) throws IOException {
            this.process = process;
            this.sink = new PipedOutputStream(output);
            process.listen(sink);
        }

        @Override
        public OutputStream stdin() {
            OutputStream stdin = process.stdin();
            return stdin == null ? OutputStream.nullOutputStream() : stdin;
        }

        @Override
        public InputStream stdout() {
            return output;
        }

        @Override
        public InputStream stderr() {
            return InputStream.nullInputStream();
        }

        @Override
        public void resize(int width, int height) {
            Terminal terminal = process.terminal();
            if (terminal != null) {
                terminal.resize(width, height);
            }
        }

        @Override
        public int waitFor() throws InterruptedException {
            try {
                return process.ended().get();
            } catch (java.util.concurrent.ExecutionException e) {
                throw new IllegalStateException(e);
            }
        }

        @Override
        public void close() {
            process.unlisten(sink);
        }
    }
}
