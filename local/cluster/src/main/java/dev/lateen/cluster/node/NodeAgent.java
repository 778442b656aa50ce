package dev.lateen.cluster.node;

import dev.lateen.cluster.image.ImageCatalogue;
import dev.lateen.cluster.network.Hub;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.fabric8.kubernetes.client.informers.cache.Lister;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The node: runs the pods that the scheduler gives it and tells the API how they are. A client of the API like a
 * kubelet; what it makes lives in namespaces and ends with this process.
 */
public final class NodeAgent implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(NodeAgent.class);

    /**
     * What the node is made with.
     *
     * @param name the Node's name
     * @param hostAddress the host's address of this cluster's node ports
     * @param directory for the pods' files; what is in it from before is removed
     * @param visible directories that every container sees, read-only: the JDK, Lateen's own
     * @param restartLimit the longest wait before a crashed container runs again
     */
    public record Settings(String name, String hostAddress, Path directory, List<Path> visible, Duration restartLimit) {
        /** Copies the list. */
        public Settings {
            visible = List.copyOf(visible);
        }
    }

    private final Settings settings;
    private final RunningPods pods;
    private final NodeContext context;
    private final ApiOutlet outlet;
    private final SharedIndexInformer<Service> services;
    private final SharedIndexInformer<Pod> assigned;
    private final Thread heartbeat;

    /** Starts the node; it is registered and ready when this returns. */
    public NodeAgent(KubernetesClient client, Hub hub, ImageCatalogue images, RunningPods pods, Settings settings)
            throws IOException {
        this.settings = settings;
        this.pods = pods;
        Path files = settings.directory().resolve("pods");
        FileTrees.delete(files);
        Files.createDirectories(files);
        RootTemplate template = RootTemplate.mount(settings.directory().resolve("template"), settings.visible());
        outlet = new ApiOutlet(client, settings.name());
        services = client.services().inAnyNamespace().inform();
        var sources = new ApiSources(client, new Lister<>(services.getIndexer()));
        context = new NodeContext(
                hub, images, template, sources, outlet, files, Clock.systemUTC(), settings.restartLimit(), manyUsers());
        var object = new NodeObject(client, settings.name(), settings.hostAddress());
        object.register();
        heartbeat = Thread.ofVirtual().name("node lease").start(object::heartbeat);
        assigned = client.pods()
                .inAnyNamespace()
                .withField("spec.nodeName", settings.name())
                .inform(new ResourceEventHandler<>() {
                    @Override
                    public void onAdd(Pod pod) {
                        seen(pod);
                    }

                    @Override
                    public void onUpdate(Pod before, Pod pod) {
                        if (!before.getMetadata()
                                .getUid()
                                .equals(pod.getMetadata().getUid())) {
                            gone(before);
                        }
                        seen(pod);
                    }

                    @Override
                    public void onDelete(Pod pod, boolean unknown) {
                        gone(pod);
                    }
                });
    }

    private void seen(Pod pod) {
        String uid = pod.getMetadata().getUid();
        PodRunner runner = pods.get(uid);
        if (runner != null) {
            runner.update(pod);
            return;
        }
        String phase = pod.getStatus() == null ? null : pod.getStatus().getPhase();
        boolean over = "Succeeded".equals(phase) || "Failed".equals(phase);
        if (pod.getMetadata().getDeletionTimestamp() != null) {
            // Nothing of it runs here: it was deleted before it started, or while the cluster was down.
            Thread.startVirtualThread(() -> outlet.gone(pod));
        } else if (!over) {
            var fresh = new PodRunner(context, pod);
            pods.put(uid, fresh);
            fresh.start();
        }
    }

    /** Records a warning, once, about the pod with that address. */
    public void warn(String address, String message) {
        for (PodRunner each : pods.all()) {
            PodSandbox sandbox = each.openSandbox();
            if (sandbox != null && sandbox.network().address().equals(address)) {
                each.warnOnce(message);
            }
        }
    }

    private void gone(Pod pod) {
        PodRunner runner = pods.remove(pod.getMetadata().getUid());
        if (runner != null) {
            runner.kill();
            Thread.ofVirtual().start(() -> {
                try {
                    runner.remove();
                } catch (IOException e) {
                    LOG.info(
                            "Files of pod {} stay until the next start",
                            pod.getMetadata().getName(),
                            e);
                }
            });
        }
    }

    /** Whether more than one user id exists here; an ordinary user's namespace has just one. */
    private static boolean manyUsers() throws IOException {
        String[] map = Files.readString(Path.of("/proc/self/uid_map")).strip().split("\\s+");
        return map.length < 3 || Long.parseLong(map[2]) > 1;
    }

    /** Stops watching and ends all pods' processes at once. */
    @Override
    public void close() {
        heartbeat.interrupt();
        assigned.close();
        services.close();
        pods.all().forEach(PodRunner::kill);
        outlet.close();
        LOG.debug("Node {} has stopped", settings.name());
    }
}
