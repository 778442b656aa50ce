package dev.lateen.config.networking;

import dev.lateen.config.shape.Findings;
import java.util.Set;

/** The words of {@code retryOn}: Envoy's {@code x-envoy-retry-on} and {@code x-envoy-retry-grpc-on}, and codes. */
final class RetryConditions {
    private static final Set<String> KNOWN = Set.of(
            "5xx",
            "gateway-error",
            "reset",
            "reset-before-request",
            "connect-failure",
            "envoy-ratelimited",
            "retriable-4xx",
            "refused-stream",
            "retriable-status-codes",
            "retriable-headers",
            "http3-post-connect-failure",
            "cancelled",
            "deadline-exceeded",
            "internal",
            "resource-exhausted",
            "unavailable");

    private RetryConditions() {}

    static void check(String retryOn, Findings findings) {
        for (String part : retryOn.split(",", -1)) {
            String word = part.strip();
            if (!retryOn.isBlank() && !KNOWN.contains(word) && !isStatus(word)) {
                findings.error("retryOn", "\"" + word + "\" is no condition of Envoy's retries and no status code");
            }
        }
    }

    private static boolean isStatus(String word) {
        return word.length() == 3
                && word.chars().allMatch(c -> c >= '0' && c <= '9')
                && word.charAt(0) >= '1'
                && word.charAt(0) <= '5';
    }
}
