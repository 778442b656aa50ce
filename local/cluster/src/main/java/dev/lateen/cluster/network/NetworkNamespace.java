package dev.lateen.cluster.network;

import java.io.IOException;
import java.util.concurrent.atomic.AtomicBoolean;

/** A network namespace that is held open: it lives at least as long as this object. Closing it twice is harmless. */
public final class NetworkNamespace implements AutoCloseable {
    private final long pid;
    private final int fd;
    private final AtomicBoolean closed = new AtomicBoolean();

    private NetworkNamespace(long pid, int fd) {
        this.pid = pid;
        this.fd = fd;
    }

    /** The namespace in which process {@code pid} is now. */
    public static NetworkNamespace ofProcess(long pid) throws IOException {
        return new NetworkNamespace(pid, Kernel.open("/proc/" + pid + "/ns/net"));
    }

    /** The process it was taken from, which programs such as {@code nsenter} can name. */
    public long pid() {
        return pid;
    }

    /** Moves the calling thread in. */
    void enter() throws IOException {
        if (closed.get()) {
            throw new IOException("the network namespace of process " + pid + " is closed");
        }
        Kernel.enterNetwork(fd);
    }

    @Override
    public void close() throws IOException {
        if (closed.compareAndSet(false, true)) {
            Kernel.close(fd);
        }
    }
}
