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
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Keeps one container of a pod as its specification says: starts it, probes it, starts it again. {@link #run} is called
 * on a thread of its own; the other methods from any.
 */
final class ContainerRunner {
    private static final Duration HOOK_LIMIT = Duration.ofMinutes(2);
    /** How long what was killed may take to be gone. */
    private static final Duration KILL_LIMIT = Duration.ofSeconds(5);

    private static final Duration START_RETRY = Duration.ofSeconds(2);

    private final PodRunner pod;
    private final NodeContext node;
    private final String name;
    private final boolean init;
    private final boolean sidecar;
    private final RestartPolicy policy;
    private final RestartDelay delay;
    private final CountDownLatch stopping = new CountDownLatch(1);

    private ContainerState state = new ContainerState.Waiting("PodInitializing", "");
    private ContainerState.@Nullable Terminated last;
    private int restarts;
    private String id = "";
    private boolean ready;
    private boolean started;
    private boolean done;
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
        this.policy = RestartPolicy.of(pod.pod().getSpec().getRestartPolicy(), init, sidecar);
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
            if (isStopping() || !policy.restartsAfter(end.exitCode())) {
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
        for (boolean again = false; ; again = true) {
            String image = specification().getImage();
            Optional<Image> found = node.images().find(image);
            if (found.isPresent()) {
                return found.get();
            }
            var missing = new MissingImage(image, again);
            missing.events()
                    .forEach(each -> node.outlet().event(pod.pod(), each.warning(), each.reason(), each.message()));
            setState(missing.state());
            if (pause(missing.retry())) {
                return null;
            }
        }
    }

    /**
     * A run that has begun.
     *
     * @param id of the container, as its status tells it
     */
    private record Run(Container container, ContainerProcess process, ContainerPlan plan, Instant start, String id) {}

    /** One run; null when it could not start. */
    private ContainerState.@Nullable Terminated once(Image image, boolean again) {
        Run run = start(image, again);
        if (run == null) {
            return null;
        }
        var check = new ProbeCheck(pod.sandbox(), run.container(), run.process(), run.plan());
        Thread hook = hookAfterStart(run, check);
        int code;
        try (var probes = new ContainerProbes(run.container(), check, new Verdicts(run))) {
            probes.start();
            code = run.process().ended().join();
        } finally {
            if (hook != null) {
                hook.interrupt();
            }
        }
        var end = new ContainerState.Terminated(
                code,
                code == 0 ? "Completed" : "Error",
                run.start(),
                node.clock().instant(),
                run.id());
        synchronized (this) {
            ready = false;
            started = false;
            state = end;
        }
        pod.changed();
        return end;
    }

    private @Nullable Run start(Image image, boolean again) {
        Container container = specification();
        try {
            ContainerPlan planned = pod.plans().of(container, image);
            warnOfUser(container);
            ContainerLog fresh = nextLog(again);
            if (fresh == null) {
                return null;
            }
            event("Pulled", "Container image \"" + container.getImage() + "\" already present on machine");
            event("Created", "Created container: " + name);
            ContainerProcess process = ContainerProcess.start(
                    planned, pod.sandbox(), node.template(), pod.directory().resolve("containers/" + name), fresh);
            Run run = new Run(container, process, planned, node.clock().instant(), newId());
            begin(run, again);
            event("Started", "Started container " + name);
            pod.changed();
            return run;
        } catch (ConfigurationException e) {
            cannotStart("CreateContainerConfigError", e);
        } catch (IOException e) {
            cannotStart("CreateContainerError", e);
        }
        return null;
    }

    private void warnOfUser(Container container) throws ConfigurationException {
        Long user = pod.plans().user(container);
        if (user != null && user != 0 && !node.otherUsers()) {
            pod.warnOnce("runAsUser " + user + " is not possible: the cluster was started by an ordinary user, so all"
                    + " processes run as that user (root inside)");
        }
    }

    /** The log of the next run, in the place of the one before the last; null when the pod is to stop. */
    private synchronized @Nullable ContainerLog nextLog(boolean again) throws IOException {
        if (isStopping()) {
            return null;
        }
        int run = again ? restarts + 1 : restarts;
        ContainerLog fresh =
                new ContainerLog(pod.directory().resolve("logs/" + name + "/" + run % 2 + ".log"), node.clock());
        previousLog = log;
        log = fresh;
        return fresh;
    }

    private void begin(Run run, boolean again) {
        boolean stopNow;
        synchronized (this) {
            process = run.process();
            plan = run.plan();
            id = run.id();
            restarts = again ? restarts + 1 : restarts;
            started = run.container().getStartupProbe() == null;
            ready = started && run.container().getReadinessProbe() == null;
            state = new ContainerState.Running(run.start());
            stopNow = isStopping();
        }
        if (stopNow) {
            run.process().kill();
        }
    }

    private void cannotStart(String reason, Exception why) {
        setState(new ContainerState.Waiting(reason, String.valueOf(why.getMessage())));
        node.warning(pod.pod(), "Failed", "Error: " + why.getMessage());
    }

    private void event(String reason, String message) {
        node.normal(pod.pod(), reason, message);
    }

    private static String newId() {
        return (UUID.randomUUID().toString() + UUID.randomUUID()).replace("-", "");
    }

    private @Nullable Thread hookAfterStart(Run run, ProbeCheck check) {
        var lifecycle = run.container().getLifecycle();
        if (lifecycle == null || lifecycle.getPostStart() == null) {
            return null;
        }
        var hook = new LifecycleHook(lifecycle.getPostStart(), check);
        return Thread.ofVirtual().start(() -> {
            String problem = hook.run(HOOK_LIMIT);
            if (problem != null && !run.process().ended().isDone()) {
                node.warning(pod.pod(), "FailedPostStartHook", "PostStartHook failed: " + problem);
                run.process().kill();
            }
        });
    }

    /** What the probes of a run bring about. */
    private final class Verdicts implements ContainerProbes.Verdicts {
        private final Run run;

        Verdicts(Run run) {
            this.run = run;
        }

        @Override
        public void started() {
            synchronized (ContainerRunner.this) {
                started = true;
                ready = run.container().getReadinessProbe() == null;
            }
            pod.changed();
        }

        @Override
        public void ready(boolean value) {
            synchronized (ContainerRunner.this) {
                if (!(state instanceof ContainerState.Running) || isStopping()) {
                    return;
                }
                ready = value;
            }
            pod.changed();
        }

        @Override
        public void restart(String why) {
            if (!run.process().ended().isDone()) {
                event("Killing", "Container " + name + " " + why);
                run.process().stop(pod.grace());
            }
        }

        @Override
        public void unhealthy(String what) {
            if (!run.process().ended().isDone() && !isStopping()) {
                node.warning(pod.pod(), "Unhealthy", what);
            }
        }
    }

    private boolean isStopping() {
        return stopping.getCount() == 0;
    }

    /** Stops the container for good: hook, request, and after the grace the end. Returns when it has ended. */
    void stop(Duration grace) {
        ContainerProcess running;
        ContainerPlan planned;
        synchronized (this) {
            stopping.countDown();
            running = process;
            planned = plan;
        }
        if (running == null || planned == null || running.ended().isDone()) {
            return;
        }
        event("Killing", "Stopping container " + name);
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
        running.stop(Duration.between(node.clock().instant(), deadline));
        var _ = running.endsWithin(KILL_LIMIT);
    }

    private void setState(ContainerState next) {
        synchronized (this) {
            state = next;
        }
        pod.changed();
    }

    /** Waits; true when the pod is to stop. */
    private boolean pause(Duration time) throws InterruptedException {
        return stopping.await(time.toMillis(), TimeUnit.MILLISECONDS);
    }
}
