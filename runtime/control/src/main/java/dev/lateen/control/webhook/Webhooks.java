package dev.lateen.control.webhook;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.Problem;
import dev.lateen.control.inject.InjectionException;
import dev.lateen.control.inject.InjectionSettings;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers the reviews that API servers send. Thread-safe. */
public final class Webhooks {
    private static final Logger log = LoggerFactory.getLogger(Webhooks.class);
    private static final String PASSED = "galley_validation_passed";
    private static final String FAILED = "galley_validation_failed";
    private static final String ASKED = "sidecar_injection_requests_total";
    private static final String INJECTED = "sidecar_injection_success_total";
    private static final String SKIPPED = "sidecar_injection_skip_total";
    private static final String NOT_INJECTED = "sidecar_injection_failure_total";

    /** The names of all metrics that are counted. */
    public static final List<String> METRICS = List.of(PASSED, FAILED, ASKED, INJECTED, SKIPPED, NOT_INJECTED);

    private static final String INJECT = "/inject";
    private static final String VALIDATE = "/validate";

    private final Supplier<InjectionSettings> settings;
    private final RuleAdmission rules;
    private final Consumer<String> counted;

    /**
     * @param settings of injection now; may throw an {@link InjectionException}
     * @param oddities what is odd about an object beside what there is; may wait
     * @param counted takes the name of a metric for each thing that it counts, one of {@link #METRICS}
     */
    public Webhooks(
            Supplier<InjectionSettings> settings,
            Function<ConfigObject<?>, List<Problem>> oddities,
            Consumer<String> counted) {
        this.settings = settings;
        this.rules = new RuleAdmission(oddities);
        this.counted = counted;
    }

    /** Whether reviews are answered at this path: {@code /inject}, what is below it, and {@code /validate}. */
    public static boolean isPath(String path) {
        return path.equals(INJECT) || path.startsWith(INJECT + "/") || path.equals(VALIDATE);
    }

    /**
     * The answer to a review, both in JSON.
     *
     * @param path one of {@link #isPath}
     * @throws IllegalArgumentException when the body is no review, or the path says nonsense
     */
    public String answer(String path, byte[] body) {
        AdmissionReview review = AdmissionReview.read(body);
        boolean injects = !path.equals(VALIDATE);
        Map<String, String> environment =
                injects ? InjectionPath.environment(path.substring(INJECT.length())) : Map.of();
        Verdict verdict;
        try {
            verdict =
                    injects ? new PodAdmission(settings.get().with(environment)).decide(review) : rules.decide(review);
        } catch (InjectionException e) {
            verdict = Verdict.refused("no pod can get its sidecar: " + e.getMessage());
        } catch (RuntimeException e) {
            log.error("A review could not be answered", e);
            verdict = Verdict.refused(
                    "the control plane failed to look at it (" + e + "); see the log of istiod in its namespace");
        }
        count(injects, verdict);
        return verdict.answer(review.uid());
    }

    private void count(boolean injects, Verdict verdict) {
        if (!injects) {
            counted.accept(verdict.isAllowed() ? PASSED : FAILED);
            return;
        }
        counted.accept(ASKED);
        counted.accept(!verdict.isAllowed() ? NOT_INJECTED : verdict.patch().isEmpty() ? SKIPPED : INJECTED);
    }
}
