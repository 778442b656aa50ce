package dev.lateen.cluster.controller;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.JobCondition;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a Job does next, by the Kubernetes documentation ("Jobs"). */
class JobPlanTest {
    private static final Instant NOW = Instant.parse("2026-01-01T00:10:00Z");

    /** Pods: r runs, s has succeeded, f has failed long ago, F has failed just now, t is terminating. */
    @ParameterizedTest(name = "{0} with pods {1}: {2} made, {3} deleted, {4}")
    @CsvSource(delimiter = '|', textBlock = """
            completions: 1, parallelism: 1                       | ''   | 1 | 0 | ''
            completions: 1, parallelism: 1                       | r    | 0 | 0 | ''
            completions: 1, parallelism: 1                       | s    | 0 | 0 | SuccessCriteriaMet
            completions: 5, parallelism: 2                       | s    | 2 | 0 | ''
            completions: 5, parallelism: 2                       | sr   | 1 | 0 | ''
            completions: 5, parallelism: 2                       | ssssr | 0 | 0 | ''
            completions: 3, parallelism: 1                       | rr   | 0 | 1 | ''
            completions: 2, parallelism: 2                       | ssr  | 0 | 1 | SuccessCriteriaMet
            parallelism: 3                                       | ''   | 3 | 0 | ''
            parallelism: 3                                       | srr  | 0 | 0 | ''
            parallelism: 3                                       | sss  | 0 | 0 | SuccessCriteriaMet
            completions: 1, parallelism: 0                       | ''   | 0 | 0 | ''
            completions: 1, parallelism: 1                       | f    | 1 | 0 | ''
            completions: 1, parallelism: 1                       | F    | 0 | 0 | ''
            completions: 1, parallelism: 1                       | t    | 1 | 0 | ''
            completions: 1, parallelism: 1, backoffLimit: 0      | f    | 0 | 0 | FailureTarget/BackoffLimitExceeded
            completions: 3, parallelism: 3, backoffLimit: 1      | ffr  | 0 | 1 | FailureTarget/BackoffLimitExceeded
            completions: 1, parallelism: 1, backoffLimit: 1      | f    | 1 | 0 | ''
            completions: 1, parallelism: 1, activeDeadlineSeconds: 60  | r | 0 | 1 | FailureTarget/DeadlineExceeded
            completions: 1, parallelism: 1, activeDeadlineSeconds: 900 | r | 0 | 0 | ''
            completions: 1, parallelism: 1, suspend: true        | r    | 0 | 1 | Suspended
            completions: 3, parallelism: 3, completionMode: Indexed | ''   | 3 | 0 | ''
            """)
    void decides(String spec, String pods, int made, int deleted, String conditions) {
        JobPlan plan = JobPlan.of(job(spec), pods(pods), NOW);
        assertThat(plan.create()).hasSize(made);
        assertThat(plan.delete()).hasSize(deleted);
        assertThat(plan.status().getConditions().stream()
                        .map(each ->
                                each.getType() + (each.getType().equals("FailureTarget") ? "/" + each.getReason() : ""))
                        .collect(Collectors.joining(" ")))
                .isEqualTo(conditions);
    }

    @Test
    void countsAPodThatEndedOnceItIsReleased() {
        Job job = job("completions: 1, parallelism: 1");
        Pod pod = pods("s").getFirst();
        JobPlan noted = JobPlan.of(job, List.of(pod), NOW);
        assertThat(noted.release()).containsExactly(pod);
        assertThat(noted.status().getUncountedTerminatedPods().getSucceeded()).containsExactly("uid0");
        assertThat(noted.status().getSucceeded()).isNull();
        assertThat(types(noted)).containsExactly("SuccessCriteriaMet");

        job.setStatus(noted.status());
        pod.getMetadata().setFinalizers(List.of());
        JobPlan counted = JobPlan.of(job, List.of(pod), NOW);
        assertThat(counted.status().getSucceeded()).isOne();
        assertThat(counted.status().getUncountedTerminatedPods().getSucceeded()).isEmpty();
        assertThat(types(counted)).containsExactly("SuccessCriteriaMet", "Complete");
        assertThat(counted.status().getCompletionTime()).isEqualTo(NOW.toString());

        job.setStatus(counted.status());
        assertThat(JobPlan.of(job, List.of(), NOW).status()).isEqualTo(counted.status());
    }

    @Test
    void waitsTwiceAsLongAfterEachFailure() {
        Job job = job("completions: 1, parallelism: 1");
        assertThat(JobPlan.of(job, pods("F"), NOW).again()).isEqualTo(Duration.ofSeconds(10));
        assertThat(JobPlan.of(job, pods("FF"), NOW).again()).isEqualTo(Duration.ofSeconds(20));
        assertThat(JobPlan.of(job, pods("FFF"), NOW).again()).isEqualTo(Duration.ofSeconds(40));
    }

    @Test
    void doesNotCountWhatItStopsItself() {
        List<Pod> pods = pods("rr");
        JobPlan fewer = JobPlan.of(job("completions: 3, parallelism: 1"), pods, NOW);
        assertThat(fewer.release()).containsExactlyElementsOf(fewer.delete());
        JobPlan suspended = JobPlan.of(job("completions: 2, parallelism: 2, suspend: true"), pods, NOW);
        assertThat(suspended.release()).containsExactlyElementsOf(pods);
        JobPlan late = JobPlan.of(job("completions: 2, parallelism: 2, activeDeadlineSeconds: 1"), pods, NOW);
        assertThat(late.release()).isEmpty();
    }

    @Test
    void makesEachIndexThatIsMissing() {
        Job job = job("completions: 5, parallelism: 4, completionMode: Indexed");
        job.setStatus(JobPlan.of(job, List.of(), NOW).status());
        job.getStatus().setCompletedIndexes("0,2");
        Pod running = pods("r").getFirst();
        running.getMetadata().getAnnotations().put(JobPlan.INDEX, "3");
        assertThat(JobPlan.of(job, List.of(running), NOW).create()).containsExactly(1, 4);
    }

    @Test
    void goesOnAfterItWasSuspended() {
        Job job = job("completions: 1, parallelism: 1, suspend: true");
        job.setStatus(JobPlan.of(job, List.of(), NOW).status());
        assertThat(job.getStatus().getStartTime()).isNull();
        job.getSpec().setSuspend(false);
        JobPlan plan = JobPlan.of(job, List.of(), NOW);
        assertThat(plan.create()).hasSize(1);
        assertThat(plan.status().getStartTime()).isEqualTo(NOW.toString());
        assertThat(plan.status().getConditions()).singleElement().satisfies(each -> assertThat(each.getStatus())
                .isEqualTo("False"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            ''        | ''
            0         | 0
            0,1       | 0,1
            0-2       | 0-2
            0-2,4,6,7 | 0-2,4,6,7
            """)
    void readsAndWritesIndexes(String text, String written) {
        assertThat(Indexes.write(Indexes.parse(text))).isEqualTo(written);
    }

    private static List<String> types(JobPlan plan) {
        return plan.status().getConditions().stream().map(JobCondition::getType).toList();
    }

    private static Job job(String spec) {
        Job job = Serialization.unmarshal("kind: Job\napiVersion: batch/v1\nspec: {" + spec + "}", Job.class);
        return new JobBuilder(job)
                .withNewMetadata()
                .withName("job")
                .withUid("job-uid")
                .endMetadata()
                .editSpec()
                .withNewTemplate()
                .withNewSpec()
                .withRestartPolicy("Never")
                .endSpec()
                .endTemplate()
                .endSpec()
                .withNewStatus()
                .withStartTime("2026-01-01T00:00:00Z")
                .endStatus()
                .build();
    }

    private static List<Pod> pods(String letters) {
        List<Pod> pods = new ArrayList<>();
        for (int i = 0; i < letters.length(); i++) {
            char letter = letters.charAt(i);
            var pod = new PodBuilder()
                    .withNewMetadata()
                    .withName("pod" + pods.size())
                    .withUid("uid" + pods.size())
                    .withCreationTimestamp(letter == 'F' ? NOW.toString() : "2026-01-01T00:00:00Z")
                    .withFinalizers(JobPlan.TRACKING)
                    .endMetadata()
                    .withNewSpec()
                    .endSpec()
                    .withNewStatus()
                    .withPhase(letter == 's' ? "Succeeded" : letter == 'f' || letter == 'F' ? "Failed" : "Running")
                    .endStatus()
                    .build();
            if (letter == 't') {
                pod.getMetadata().setDeletionTimestamp(NOW.toString());
                pod.getMetadata().setFinalizers(List.of());
            }
            pods.add(pod);
        }
        return pods;
    }
}
