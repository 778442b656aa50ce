package dev.lateen.cluster.streams;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A command (or an attached process) joined to a client: three pumps and one thread that waits for the end. It knows
 * nothing of how the client is connected.
 */
final class RemoteCommand {
    private static final Logger LOG = LoggerFactory.getLogger(RemoteCommand.class);
    private static final int BUFFER = 32 * 1024;

    /** The client's side. Each method may block to slow the pump down, and fails when the client has gone. */
    interface Client {
        /** Sends output of the command. */
        void stdout(byte[] bytes, int count) throws IOException;

        /** Sends error output of the command. */
        void stderr(byte[] bytes, int count) throws IOException;

        /** Sends the end: all output has been sent, and nothing follows. */
        void exited(int exitCode) throws IOException;
    }

    /** Which of the streams the client asked for. */
    record Wanted(boolean stdin, boolean stdout, boolean stderr, boolean tty) {}

    private final String name;
    private final ExecSession session;
    private final boolean tellExitCode;
    private volatile boolean clientGone;

    /**
     * @param name for threads and messages, such as {@code exec shop/web-1}
     * @param tellExitCode whether the exit code is the client's business (exec) or not (attach)
     */
    RemoteCommand(String name, ExecSession session, boolean tellExitCode) {
        this.name = name;
        this.session = session;
        this.tellExitCode = tellExitCode;
    }

    /** Starts the pumps; returns at once. An input that is not wanted is not read. */
    void start(Wanted wanted, StreamInput input, Client client) {
        Thread in = pump("stdin", () -> feed(wanted.stdin(), input));
        Thread out = pump("stdout", () -> drain(session.stdout(), wanted.stdout() ? client::stdout : NOWHERE));
        Thread err = pump("stderr", () -> drain(session.stderr(), wanted.stderr() ? client::stderr : NOWHERE));
        Thread.ofVirtual().name(name).start(() -> await(client, input, in, out, err));
    }

    /** The client has gone: the command ends too. */
    void abandon() {
        clientGone = true;
        session.close();
    }

    /** Sets the size of the terminal. */
    void resize(int width, int height) {
        session.resize(width, height);
    }

    private void await(Client client, StreamInput input, Thread in, Thread out, Thread err) {
        try (session) {
            int exitCode = session.waitFor();
            // As in Kubernetes the end is the end of the output: a child in the background may still write.
            out.join();
            err.join();
            client.exited(tellExitCode ? exitCode : 0);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        } catch (IOException failed) {
            report("the end", failed);
        } finally {
            input.discard();
            in.interrupt();
        }
    }

    private void feed(boolean wanted, StreamInput input) throws IOException, InterruptedException {
        try (OutputStream stdin = session.stdin()) {
            if (!wanted) {
                return;
            }
            for (byte[] next = input.take(); next != null; next = input.take()) {
                stdin.write(next);
                stdin.flush();
            }
        } finally {
            input.discard();
        }
    }

    private interface Sink {
        void write(byte[] bytes, int count) throws IOException;
    }

    private static final Sink NOWHERE = (bytes, count) -> {};

    private void drain(InputStream from, Sink to) throws IOException {
        byte[] buffer = new byte[BUFFER];
        for (int count = from.read(buffer); count >= 0; count = from.read(buffer)) {
            try {
                to.write(buffer, count);
            } catch (IOException gone) {
                abandon();
                return;
            }
        }
    }

    private interface Pump {
        void run() throws IOException, InterruptedException;
    }

    private Thread pump(String stream, Pump pump) {
        return Thread.ofVirtual().name(name + " " + stream).start(() -> {
            try {
                pump.run();
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            } catch (IOException ended) {
                report(stream, ended);
            }
        });
    }

    /** A broken pipe is how a command says that it reads no more, so it is no news at the level of warnings. */
    private void report(String what, IOException problem) {
        if (!clientGone) {
            LOG.debug("{}: {} broke off", name, what, problem);
        }
    }
}
