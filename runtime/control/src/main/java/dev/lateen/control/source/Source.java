package dev.lateen.control.source;

import java.util.concurrent.CompletableFuture;

/** One place that configuration or workloads come from. */
public interface Source extends AutoCloseable {
    /**
     * Begins to tell what is there and what changes.
     *
     * @return completes once everything that existed at the start has been told
     */
    CompletableFuture<Void> start(ChangeSink sink);

    @Override
    void close();
}
