package dev.lateen.cluster.node;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Probe;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The probes of one run of a container, each on a thread of its own; the others wait for the one of the start
 * (Kubernetes, "Configure Liveness, Readiness and Startup Probes"). Closed when the run is over.
 */
final class ContainerProbes implements AutoCloseable {
    private final Container container;
    private final ProbeCheck check;
    private final Verdicts verdicts;
    private final List<Thread> threads = new ArrayList<>();
    private boolean closed;

    /** The kinds, with the word that events use. */
    private enum Kind {
        STARTUP("Startup"),
        READINESS("Readiness"),
        LIVENESS("Liveness");

        final String word;

        Kind(String word) {
            this.word = word;
        }
    }

    /** Who is told; on the threads of the probes. */
    interface Verdicts {
        /** The start has succeeded, by its probe. */
        void started();

        /** Whether the container may get requests. */
        void ready(boolean ready);

        /** The container is to be started again. */
        void restart(String why);

        /** A single check failed. */
        void unhealthy(String what);
    }

    ContainerProbes(Container container, ProbeCheck check, Verdicts verdicts) {
        this.container = container;
        this.check = check;
        this.verdicts = verdicts;
    }

    void start() {
        Probe startup = container.getStartupProbe();
        if (startup == null) {
            startOthers();
            return;
        }
        start(Kind.STARTUP, startup, up -> {
            if (up) {
                verdicts.started();
                startOthers();
                // Its work is done.
                Thread.currentThread().interrupt();
            } else {
                verdicts.restart("failed startup probe, will be restarted");
            }
        });
    }

    private void startOthers() {
        start(Kind.READINESS, container.getReadinessProbe(), verdicts::ready);
        start(Kind.LIVENESS, container.getLivenessProbe(), alive -> {
            if (!alive) {
                verdicts.restart("failed liveness probe, will be restarted");
            }
        });
    }

    private void start(Kind kind, @Nullable Probe probe, Consumer<Boolean> verdict) {
        if (probe == null) {
            return;
        }
        var prober = new Prober(probe, check);
        Thread thread = Thread.ofVirtual()
                .name(kind.word + " probe of " + container.getName())
                .unstarted(() -> {
                    try {
                        prober.run(problem -> verdicts.unhealthy(kind.word + " probe failed: " + problem), verdict);
                    } catch (InterruptedException e) {
                        // The run is over, and so is its probe.
                        Thread.currentThread().interrupt();
                    }
                });
        synchronized (threads) {
            if (closed) {
                return;
            }
            threads.add(thread);
        }
        thread.start();
    }

    @Override
    public void close() {
        synchronized (threads) {
            closed = true;
            threads.forEach(Thread::interrupt);
        }
    }
}
