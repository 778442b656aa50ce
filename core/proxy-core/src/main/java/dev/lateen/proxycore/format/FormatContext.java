package dev.lateen.proxycore.format;

import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.head.ResponseHead;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a {@link Format} may ask about a stream. */
public interface FormatContext {
    /** As argument of commands that tell a moment: in ISO 8601, UTC, with all that is known of its second. */
    String PRECISE = "precise";

    /** The filter that verifies tokens: under {@code payload} it tells their claims. */
    String TOKENS = "envoy.filters.http.jwt_authn";

    /** The filter of rules of access: tells what its rules for rehearsal decided, and which of them. */
    String ACCESS = "envoy.filters.http.rbac";

    /** Filters that tell something of a request. */
    List<String> TELLING = List.of(TOKENS, ACCESS);

    /** The request's head, null when none was read. */
    @Nullable
    RequestHead request();

    /** The response's head, null before there is one. */
    @Nullable
    ResponseHead response();

    /** The response's trailers, null without. */
    @Nullable
    Fields trailers();

    /**
     * A fact of the stream.
     *
     * @param argument what stood in brackets, or empty: a key, the name of an environment variable, or {@link #PRECISE}
     * @return the text, or null when it is not known
     */
    @Nullable
    String value(Operator operator, String argument);

    /** Who is to blame that no app answered, as {@link dev.lateen.proxycore.FaultField} has it; null when one did. */
    default @Nullable String fault() {
        return null;
    }

    /**
     * What a filter has told of the stream (Envoy's dynamic metadata): texts, numbers, truth values, lists and maps of
     * them by key; empty without any.
     *
     * @param filter its name
     */
    default Map<String, Object> metadata(String filter) {
        return Map.of();
    }

    /** Whether the stream is recorded in a trace, and not only has its place there. */
    default boolean isRecorded() {
        return false;
    }

    /** A context that knows these heads and nothing else. */
    static FormatContext of(@Nullable RequestHead request, @Nullable ResponseHead response) {
        return new FormatContext() {
            @Override
            public @Nullable RequestHead request() {
                return request;
            }

            @Override
            public @Nullable ResponseHead response() {
                return response;
            }

            @Override
            public @Nullable Fields trailers() {
                return null;
            }

            @Override
            public @Nullable String value(Operator operator, String argument) {
                return null;
            }
        };
    }
}
