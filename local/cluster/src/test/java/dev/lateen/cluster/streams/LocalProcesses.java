package dev.lateen.cluster.streams;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/** A node whose containers are plain processes of this machine, and whose pods' loopback is this machine's. */
final class LocalProcesses implements NodeStreams {
    /** Every session that was opened, in order. */
    final BlockingQueue<Session> sessions = new LinkedBlockingQueue<>();

    /** Lines of every log; a follower gets what is added later, until "end". */
    final BlockingQueue<String> later = new LinkedBlockingQueue<>();

    final BlockingQueue<LogOptions> logsAsked = new LinkedBlockingQueue<>();
    final BlockingQueue<String> logsEnded = new LinkedBlockingQueue<>();

    @Override
    public ExecSession exec(
            String namespace, String pod, String container, List<String> command, boolean stdin, boolean tty)
            throws StreamException, IOException {
        if (container.equals("stopped")) {
            throw new StreamException(400, "container not found (\"" + container + "\")");
        }
        var session = new Session(new ProcessBuilder(command).start(), tty);
        sessions.add(session);
        return session;
    }

    @Override
    public ExecSession attach(String namespace, String pod, String container, boolean stdin, boolean tty)
            throws StreamException, IOException {
        return exec(namespace, pod, container, List.of("sh", "-c", "echo attached; cat; exit 3"), stdin, tty);
    }

    @Override
    public void logs(String namespace, String pod, LogOptions options, OutputStream out)
            throws StreamException, IOException {
        logsAsked.add(options);
        if (options.previous()) {
            throw new StreamException(
                    400,
                    "previous terminated container \"" + options.container() + "\" in pod \"" + pod + "\" not found");
        }
        for (String line : List.of("one\n", "two\n")) {
            out.write(line.getBytes(StandardCharsets.UTF_8));
        }
        try {
            while (options.follow()) {
                String line = later.take();
                if (line.equals("end")) {
                    break;
                }
                out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
            }
        } catch (InterruptedException gone) {
            Thread.currentThread().interrupt();
        } finally {
            logsEnded.add(pod);
        }
    }

    @Override
    public SocketChannel dial(String namespace, String pod, int port) throws IOException {
        return SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    }

    /** A process as a session; its terminal is pretended: it only notes sizes. */
    static final class Session implements ExecSession {
        final Process process;
        final boolean tty;
        final BlockingQueue<String> sizes = new LinkedBlockingQueue<>();
        final BlockingQueue<String> closed = new LinkedBlockingQueue<>();

        Session(Process process, boolean tty) {
            this.process = process;
            this.tty = tty;
        }

        @Override
        public OutputStream stdin() {
            return process.getOutputStream();
        }

        @Override
        public InputStream stdout() {
            return process.getInputStream();
        }

        @Override
        public InputStream stderr() {
            return tty ? InputStream.nullInputStream() : process.getErrorStream();
        }

        @Override
        public void resize(int width, int height) {
            sizes.add(width + "x" + height);
        }

        @Override
        public int waitFor() throws InterruptedException {
            return process.waitFor();
        }

        @Override
        public void close() {
            process.destroyForcibly();
            closed.add("closed");
        }
    }
}
