package dev.lateen.cluster.network;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * A thread that goes into network namespaces and makes sockets there. A socket belongs for good to the namespace in
 * which it was made and can then be used from any thread, so one thread serves them all, one piece of work after the
 * other: the work must be short (make a socket, bind it), never a wait for a peer.
 *
 * <p>It is a thread of its own, as an ordinary user's thread that has left the host's namespace cannot come back.
 */
public final class NamespaceThread implements AutoCloseable {
    private final ExecutorService thread = Executors.newSingleThreadExecutor(
            Thread.ofPlatform().name("namespaces").daemon().factory());

    /** Runs {@code work} inside {@code namespace} and returns its result. */
    public <T> T call(NetworkNamespace namespace, Callable<T> work) throws IOException {
        var result = thread.submit(() -> {
            namespace.enter();
            return work.call();
        });
        try {
            return result.get(10, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while in a network namespace");
        } catch (ExecutionException e) {
            Throwable cause = e.getCause();
            if (cause instanceof IOException io) {
                throw io;
            }
            throw new IOException(cause == null ? e : cause);
        } catch (java.util.concurrent.TimeoutException e) {
            throw new IOException("work inside a network namespace took over 10 s", e);
        }
    }

    @Override
    public void close() {
        var _ = thread.shutdownNow();
    }
}
