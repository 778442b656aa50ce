package dev.lateen.cluster.controller;

import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The controllers of a cluster, each a client of the API: they bring what is nearer to what is wanted. Each works in a
 * thread of its own; what fails is tried again.
 */
public final class Controllers implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Controllers.class);

    private final List<AutoCloseable> parts = new ArrayList<>();

    private Controllers() {}

    /**
     * Starts all controllers. They have seen what the API holds now when this returns.
     *
     * @param rootCertificate the API's certificate authority, PEM, which every namespace gets
     */
    public static Controllers start(KubernetesClient client, String rootCertificate, Clock clock) {
        var controllers = new Controllers();
        var watched = controllers.add(new Watched(client));
        controllers.add(new NamespaceController(client, watched, rootCertificate));
        controllers.add(new DeploymentController(client, watched, clock));
        controllers.add(new ReplicaSetController(client, watched, clock));
        controllers.add(new JobController(client, watched, clock));
        controllers.add(new EndpointsController(client, watched));
        controllers.add(new Scheduler(client, watched, clock));
        controllers.add(new GarbageCollector(client, watched));
        watched.run();
        return controllers;
    }

    private <T extends AutoCloseable> T add(T part) {
        parts.add(part);
        return part;
    }

    @Override
    public void close() {
        for (AutoCloseable each : parts.reversed()) {
            try {
                each.close();
            } catch (Exception e) {
                LOG.warn("A controller did not stop cleanly", e);
            }
        }
    }
}
