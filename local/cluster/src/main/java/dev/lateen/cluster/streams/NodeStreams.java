package dev.lateen.cluster.streams;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.SocketChannel;
import java.util.List;

/**
 * The streaming side of a node, as the API server sees it: what a kubelet offers on its HTTPS port. Every method
 * blocks and is called on a virtual thread; any number of calls run at once.
 *
 * <p>A pod or container that does not exist or does not run is a {@link StreamException} whose text is what
 * {@code kubectl} prints. The calling thread is interrupted when the client has gone: a method that waits then returns
 * or throws without delay. Closing a session from {@link #attach} lets go of the container, which runs on.
 */
public interface NodeStreams {
    /** Starts a command in a running container. */
    ExecSession exec(String namespace, String pod, String container, List<String> command, boolean stdin, boolean tty)
            throws StreamException, IOException;

    /** Connects to the container's main process: its output from now on and, if it was given one, its input. */
    ExecSession attach(String namespace, String pod, String container, boolean stdin, boolean tty)
            throws StreamException, IOException;

    /** Writes a container's log; returns when it is written or, when following, when the container has ended. */
    void logs(String namespace, String pod, LogOptions options, OutputStream out) throws StreamException, IOException;

    /** Opens a connection to a port on the pod's loopback, from inside its network namespace; the caller closes it. */
    SocketChannel dial(String namespace, String pod, int port) throws StreamException, IOException;
}
