package dev.lateen.cluster.controller;

import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Clock;

/**
 * The controllers of a cluster, each a client of the API: they bring what is nearer to what is wanted. Each works in a
 * thread of its own; what fails is tried again.
 */
public final class Controllers implements AutoCloseable {
    private final Parts parts;

    private Controllers(Parts parts) {
        this.parts = parts;
    }

    /**
     * Starts all controllers. They have seen what the API holds now when this returns.
     *
     * @param rootCertificate the API's certificate authority, PEM, which every namespace gets
     */
    public static Controllers start(KubernetesClient client, String rootCertificate, Clock clock) {
        var parts = new Parts();
        var watched = parts.add(new Watched(client));
        parts.add(new NamespaceController(client, watched, rootCertificate));
        parts.add(new DeploymentController(client, watched, clock));
        parts.add(new ReplicaSetController(client, watched, clock));
        parts.add(new JobController(client, watched, clock));
        parts.add(new EndpointsController(client, watched));
        parts.add(new Scheduler(client, watched, clock));
        parts.add(new GarbageCollector(client, watched));
        watched.run();
        return new Controllers(parts);
    }

    @Override
    public void close() {
        parts.close();
    }
}
