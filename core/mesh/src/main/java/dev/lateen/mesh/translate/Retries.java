package dev.lateen.mesh.translate;

import static dev.lateen.mesh.translate.Messages.duration;
import static dev.lateen.mesh.translate.Messages.number;

import dev.lateen.config.networking.HttpRoute.HttpRetry;
import io.envoyproxy.envoy.config.route.v3.RetryPolicy;
import io.envoyproxy.envoy.config.route.v3.RetryPolicy.RetryBackOff;
import io.envoyproxy.envoy.config.route.v3.RetryPolicy.RetryHostPredicate;
import io.envoyproxy.envoy.config.route.v3.RetryPolicy.RetryPriority;
import io.envoyproxy.envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate;
import io.envoyproxy.envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** When a proxy sends a request again. */
final class Retries {
    /** Where no rule speaks: only what surely never reached the server, whatever the method. */
    private static final String SAFE = "connect-failure,refused-stream,reset-before-request";

    private static final int DEFAULT_RETRIES = 2;

    /** Where a rule gives attempts and no conditions: Istio's. */
    private static final String ISTIO =
            "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes,reset-before-request";

    private static final String BY_STATUS = "retriable-status-codes";

    private static final RetryHostPredicate OTHER_HOSTS = RetryHostPredicate.newBuilder()
            .setName("envoy.retry_host_predicates.previous_hosts")
            .setTypedConfig(Messages.any(PreviousHostsPredicate.getDefaultInstance()))
            .build();

    /** Every second try leaves the priorities of those before. */
    private static final RetryPriority OTHER_PRIORITIES = RetryPriority.newBuilder()
            .setName("envoy.retry_priorities.previous_priorities")
            .setTypedConfig(Messages.any(
                    PreviousPrioritiesConfig.newBuilder().setUpdateFrequency(2).build()))
            .build();

    /** How often another endpoint than those that failed is looked for. */
    private static final int HOST_ATTEMPTS = 5;

    private Retries() {}

    /**
     * The policy of a route; null when a rule forbids retries.
     *
     * @param rule null when no rule speaks
     * @param hashed the endpoint follows from the request, so retries go to the same
     */
    static @Nullable RetryPolicy of(@Nullable HttpRetry rule, boolean hashed) {
        if (rule == null) {
            return hosts(RetryPolicy.newBuilder().setRetryOn(SAFE).setNumRetries(number(DEFAULT_RETRIES)), !hashed)
                    .build();
        }
        if (rule.attempts() == 0) {
            return null;
        }
        RetryPolicy.Builder policy = RetryPolicy.newBuilder().setNumRetries(number(rule.attempts()));
        conditions(policy, rule.retryOn());
        if (rule.perTryTimeout() != null) {
            policy.setPerTryTimeout(duration(rule.perTryTimeout()));
        }
        if (rule.backoff() != null) {
            policy.setRetryBackOff(RetryBackOff.newBuilder().setBaseInterval(duration(rule.backoff())));
        }
        if (Boolean.TRUE.equals(rule.retryRemoteLocalities())) {
            policy.setRetryPriority(OTHER_PRIORITIES);
        }
        Boolean others = rule.retryIgnorePreviousHosts();
        return hosts(policy, others == null ? !hashed : others).build();
    }

    private static RetryPolicy.Builder hosts(RetryPolicy.Builder policy, boolean others) {
        policy.setHostSelectionRetryMaxAttempts(HOST_ATTEMPTS);
        return others ? policy.addRetryHostPredicate(OTHER_HOSTS) : policy;
    }

    private static void conditions(RetryPolicy.Builder policy, String retryOn) {
        List<String> words = new ArrayList<>();
        for (String part : (retryOn.isBlank() ? ISTIO : retryOn).split(",")) {
            String word = part.strip();
            if (word.length() == 3 && word.chars().allMatch(Character::isDigit)) {
                policy.addRetriableStatusCodes(Integer.parseInt(word));
            } else if (!word.isEmpty()) {
                words.add(word);
            }
        }
        if (policy.getRetriableStatusCodesCount() > 0 && !words.contains(BY_STATUS)) {
            words.add(BY_STATUS);
        }
        policy.setRetryOn(String.join(",", words));
    }
}
