package dev.lateen.control.status;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderCallbacks;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderElectionConfigBuilder;
import io.fabric8.kubernetes.client.extended.leaderelection.resourcelock.LeaseLock;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Whether this process is the one, among the replicas of a control plane, that writes: by a Lease. */
final class Leadership implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Leadership.class);
    private static final String LEASE = "istio-status-leader";
    private static final Duration LASTS = Duration.ofSeconds(15);
    private static final Duration RENEW = Duration.ofSeconds(10);
    private static final Duration RETRY = Duration.ofSeconds(2);

    private final KubernetesClient client;
    private final String namespace;
    private final String identity = UUID.randomUUID().toString();
    private volatile boolean held;
    private volatile boolean follows;
    private volatile boolean closed;
    private volatile CompletableFuture<?> election = CompletableFuture.completedFuture(null);

    Leadership(KubernetesClient client, String namespace) {
        this.client = client;
        this.namespace = namespace;
        stand();
    }

    boolean isHeld() {
        return held;
    }

    /** Whether another replica leads, or did when it was last heard of. */
    boolean isFollower() {
        return follows && !held;
    }

    /** Stands for election, again and again: whoever lost the lease once may get it later. */
    private void stand() {
        if (closed) {
            return;
        }
        CompletableFuture<?> running = client.leaderElector()
                .withConfig(new LeaderElectionConfigBuilder()
                        .withName(LEASE)
                        .withLock(new LeaseLock(namespace, LEASE, identity))
                        .withLeaseDuration(LASTS)
                        .withRenewDeadline(RENEW)
                        .withRetryPeriod(RETRY)
                        .withReleaseOnCancel()
                        .withLeaderCallbacks(new LeaderCallbacks(
                                () -> {
                                    log.info("Leads: writes the statuses of objects");
                                    held = true;
                                },
                                () -> held = false,
                                leader -> follows = !identity.equals(leader)))
                        .build())
                .build()
                .start();
        election = running;
        var _ = running.whenComplete((nothing, failure) -> {
            held = false;
            stand();
        });
    }

    @Override
    public void close() {
        closed = true;
        election.cancel(true);
    }
}
