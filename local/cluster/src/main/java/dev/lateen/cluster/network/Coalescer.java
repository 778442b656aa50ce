package dev.lateen.cluster.network;

import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs a piece of work after changes, once for changes that come together, never twice at a time. */
final class Coalescer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Coalescer.class);
    private static final Duration QUIET = Duration.ofMillis(10);
    private static final Duration RETRY = Duration.ofSeconds(1);

    /** Work that may fail; it is then done again. */
    @FunctionalInterface
    interface Work {
        void run() throws Exception;
    }

    private final String name;
    private final Work work;
    private final Thread thread;
    private boolean wanted = true;

    Coalescer(String name, Work work) {
        this.name = name;
        this.work = work;
        this.thread = Thread.ofVirtual().name(name).start(this::loop);
    }

    /** Something has changed. */
    synchronized void changed() {
        wanted = true;
        notifyAll();
    }

    private void loop() {
        try {
            while (true) {
                synchronized (this) {
                    while (!wanted) {
                        wait();
                    }
                }
                Thread.sleep(QUIET);
                synchronized (this) {
                    wanted = false;
                }
                try {
                    work.run();
                } catch (InterruptedException e) {
                    throw e;
                } catch (Exception e) {
                    LOG.warn("{} failed; it is tried again", name, e);
                    Thread.sleep(RETRY);
                    changed();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
