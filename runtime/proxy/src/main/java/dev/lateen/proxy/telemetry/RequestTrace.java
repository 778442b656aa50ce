package dev.lateen.proxy.telemetry;

import org.jspecify.annotations.Nullable;

/** A request's place in its trace, whether it is recorded or not. Immutable. */
public final class RequestTrace {
    private final TraceContext context;
    private final @Nullable RequestSpan span;

    /** @param span records the request; null when it is not recorded */
    RequestTrace(TraceContext context, @Nullable RequestSpan span) {
        this.context = context;
        this.span = span;
    }

    /** The id of the trace, in hexadecimal digits. */
    public String traceId() {
        return context.traceId();
    }

    /** The id of the request's span, in hexadecimal digits. */
    public String spanId() {
        return context.spanId();
    }

    /** What records the request; null when it is not recorded. */
    public @Nullable RequestSpan span() {
        return span;
    }
}
