package dev.lateen.cluster.store;

/** Makes many writers share one sync: whoever comes first syncs for all that wait at that moment. */
final class GroupCommit {
    private final Runnable sync;
    private long asked;
    private long done;
    private boolean running;
    private @org.jspecify.annotations.Nullable RuntimeException failure;

    GroupCommit(Runnable sync) {
        this.sync = sync;
    }

    /** Returns when everything up to {@code sequence} is on disk. */
    void await(long sequence) throws StoreException {
        long target;
        synchronized (this) {
            asked = Math.max(asked, sequence);
            while (running && done < sequence && failure == null) {
                try {
                    wait();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw new StoreException("interrupted while a change was being written; it may or may not last", e);
                }
            }
            if (failure != null) {
                throw failed(failure);
            }
            if (done >= sequence) {
                return;
            }
            running = true;
            target = asked;
        }
        try {
            sync.run();
            finish(target, null);
        } catch (RuntimeException e) {
            finish(target, e);
            throw failed(e);
        }
    }

    private static StoreException failed(RuntimeException failure) {
        Throwable reason = failure;
        while (reason.getCause() != null) {
            reason = reason.getCause();
        }
        return new StoreException(
                "the cluster's data cannot be written: " + reason.getMessage()
                        + "; when that is mended, start the cluster again: lateen down --keep-data, lateen up",
                failure);
    }

    private synchronized void finish(long target, @org.jspecify.annotations.Nullable RuntimeException problem) {
        running = false;
        if (problem == null) {
            done = Math.max(done, target);
        } else {
            failure = problem;
        }
        notifyAll();
    }
}
