package dev.lateen.cluster.controller;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobCondition;
import io.fabric8.kubernetes.api.model.batch.v1.JobConditionBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.JobSpec;
import io.fabric8.kubernetes.api.model.batch.v1.JobStatus;
import io.fabric8.kubernetes.api.model.batch.v1.JobStatusBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.UncountedTerminatedPods;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a Job needs next, from the Job, its pods and the time alone (Kubernetes documentation, "Jobs"). Pods that have
 * ended are counted once each: their uid is noted in the status, then they lose their finalizer, then they are counted.
 *
 * @param status the Job's next status
 * @param create how many pods to make; for an indexed Job the index of each, otherwise {@link #NO_INDEX}
 * @param delete pods that are no longer wanted
 * @param release pods whose end is noted in {@code status}, so that they may go
 * @param again when to look again, null when only a change matters
 */
record JobPlan(
        JobStatus status,
        List<Integer> create,
        List<Pod> delete,
        List<Pod> release,
        @Nullable Duration again) {
    static final String TRACKING = "batch.kubernetes.io/job-tracking";
    static final String INDEX = "batch.kubernetes.io/job-completion-index";
    static final int NO_INDEX = -1;
    private static final Duration FIRST_BACK_OFF = Duration.ofSeconds(10);
    private static final Duration LAST_BACK_OFF = Duration.ofMinutes(10);

    static JobPlan of(Job job, List<Pod> pods, Instant now) {
        return new Work(job, pods, now).plan();
    }

    /** The condition of that type that holds, or null. */
    static @Nullable JobCondition condition(@Nullable JobStatus status, String type) {
        if (status == null || status.getConditions() == null) {
            return null;
        }
        return status.getConditions().stream()
                .filter(each -> each.getType().equals(type) && "True".equals(each.getStatus()))
                .findFirst()
                .orElse(null);
    }

    static boolean finished(Job job) {
        return condition(job.getStatus(), "Complete") != null || condition(job.getStatus(), "Failed") != null;
    }

    static boolean tracked(Pod pod) {
        List<String> finalizers = pod.getMetadata().getFinalizers();
        return finalizers != null && finalizers.contains(TRACKING);
    }

    private static int orZero(@Nullable Integer number) {
        return number == null ? 0 : number;
    }

    private static final class Work {
        private final JobSpec spec;
        private final JobStatus before;
        private final JobStatus status;
        private final Instant now;
        private final boolean indexed;
        private final List<Pod> pods;
        private final List<Pod> active;
        private final Set<String> newlySucceeded = new TreeSet<>();
        private final Set<String> newlyFailed = new TreeSet<>();
        private final Set<Integer> completed;
        private final List<JobCondition> conditions;
        private @Nullable Duration again;

        Work(Job job, List<Pod> pods, Instant now) {
            this.spec = job.getSpec();
            this.before = Objects.requireNonNullElseGet(job.getStatus(), JobStatus::new);
            this.status = new JobStatusBuilder(before).build();
            this.now = now;
            this.indexed = "Indexed".equals(spec.getCompletionMode());
            this.pods = pods;
            this.active = pods.stream().filter(Pods::active).toList();
            this.completed = Indexes.parse(before.getCompletedIndexes());
            this.conditions =
                    new ArrayList<>(Objects.requireNonNullElse(before.getConditions(), List.<JobCondition>of()));
        }

        JobPlan plan() {
            List<Pod> release = count();
            int succeeded = orZero(status.getSucceeded()) + newlySucceeded.size();
            int failed = orZero(status.getFailed()) + newlyFailed.size();
            boolean suspended = Boolean.TRUE.equals(spec.getSuspend());
            if (status.getStartTime() == null && !suspended) {
                status.setStartTime(now.toString());
            }
            decide(indexed ? completed.size() : succeeded, failed);
            boolean over = holds("FailureTarget") || holds("SuccessCriteriaMet");
            List<Pod> delete = List.of();
            List<Integer> create = List.of();
            if (over || suspended) {
                delete = active;
                if (suspended && !over) {
                    suspend();
                }
            } else {
                resume();
                int surplus = active.size() - wanted(succeeded);
                if (surplus > 0) {
                    delete = active.stream()
                            .sorted(ReplicaSetController.LEAST_MISSED)
                            .limit(surplus)
                            .toList();
                } else if (surplus < 0) {
                    create = create(-surplus, failed);
                }
            }
            if (!over) {
                // What is stopped on the way to the end is not counted as failed.
                release.addAll(delete);
            }
            report(active.size() - delete.size());
            return new JobPlan(status, create, delete, release, again);
        }

        /** Notes ends that are new, counts those whose pods have been released; returns what may be released. */
        private List<Pod> count() {
            UncountedTerminatedPods noted =
                    Objects.requireNonNullElseGet(before.getUncountedTerminatedPods(), UncountedTerminatedPods::new);
            Set<String> tracked = pods.stream()
                    .filter(JobPlan::tracked)
                    .map(pod -> pod.getMetadata().getUid())
                    .collect(Collectors.toSet());
            status.setSucceeded(orZero(before.getSucceeded()) + settle(noted.getSucceeded(), tracked, newlySucceeded));
            status.setFailed(orZero(before.getFailed()) + settle(noted.getFailed(), tracked, newlyFailed));
            List<Pod> release = new ArrayList<>();
            for (Pod pod : pods) {
                if (Pods.active(pod) || !tracked(pod)) {
                    continue;
                }
                release.add(pod);
                if (Pods.phase(pod).equals("Succeeded")) {
                    Integer index = index(pod);
                    if (!indexed || (index != null && completed.add(index))) {
                        newlySucceeded.add(pod.getMetadata().getUid());
                    }
                } else {
                    newlyFailed.add(pod.getMetadata().getUid());
                }
            }
            return release;
        }

        private static int settle(@Nullable List<String> noted, Set<String> tracked, Set<String> still) {
            int counted = 0;
            for (String uid : Objects.requireNonNullElse(noted, List.<String>of())) {
                if (tracked.contains(uid)) {
                    still.add(uid);
                } else {
                    counted++;
                }
            }
            return counted;
        }

        private void decide(int succeeded, int failed) {
            if (holds("FailureTarget") || holds("SuccessCriteriaMet")) {
                return;
            }
            Long deadline = spec.getActiveDeadlineSeconds();
            if (failed > backOffLimit() || restartedTooOften()) {
                add("FailureTarget", "BackoffLimitExceeded", "Job has reached the specified backoff limit");
            } else if (deadline != null && status.getStartTime() != null && !Boolean.TRUE.equals(spec.getSuspend())) {
                Duration left = Duration.between(
                        now, Instant.parse(status.getStartTime()).plusSeconds(deadline));
                if (left.isPositive()) {
                    lookAgain(left);
                } else {
                    add("FailureTarget", "DeadlineExceeded", "Job was active longer than specified deadline");
                }
            }
            boolean enough = spec.getCompletions() == null
                    ? succeeded > 0 && active.isEmpty()
                    : succeeded >= spec.getCompletions();
            if (enough && !holds("FailureTarget")) {
                add("SuccessCriteriaMet", "CompletionsReached", "Reached expected number of succeeded pods");
            }
        }

        private int backOffLimit() {
            return spec.getBackoffLimit() == null ? 6 : spec.getBackoffLimit();
        }

        private boolean restartedTooOften() {
            if (!"OnFailure".equals(spec.getTemplate().getSpec().getRestartPolicy())) {
                return false;
            }
            int restarts = active.stream().mapToInt(Pods::restarts).sum();
            return backOffLimit() == 0 ? restarts > 0 : restarts >= backOffLimit();
        }

        private int wanted(int succeeded) {
            int parallelism = spec.getParallelism() == null ? 1 : spec.getParallelism();
            if (spec.getCompletions() == null) {
                // A queue of work: once one has succeeded, the others finish and no more are started.
                return succeeded > 0 ? Math.min(active.size(), parallelism) : parallelism;
            }
            return Math.min(parallelism, spec.getCompletions() - (indexed ? completed.size() : succeeded));
        }

        private List<Integer> create(int count, int failed) {
            Duration wait = backOff(failed);
            if (wait.isPositive()) {
                lookAgain(wait);
                return List.of();
            }
            List<Integer> create = new ArrayList<>();
            Set<Integer> used = active.stream()
                    .map(Work::index)
                    .filter(Objects::nonNull)
                    .collect(Collectors.toCollection(TreeSet::new));
            for (int index = 0; create.size() < count; index++) {
                if (!indexed) {
                    create.add(NO_INDEX);
                } else if (index >= orZero(spec.getCompletions())) {
                    break;
                } else if (!completed.contains(index) && !used.contains(index)) {
                    create.add(index);
                }
            }
            return create;
        }

        /** After each pod that failed the next one waits twice as long. */
        private Duration backOff(int failed) {
            Instant last = pods.stream()
                    .filter(pod -> Pods.phase(pod).equals("Failed"))
                    .map(Work::end)
                    .max(Comparator.naturalOrder())
                    .orElse(null);
            if (failed == 0 || last == null) {
                return Duration.ZERO;
            }
            Duration wait = FIRST_BACK_OFF.multipliedBy(1L << Math.min(failed - 1, 10));
            Instant next = last.plus(wait.compareTo(LAST_BACK_OFF) > 0 ? LAST_BACK_OFF : wait);
            return Duration.between(now, next);
        }

        private static Instant end(Pod pod) {
            return pod.getStatus().getContainerStatuses().stream()
                    .map(each ->
                            each.getState() == null ? null : each.getState().getTerminated())
                    .filter(Objects::nonNull)
                    .map(each -> Instant.parse(each.getFinishedAt()))
                    .max(Comparator.naturalOrder())
                    .orElseGet(() -> Instant.parse(pod.getMetadata().getCreationTimestamp()));
        }

        private static @Nullable Integer index(Pod pod) {
            var annotations = pod.getMetadata().getAnnotations();
            String text = annotations == null ? null : annotations.get(INDEX);
            return text != null && text.matches("[0-9]{1,9}") ? Integer.valueOf(text) : null;
        }

        private void suspend() {
            status.setStartTime(null);
            if (!holds("Suspended")) {
                conditions.removeIf(each -> each.getType().equals("Suspended"));
                add("Suspended", "JobSuspended", "Job suspended");
            }
        }

        private void resume() {
            if (holds("Suspended")) {
                conditions.removeIf(each -> each.getType().equals("Suspended"));
                conditions.add(condition("Suspended", "False", "JobResumed", "Job resumed"));
            }
        }

        private void report(int left) {
            boolean waits = pods.stream().anyMatch(pod -> !Pods.over(pod))
                    || !newlySucceeded.isEmpty()
                    || !newlyFailed.isEmpty();
            if (!waits) {
                end("SuccessCriteriaMet", "Complete");
                end("FailureTarget", "Failed");
            }
            status.setActive(left == 0 ? null : left);
            status.setReady((int) active.stream().filter(Pods::ready).count());
            status.setTerminating((int) pods.stream()
                    .filter(pod -> !Pods.over(pod) && !Pods.active(pod))
                    .count());
            status.setSucceeded(orZero(status.getSucceeded()) == 0 ? null : status.getSucceeded());
            status.setFailed(orZero(status.getFailed()) == 0 ? null : status.getFailed());
            status.setUncountedTerminatedPods(
                    new UncountedTerminatedPods(List.copyOf(newlyFailed), List.copyOf(newlySucceeded)));
            status.setConditions(conditions);
            if (indexed) {
                status.setCompletedIndexes(Indexes.write(completed));
            }
            Integer ttl = spec.getTtlSecondsAfterFinished();
            if (ttl != null && (holds("Complete") || holds("Failed"))) {
                Duration wait = Duration.between(now, ended().plusSeconds(ttl));
                lookAgain(wait.isPositive() ? wait : Duration.ofMillis(1));
            }
        }

        private void end(String criterion, String type) {
            JobCondition met = JobPlan.condition(
                    new JobStatusBuilder().withConditions(conditions).build(), criterion);
            if (met != null && !holds(type)) {
                add(type, met.getReason(), met.getMessage());
                if (type.equals("Complete")) {
                    status.setCompletionTime(now.toString());
                }
            }
        }

        private Instant ended() {
            return conditions.stream()
                    .filter(each ->
                            each.getType().equals("Complete") || each.getType().equals("Failed"))
                    .map(each -> Instant.parse(each.getLastTransitionTime()))
                    .findFirst()
                    .orElse(now);
        }

        private boolean holds(String type) {
            return conditions.stream().anyMatch(each -> each.getType().equals(type) && "True".equals(each.getStatus()));
        }

        private void add(String type, String reason, String message) {
            conditions.add(condition(type, "True", reason, message));
        }

        private JobCondition condition(String type, String value, String reason, String message) {
            return new JobConditionBuilder()
                    .withType(type)
                    .withStatus(value)
                    .withReason(reason)
                    .withMessage(message)
                    .withLastProbeTime(now.toString())
                    .withLastTransitionTime(now.toString())
                    .build();
        }

        private void lookAgain(Duration wait) {
            if (again == null || wait.compareTo(again) < 0) {
                again = wait;
            }
        }
    }
}
