package dev.lateen.cluster.controller;

import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What was started in the order in which it needs each other, and is closed in the other. One thread. */
public final class Parts implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Parts.class);

    private final List<AutoCloseable> parts = new ArrayList<>();

    /** Takes one more, the first to be closed. */
    public <T extends AutoCloseable> T add(T part) {
        parts.add(part);
        return part;
    }

    /** Closes all of them, also when one does not close as it should. */
    @Override
    public void close() {
        for (AutoCloseable each : parts.reversed()) {
            try {
                each.close();
            } catch (Exception e) {
                LOG.warn(
                        "A part of the cluster did not stop cleanly: {}",
                        each.getClass().getSimpleName(),
                        e);
            }
        }
    }
}
