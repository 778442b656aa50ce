package dev.lateen.proxy.telemetry;

import org.jspecify.annotations.Nullable;

/**
 * A request's place in its trace, whether it is recorded or not.
 *
 * @param context its trace, and the id of its own span
 * @param parent id of the span that caused it; 0 for none
 * @param collector who gets its span; null when it is not recorded
 */
public record RequestTrace(
        TraceContext context, long parent, @Nullable Collector collector) {
    /** The id of the trace, in hexadecimal digits. */
    public String traceId() {
        return context.traceId();
    }

    /** The id of the request's span, in hexadecimal digits. */
    public String spanId() {
        return context.spanId();
    }
}
