package dev.lateen.cluster.controller;

import dev.lateen.cluster.events.EventRecorder;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.EnvVarBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.PodTemplateSpecBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobCondition;
import io.fabric8.kubernetes.api.model.batch.v1.JobStatus;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.informers.cache.Cache;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Runs the pods of each Job until as many as it asks for have succeeded. */
final class JobController implements AutoCloseable {
    private static final String NAME = "job-controller";
    private static final String INDEX_VARIABLE = "JOB_COMPLETION_INDEX";

    private final KubernetesClient client;
    private final Watched watched;
    private final Clock clock;
    private final EventRecorder events;
    private final WorkQueue queue = new WorkQueue(NAME, this::reconcile);

    JobController(KubernetesClient client, Watched watched, Clock clock) {
        this.client = client;
        this.watched = watched;
        this.clock = clock;
        this.events = new EventRecorder(client, NAME, NAME);
        Watched.queue(watched.jobs, queue);
        Watched.queueOwner(watched.pods, "Job", queue);
        queue.start();
    }

    private void reconcile(String key) {
        String[] parts = key.split("/", -1);
        Job job = client.batch()
                .v1()
                .jobs()
                .inNamespace(parts[0])
                .withName(parts[1])
                .get();
        if (job == null) {
            releaseOrphans(parts[0]);
            return;
        }
        String manager = job.getSpec().getManagedBy();
        if (job.getMetadata().getDeletionTimestamp() != null
                || (manager != null && !manager.equals("kubernetes.io/job-controller"))) {
            return;
        }
        Instant now = clock.instant();
        if (JobPlan.finished(job) && expired(job, now)) {
            Writes.delete(client, job);
            return;
        }
        List<Pod> pods = Pods.of(client, job, job.getSpec().getSelector());
        JobPlan plan = JobPlan.of(job, pods, now);
        if (!Objects.equals(plan.status(), job.getStatus())) {
            Writes.status(client, job, status(plan.status()));
            tell(job, plan.status());
        }
        for (Pod pod : plan.release()) {
            release(pod);
        }
        for (Pod pod : plan.delete()) {
            Writes.delete(client, pod);
            events.normal(
                    job, "SuccessfulDelete", "Deleted pod: " + pod.getMetadata().getName());
        }
        for (int index : plan.create()) {
            create(job, index);
        }
        if (plan.again() != null) {
            queue.addAfter(key, plan.again());
        }
    }

    private static boolean expired(Job job, Instant now) {
        Integer ttl = job.getSpec().getTtlSecondsAfterFinished();
        if (ttl == null) {
            return false;
        }
        JobCondition end = Objects.requireNonNullElseGet(
                JobPlan.condition(job.getStatus(), "Complete"),
                () -> Objects.requireNonNull(JobPlan.condition(job.getStatus(), "Failed")));
        return !now.isBefore(Instant.parse(end.getLastTransitionTime()).plusSeconds(ttl));
    }

    /** All fields, so that a merge removes those that are null. */
    private static Map<String, Object> status(JobStatus status) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("active", status.getActive());
        fields.put("ready", status.getReady());
        fields.put("terminating", status.getTerminating());
        fields.put("succeeded", status.getSucceeded());
        fields.put("failed", status.getFailed());
        fields.put("startTime", status.getStartTime());
        fields.put("completionTime", status.getCompletionTime());
        fields.put("completedIndexes", status.getCompletedIndexes());
        fields.put("uncountedTerminatedPods", uncounted(status));
        fields.put("conditions", status.getConditions().isEmpty() ? null : status.getConditions());
        return fields;
    }

    private static Map<String, Object> uncounted(JobStatus status) {
        Map<String, Object> fields = new LinkedHashMap<>();
        List<String> succeeded = status.getUncountedTerminatedPods().getSucceeded();
        List<String> failed = status.getUncountedTerminatedPods().getFailed();
        fields.put("succeeded", succeeded.isEmpty() ? null : succeeded);
        fields.put("failed", failed.isEmpty() ? null : failed);
        return fields;
    }

    private void tell(Job job, JobStatus next) {
        for (JobCondition each : next.getConditions()) {
            JobCondition before = JobPlan.condition(job.getStatus(), each.getType());
            boolean holds = "True".equals(each.getStatus());
            if (holds == (before != null)) {
                continue;
            }
            switch (each.getType()) {
                case "Complete" -> events.normal(job, "Completed", "Job completed");
                case "Failed" -> events.warning(job, each.getReason(), each.getMessage());
                case "Suspended" -> events.normal(job, holds ? "Suspended" : "Resumed", each.getMessage());
                default -> {}
            }
        }
    }

    private void create(Job job, int index) {
        try {
            Pod pod = Pods.create(client, job, template(job, index));
            events.normal(
                    job, "SuccessfulCreate", "Created pod: " + pod.getMetadata().getName());
        } catch (KubernetesClientException e) {
            String reason =
                    e.getStatus() == null ? e.getMessage() : e.getStatus().getMessage();
            events.warning(job, "FailedCreate", "Error creating: " + reason);
            queue.addAfter(Watched.key(job), Duration.ofSeconds(1));
        }
    }

    private static PodTemplateSpec template(Job job, int index) {
        var template = new PodTemplateSpecBuilder(job.getSpec().getTemplate())
                .editOrNewMetadata()
                .addToFinalizers(JobPlan.TRACKING)
                .endMetadata()
                .build();
        if (index == JobPlan.NO_INDEX) {
            return template;
        }
        String text = Integer.toString(index);
        template.getMetadata().getAnnotations().put(JobPlan.INDEX, text);
        template.getMetadata().getLabels().put(JobPlan.INDEX, text);
        template.getMetadata().setGenerateName(job.getMetadata().getName() + "-" + index + "-");
        if (template.getSpec().getHostname() == null) {
            template.getSpec().setHostname(job.getMetadata().getName() + "-" + index);
        }
        List<Container> containers = new ArrayList<>(template.getSpec().getContainers());
        containers.addAll(template.getSpec().getInitContainers());
        EnvVar variable = new EnvVarBuilder()
                .withName(INDEX_VARIABLE)
                .withNewValueFrom()
                .withNewFieldRef(null, "metadata.labels['" + JobPlan.INDEX + "']")
                .endValueFrom()
                .build();
        containers.stream()
                .filter(each -> each.getEnv().stream()
                        .noneMatch(present -> present.getName().equals(INDEX_VARIABLE)))
                .forEach(each -> each.getEnv().add(variable));
        return template;
    }

    /** Pods whose Job has gone are counted by nobody any more. */
    private void releaseOrphans(String namespace) {
        for (Pod pod : watched.pods.getIndexer().byIndex(Cache.NAMESPACE_INDEX, namespace)) {
            var owner = Owners.controller(pod);
            if (JobPlan.tracked(pod) && (owner == null || !there(namespace, owner.getName(), owner.getUid()))) {
                release(pod);
            }
        }
    }

    private boolean there(String namespace, String name, String uid) {
        Job job =
                client.batch().v1().jobs().inNamespace(namespace).withName(name).get();
        return job != null && job.getMetadata().getUid().equals(uid);
    }

    private void release(Pod pod) {
        List<String> rest = pod.getMetadata().getFinalizers().stream()
                .filter(each -> !each.equals(JobPlan.TRACKING))
                .toList();
        try {
            Writes.merge(
                    client,
                    pod,
                    Map.of("metadata", Map.of("uid", pod.getMetadata().getUid(), "finalizers", rest)));
        } catch (KubernetesClientException e) {
            if (e.getCode() != 404 && e.getCode() != 409) {
                throw e;
            }
        }
    }

    @Override
    public void close() {
        queue.close();
        events.close();
    }
}
