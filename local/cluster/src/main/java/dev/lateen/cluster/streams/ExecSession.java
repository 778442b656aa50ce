package dev.lateen.cluster.streams;

import java.io.InputStream;
import java.io.OutputStream;

/** One running command in a container. With a terminal, {@link #stdout()} carries both outputs. */
public interface ExecSession extends AutoCloseable {
    /** Input of the command; closing it is end of file. */
    OutputStream stdin();

    /** Output of the command, to its end. */
    InputStream stdout();

    /** Error output of the command; empty with a terminal. */
    InputStream stderr();

    /** Sets the terminal's size in characters; without a terminal it does nothing. */
    void resize(int width, int height);

    /** Waits for the end and returns the exit code: 128 plus the signal's number when a signal ended it. */
    int waitFor() throws InterruptedException;

    /** Ends the command if it still runs, and frees what it held. */
    @Override
    void close();
}
