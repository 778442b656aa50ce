package dev.lateen.cluster.node;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Pod;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One pod on this node, from its first sight to its end. */
final class PodRunner {
    private static final Logger LOG = LoggerFactory.getLogger(PodRunner.class);
    private static final Duration SETUP_RETRY = Duration.ofSeconds(2);
    private static final Duration REFRESH = Duration.ofSeconds(60);
    private static final long DEFAULT_GRACE_SECONDS = 30;

    private final NodeContext node;
    private final Path directory;
    private final Instant start;
    private final List<ContainerRunner> inits = new ArrayList<>();
    private final List<ContainerRunner> mains = new ArrayList<>();
    private final Set<String> warned = new HashSet<>();
    private Pod pod;
    private boolean stopping;
    private boolean killed;
    private Duration stopGrace = Duration.ZERO;
    private @Nullable PodSandbox sandbox;
    private @Nullable ContainerPlans plans;
    private @Nullable String address;

    PodRunner(NodeContext node, Pod pod) {
        this.node = node;
        this.pod = pod;
        this.directory = node.directory().resolve(pod.getMetadata().getUid());
        this.start = node.clock().instant();
        pod.getSpec()
                .getInitContainers()
                .forEach(c -> inits.add(new ContainerRunner(this, node, c, true, restarts(pod, c, true))));
        pod.getSpec()
                .getContainers()
                .forEach(c -> mains.add(new ContainerRunner(this, node, c, false, restarts(pod, c, false))));
    }

    /** A pod that ran before the cluster was started again goes on counting. */
    private static int restarts(Pod pod, Container container, boolean init) {
        if (pod.getStatus() == null) {
            return 0;
        }
        List<ContainerStatus> before = init
                ? pod.getStatus().getInitContainerStatuses()
                : pod.getStatus().getContainerStatuses();
        return before.stream()
                .filter(s -> s.getName().equals(container.getName()) && s.getContainerID() != null)
                .mapToInt(s -> s.getRestartCount() + 1)
                .findFirst()
                .orElse(0);
    }

    void start() {
        Thread.ofVirtual().name("pod " + pod.getMetadata().getName()).start(this::run);
    }

    synchronized Pod pod() {
        return pod;
    }

    Path directory() {
        return directory;
    }

    synchronized PodSandbox sandbox() {
        if (sandbox == null) {
            throw new IllegalStateException("the pod has no sandbox yet");
        }
        return sandbox;
    }

    /** The sandbox while it exists. */
    synchronized @Nullable PodSandbox openSandbox() {
        return sandbox;
    }

    synchronized ContainerPlans plans() {
        if (plans == null) {
            throw new IllegalStateException("the pod has no volumes yet");
        }
        return plans;
    }

    Duration grace() {
        Long seconds = pod().getSpec().getTerminationGracePeriodSeconds();
        return Duration.ofSeconds(seconds == null ? DEFAULT_GRACE_SECONDS : seconds);
    }

    /** The container of that name, or null. */
    @Nullable
    ContainerRunner container(String name) {
        for (ContainerRunner each : all()) {
            if (each.name().equals(name)) {
                return each;
            }
        }
        return null;
    }

    private List<ContainerRunner> all() {
        List<ContainerRunner> all = new ArrayList<>(inits);
        all.addAll(mains);
        return all;
    }

    /** Takes a newer version of the object; one with a deletion time stops the pod. */
    void update(Pod newer) {
        synchronized (this) {
            pod = newer;
        }
        if (newer.getMetadata().getDeletionTimestamp() != null) {
            Long seconds = newer.getMetadata().getDeletionGracePeriodSeconds();
            stop(Duration.ofSeconds(seconds == null ? DEFAULT_GRACE_SECONDS : seconds), false);
        }
    }

    /** The object is gone: ends everything at once. */
    void kill() {
        stop(Duration.ZERO, true);
    }

    private void stop(Duration grace, boolean now) {
        synchronized (this) {
            killed |= now;
            if (stopping && !now) {
                return;
            }
            stopping = true;
            stopGrace = grace;
            notifyAll();
        }
        if (now) {
            all().forEach(each -> Thread.ofVirtual().start(() -> each.stop(Duration.ZERO)));
        }
    }

    /** Something about a container has changed: tells the API and wakes who waits. */
    void changed() {
        PodSandbox open;
        String ip;
        Pod object;
        synchronized (this) {
            notifyAll();
            open = sandbox;
            ip = open != null ? open.network().address() : address;
            object = pod;
            if (killed) {
                return;
            }
        }
        List<ContainerView> views = all().stream().map(ContainerRunner::view).toList();
        node.outlet()
                .status(
                        object,
                        PodStatuses.of(
                                object,
                                views,
                                ip,
                                dev.lateen.cluster.network.Hub.NODE_ADDRESS,
                                startTime(object),
                                node.clock().instant()));
    }

    private Instant startTime(Pod object) {
        var status = object.getStatus();
        return status != null && status.getStartTime() != null ? Instant.parse(status.getStartTime()) : start;
    }

    /** Records a warning once in the pod's life. */
    void warnOnce(String message) {
        boolean first;
        synchronized (this) {
            first = warned.add(message);
        }
        if (first) {
            node.warning(pod(), "Limited", message);
        }
    }

    private void run() {
        Thread refresher = null;
        try {
            Volumes volumes = setUp();
            if (volumes != null) {
                if (volumes.refreshable()) {
                    refresher = Thread.ofVirtual().name("volumes").start(() -> refresh(volumes));
                }
                if (runInits()) {
                    mains.forEach(this::launch);
                    await(() -> mains.stream().allMatch(c -> c.view().done()));
                }
            }
            end();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            LOG.error("Pod {} is given up", pod().getMetadata().getName(), e);
            node.warning(pod(), "FailedSync", "the node gave the pod up: " + e);
        } finally {
            if (refresher != null) {
                refresher.interrupt();
            }
        }
    }

    /** Makes namespaces and volumes, again and again until it works; null when the pod is to stop. */
    private @Nullable Volumes setUp() throws InterruptedException {
        Volumes volumes = null;
        while (!isStopping()) {
            String reason = "FailedCreatePodSandBox";
            try {
                Pod object = pod();
                if (openSandbox() == null) {
                    String wanted = annotation(object, "lateen.dev/address");
                    String ip = wanted == null ? node.hub().takeAddress() : wanted;
                    Path own = Files.createDirectories(directory);
                    PodSandbox made =
                            PodSandbox.open(node.hub(), PodFiles.hostname(object), ip, own, PodFiles.etc(object));
                    synchronized (this) {
                        sandbox = made;
                        address = ip;
                    }
                }
                reason = "FailedMount";
                String ip = sandbox().network().address();
                if (volumes == null) {
                    volumes = new Volumes(
                            object,
                            directory.resolve("volumes"),
                            node.sources(),
                            ip,
                            dev.lateen.cluster.network.Hub.NODE_ADDRESS);
                }
                volumes.prepare();
                var environment =
                        new Environment(object, node.sources(), ip, dev.lateen.cluster.network.Hub.NODE_ADDRESS);
                synchronized (this) {
                    plans = new ContainerPlans(object, volumes, environment, node.otherUsers());
                }
                changed();
                return volumes;
            } catch (IOException | ConfigurationException | RuntimeException e) {
                LOG.warn("Pod {} cannot be set up yet", pod().getMetadata().getName(), e);
                node.warning(
                        pod(),
                        reason,
                        (reason.equals("FailedMount") ? "MountVolume.SetUp failed: " : "Failed to create pod sandbox: ")
                                + e.getMessage());
                pause(SETUP_RETRY);
            }
        }
        return null;
    }

    private static @Nullable String annotation(Pod pod, String name) {
        Map<String, String> all = pod.getMetadata().getAnnotations();
        return all == null ? null : all.get(name);
    }

    private void refresh(Volumes volumes) {
        try {
            while (true) {
                Thread.sleep(REFRESH);
                try {
                    volumes.refresh();
                } catch (IOException | ConfigurationException | RuntimeException e) {
                    LOG.info(
                            "Volumes of pod {} stay as they are",
                            pod().getMetadata().getName(),
                            e);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Runs the init containers in turn; true when all are through. */
    private boolean runInits() throws InterruptedException {
        for (ContainerRunner each : inits) {
            launch(each);
            if (each.sidecar()) {
                await(() -> each.view().started());
            } else {
                await(() -> each.view().done());
                if (!each.view().succeeded()) {
                    return false;
                }
            }
            if (isStopping()) {
                return false;
            }
        }
        return true;
    }

    private void launch(ContainerRunner container) {
        Thread.ofVirtual().name("container " + container.name()).start(() -> {
            try {
                container.run();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }

    /** Stops what still runs, sidecars last and in reverse order, then takes the namespaces away. */
    private void end() throws InterruptedException {
        Duration grace = isStopping() ? stopGrace() : grace();
        Instant deadline = node.clock().instant().plus(grace);
        List<Thread> stops = new ArrayList<>();
        for (ContainerRunner each : all()) {
            if (!each.sidecar()) {
                stops.add(Thread.ofVirtual().start(() -> each.stop(grace)));
            }
        }
        for (Thread each : stops) {
            each.join();
        }
        for (ContainerRunner each : inits.reversed()) {
            if (each.sidecar()) {
                Duration left = Duration.between(node.clock().instant(), deadline);
                each.stop(left.isNegative() ? Duration.ofSeconds(1) : left);
            }
        }
        PodSandbox open;
        synchronized (this) {
            open = sandbox;
            sandbox = null;
        }
        if (open != null) {
            try {
                open.close();
            } catch (IOException e) {
                LOG.warn(
                        "The network of pod {} is not taken away",
                        pod().getMetadata().getName(),
                        e);
            }
        }
        changed();
        await(() -> false);
        node.outlet().gone(pod());
    }

    /** Removes the pod's files, logs too. */
    void remove() throws IOException {
        FileTrees.delete(directory);
    }

    private synchronized boolean isStopping() {
        return stopping;
    }

    private synchronized Duration stopGrace() {
        return stopGrace;
    }

    /** Waits until something holds or the pod is to stop. */
    private void await(java.util.function.BooleanSupplier condition) throws InterruptedException {
        // The condition takes the containers' locks, so it is asked outside ours; the bounded wait covers the gap.
        while (!isStopping() && !condition.getAsBoolean()) {
            synchronized (this) {
                if (!stopping) {
                    wait(50);
                }
            }
        }
    }

    private synchronized void pause(Duration time) throws InterruptedException {
        long end = System.nanoTime() + time.toNanos();
        for (long left = time.toMillis(); !stopping && left > 0; left = (end - System.nanoTime()) / 1_000_000) {
            wait(left);
        }
    }
}
