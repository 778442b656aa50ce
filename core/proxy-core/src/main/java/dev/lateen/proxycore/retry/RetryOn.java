package dev.lateen.proxycore.retry;

import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Place;
import org.jspecify.annotations.Nullable;

/**
 * The conditions of Envoy's {@code x-envoy-retry-on} and {@code x-envoy-retry-grpc-on} (Envoy documentation, router
 * filter). A policy keeps its conditions as an {@code int} of {@link #bit}s.
 */
public enum RetryOn {
    FIVE_XX("5xx"),
    GATEWAY_ERROR("gateway-error"),
    RESET("reset"),
    RESET_BEFORE_REQUEST("reset-before-request"),
    CONNECT_FAILURE("connect-failure"),
    ENVOY_RATELIMITED("envoy-ratelimited"),
    RETRIABLE_4XX("retriable-4xx"),
    REFUSED_STREAM("refused-stream"),
    RETRIABLE_STATUS_CODES("retriable-status-codes"),
    RETRIABLE_HEADERS("retriable-headers"),
    HTTP3_POST_CONNECT_FAILURE("http3-post-connect-failure"),
    CANCELLED("cancelled"),
    DEADLINE_EXCEEDED("deadline-exceeded"),
    INTERNAL("internal"),
    RESOURCE_EXHAUSTED("resource-exhausted"),
    UNAVAILABLE("unavailable");

    private final String text;

    RetryOn(String text) {
        this.text = text;
    }

    /** The word for it in configuration. */
    public String text() {
        return text;
    }

    /** This condition in a set. */
    @SuppressWarnings("EnumOrdinal") // the bit never leaves the process
    public int bit() {
        return 1 << ordinal();
    }

    /** Whether the set holds this condition. */
    public boolean in(int conditions) {
        return (conditions & bit()) != 0;
    }

    static @Nullable RetryOn named(String word) {
        for (RetryOn condition : values()) {
            if (condition.text.equals(word)) {
                return condition;
            }
        }
        return null;
    }

    /** The conditions of a comma-separated list; an unknown one is refused by name. */
    static int parse(String list, Place at) throws CompileException {
        int conditions = 0;
        for (String word : list.split(",")) {
            String trimmed = word.trim();
            if (trimmed.isEmpty()) {
                continue;
            }
            RetryOn condition = named(trimmed);
            if (condition == null) {
                throw at.refuse("not a retry condition: \"" + trimmed + "\"");
            }
            conditions |= condition.bit();
        }
        return conditions;
    }

    /** The conditions of a list that came with a request; unknown ones have no meaning, as in Envoy. */
    static int parseLenient(@Nullable String list) {
        int conditions = 0;
        if (list != null) {
            for (String word : list.split(",")) {
                RetryOn condition = named(word.trim());
                conditions |= condition == null ? 0 : condition.bit();
            }
        }
        return conditions;
    }
}
