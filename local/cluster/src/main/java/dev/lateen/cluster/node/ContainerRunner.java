package dev.lateen.cluster.node;

import dev.lateen.cluster.image.Image;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Keeps one container of a pod as its specification says: starts it, probes it, starts it again. {@link #run} is called
 * on a thread of its own; the other methods from any.
 */
final class ContainerRunner {
    private static final Duration IMAGE_RETRY = Duration.ofSeconds(10);
    private static final Duration HOOK_LIMIT = Duration.ofMinutes(2);
    private static final Duration START_RETRY = Duration.ofSeconds(2);

    private final PodRunner pod;
    private final NodeContext node;
    private final String name;
    private final boolean init;
    private final boolean sidecar;
    private final RestartDelay delay;

    private ContainerState state = new ContainerState.Waiting("PodInitializing", "");
    private ContainerState.@Nullable Terminated last;
    private int restarts;
    private String id = "";
    private boolean ready;
    private boolean started;
    private boolean done;
    private boolean stopping;
    private @Nullable ContainerProcess process;
    private @Nullable ContainerPlan plan;
    private @Nullable ContainerLog log;
    private @Nullable ContainerLog previousLog;

    ContainerRunner(PodRunner pod, NodeContext node, Container container, boolean init, int restarts) {
        this.pod = pod;
        this.node = node;
        this.name = container.getName();
        this.init = init;
        this.sidecar = init && "Always".equals(container.getRestartPolicy());
        this.delay = new RestartDelay(node.restartLimit());
        this.restarts = restarts;
        if (!init && pod.pod().getSpec().getInitContainers().isEmpty()) {
            state = new ContainerState.Waiting("ContainerCreating", "");
        }
    }

    synchronized ContainerView view() {
        return new ContainerView(
                name, specification().getImage(), init, sidecar, state, last, restarts, id, ready, started, done);
    }

    String name() {
        return name;
    }

    boolean sidecar() {
        return sidecar;
    }

    private Container specification() {
        var spec = pod.pod().getSpec();
        List<Container> all = init ? spec.getInitContainers() : spec.getContainers();
        return all.stream().filter(c -> c.getName().equals(name)).findFirst().orElseThrow();
    }

    /** The process of the present run, or null. */
    synchronized @Nullable ContainerProcess process() {
        return state instanceof ContainerState.Running ? process : null;
    }

    synchronized @Nullable ContainerPlan plan() {
        return plan;
    }

    /** The log of the present or last run, or of the one before. */
    synchronized @Nullable ContainerLog log(boolean previous) {
        return previous ? previousLog : log;
    }

    /** Runs until the container will not run again. */
    void run() throws InterruptedException {
        boolean again = false;
        while (true) {
            Image image = awaitImage();
            if (image == null) {
                finish(null);
                return;
            }
            ContainerState.Terminated end = once(image, again);
            if (end == null) {
                if (pause(START_RETRY)) {
                    finish(null);
                    return;
                }
                continue;
            }
            if (!restarts(end.exitCode())) {
                finish(end);
                return;
            }
            Duration wait = delay.after(Duration.between(end.started(), end.finished()));
            synchronized (this) {
                last = end;
                state = end;
                ready = false;
            }
            if (wait.isPositive()) {
                backOff(end, wait);
            }
            pod.changed();
            if (pause(wait)) {
                finish(end);
                return;
            }
            again = true;
        }
    }

    private void backOff(ContainerState.Terminated end, Duration wait) {
        Pod object = pod.pod();
        String where =
                object.getMetadata().getName() + "_" + object.getMetadata().getNamespace() + "("
                        + object.getMetadata().getUid() + ")";
        String text = "back-off " + wait.toSeconds() + "s restarting failed container=" + name + " pod=" + where;
        setState(new ContainerState.Waiting("CrashLoopBackOff", text));
        node.warning(object, "BackOff", "Back-off restarting failed container " + name + " in pod " + where);
        if (end.exitCode() != 0) {
            pod.changed();
        }
    }

    private boolean restarts(int exitCode) {
        synchronized (this) {
            if (stopping) {
                return false;
            }
        }
        if (sidecar) {
            return true;
        }
        String policy = pod.pod().getSpec().getRestartPolicy();
        if ("Never".equals(policy)) {
            return false;
        }
        return exitCode != 0 || (!init && !"OnFailure".equals(policy));
    }

    private void finish(ContainerState.@Nullable Terminated end) {
        synchronized (this) {
            done = true;
            ready = false;
            if (end != null) {
                state = end;
            }
        }
        pod.changed();
    }

    /** The image, waiting until the catalogue has it; null when the pod is to stop. */
    private @Nullable Image awaitImage() throws InterruptedException {
        boolean told = false;
        while (true) {
            String image = specification().getImage();
            Optional<Image> found = node.images().find(image);
            if (found.isPresent()) {
                return found.get();
            }
            String text =
                    "no entry for image \"" + image + "\" in the image catalogue: nothing is pulled here; add it to"
                            + " lateen-images.yaml (images: [{name: " + image
                            + ", command: [...]}]) and start the cluster again";
            node.normal(
                    pod.pod(),
                    told ? "BackOff" : "Pulling",
                    (told ? "Back-off pulling image \"" : "Pulling image \"") + image + "\"");
            if (!told) {
                node.warning(pod.pod(), "Failed", "Failed to pull image \"" + image + "\": " + text);
            }
            node.warning(pod.pod(), "Failed", told ? "Error: ImagePullBackOff" : "Error: ErrImagePull");
            setState(new ContainerState.Waiting(
                    told ? "ImagePullBackOff" : "ErrImagePull",
                    told ? "Back-off pulling image \"" + image + "\": ErrImagePull: " + text : text));
            if (pause(told ? IMAGE_RETRY : START_RETRY)) {
                return null;
            }
            told = true;
        }
    }

    /** One run; null when it could not start. */
    private ContainerState.@Nullable Terminated once(Image image, boolean again) throws InterruptedException {
        Container container = specification();
        Pod object = pod.pod();
        PodSandbox sandbox = pod.sandbox();
        ContainerProcess running;
        ContainerPlan planned;
        Instant start;
        String newId = (UUID.randomUUID().toString() + UUID.randomUUID()).replace("-", "");
        try {
            planned = pod.plans().of(container, image);
            Long user = pod.plans().user(container);
            if (user != null && user != 0 && !node.otherUsers()) {
                pod.warnOnce(
                        "runAsUser " + user + " is not possible: the cluster was started by an ordinary user, so all"
                                + " processes run as that user (root inside)");
            }
            ContainerLog fresh;
            synchronized (this) {
                if (stopping) {
                    return null;
                }
                int run = again ? restarts + 1 : restarts;
                fresh = new ContainerLog(
                        pod.directory().resolve("logs/" + name + "/" + run % 2 + ".log"), node.clock());
                previousLog = log;
                log = fresh;
            }
            node.normal(
                    object, "Pulled", "Container image \"" + container.getImage() + "\" already present on machine");
            node.normal(object, "Created", "Created container: " + name);
            running = ContainerProcess.start(
                    planned, sandbox, node.template(), pod.directory().resolve("containers/" + name), fresh);
            start = node.clock().instant();
        } catch (ConfigurationException e) {
            setState(new ContainerState.Waiting("CreateContainerConfigError", String.valueOf(e.getMessage())));
            node.warning(object, "Failed", "Error: " + e.getMessage());
            return null;
        } catch (IOException e) {
            setState(new ContainerState.Waiting("CreateContainerError", String.valueOf(e.getMessage())));
            node.warning(object, "Failed", "Error: " + e.getMessage());
            return null;
        }
        boolean stopNow;
        synchronized (this) {
            process = running;
            plan = planned;
            id = newId;
            restarts = again ? restarts + 1 : restarts;
            started = container.getStartupProbe() == null;
            ready = started && container.getReadinessProbe() == null;
            state = new ContainerState.Running(start);
            stopNow = stopping;
            notifyAll();
        }
        if (stopNow) {
            running.kill();
        }
        node.normal(object, "Started", "Started container " + name);
        pod.changed();
        var check = new ProbeCheck(sandbox, container, running, planned);
        Thread hook = hookAfterStart(container, running, check);
        int code;
        try (var probes = new ContainerProbes(container, check, new Verdicts(container, running))) {
            probes.start();
            code = running.ended().join();
        } finally {
            if (hook != null) {
                hook.interrupt();
            }
        }
        var end = new ContainerState.Terminated(
                code, code == 0 ? "Completed" : "Error", start, node.clock().instant(), newId);
        synchronized (this) {
            ready = false;
            started = false;
            state = end;
            notifyAll();
        }
        pod.changed();
        return end;
    }

    private @Nullable Thread hookAfterStart(Container container, ContainerProcess running, ProbeCheck check) {
        var lifecycle = container.getLifecycle();
        if (lifecycle == null || lifecycle.getPostStart() == null) {
            return null;
        }
        var hook = new LifecycleHook(lifecycle.getPostStart(), check);
        return Thread.ofVirtual().start(() -> {
            String problem = hook.run(HOOK_LIMIT);
            if (problem != null && !running.ended().isDone()) {
                node.warning(pod.pod(), "FailedPostStartHook", "PostStartHook failed: " + problem);
                running.kill();
            }
        });
    }

    /** What the probes of a run bring about. */
    private final class Verdicts implements ContainerProbes.Verdicts {
        private final Container container;
        private final ContainerProcess running;

        Verdicts(Container container, ContainerProcess running) {
            this.container = container;
            this.running = running;
        }

        @Override
        public void started() {
            synchronized (ContainerRunner.this) {
                started = true;
                ready = container.getReadinessProbe() == null;
                ContainerRunner.this.notifyAll();
            }
            pod.changed();
        }

        @Override
        public void ready(boolean ready) {
            setReady(ready);
        }

        @Override
        public void restart(String why) {
            ContainerRunner.this.restart(running, why);
        }

        @Override
        public void unhealthy(String what) {
            if (!running.ended().isDone() && !isStopping()) {
                node.warning(pod.pod(), "Unhealthy", what);
            }
        }
    }

    private void setReady(boolean value) {
        synchronized (this) {
            if (!(state instanceof ContainerState.Running) || stopping) {
                return;
            }
            ready = value;
        }
        pod.changed();
    }

    private void restart(ContainerProcess running, String why) {
        if (running.ended().isDone()) {
            return;
        }
        node.normal(pod.pod(), "Killing", "Container " + name + " " + why);
        running.terminate();
        if (!ends(running, pod.grace())) {
            running.kill();
        }
    }

    private synchronized boolean isStopping() {
        return stopping;
    }

    /** Stops the container for good: hook, request, and after the grace the end. Returns when it has ended. */
    void stop(Duration grace) {
        ContainerProcess running;
        ContainerPlan planned;
        synchronized (this) {
            stopping = true;
            running = process;
            planned = plan;
            notifyAll();
        }
        if (running == null || planned == null || running.ended().isDone()) {
            return;
        }
        node.normal(pod.pod(), "Killing", "Stopping container " + name);
        Instant deadline = node.clock().instant().plus(grace);
        Container container = specification();
        var lifecycle = container.getLifecycle();
        if (lifecycle != null && lifecycle.getPreStop() != null && grace.isPositive()) {
            var check = new ProbeCheck(pod.sandbox(), container, running, planned);
            String problem = new LifecycleHook(lifecycle.getPreStop(), check).run(grace);
            if (problem != null) {
                node.warning(pod.pod(), "FailedPreStopHook", "PreStopHook failed: " + problem);
            }
        }
        running.terminate();
        if (!ends(running, Duration.between(node.clock().instant(), deadline))) {
            running.kill();
            var _ = ends(running, Duration.ofSeconds(5));
        }
    }

    private static boolean ends(ContainerProcess running, Duration limit) {
        try {
            var _ = running.ended().get(Math.max(0, limit.toMillis()), TimeUnit.MILLISECONDS);
            return true;
        } catch (TimeoutException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } catch (ExecutionException e) {
            return true;
        }
    }

    private void setState(ContainerState next) {
        synchronized (this) {
            state = next;
        }
        pod.changed();
    }

    /** Waits; true when the pod is to stop. */
    private synchronized boolean pause(Duration time) throws InterruptedException {
        long end = System.nanoTime() + time.toNanos();
        for (long left = time.toMillis(); !stopping && left > 0; left = (end - System.nanoTime()) / 1_000_000) {
            wait(left);
        }
        return stopping;
    }
}
