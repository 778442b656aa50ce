package dev.lateen.proxy.telemetry;

import java.util.Map;

/**
 * One recorded hop of a request.
 *
 * @param collector where it goes
 * @param context its trace and its id
 * @param parent id of the span that caused it; 0 for none
 * @param server whether the request came to this workload, else it left
 * @param name what was asked for
 * @param startMicros since 1970
 * @param durationMicros at least 1
 * @param tags by name
 */
record Span(
        Collector collector,
        TraceContext context,
        long parent,
        boolean server,
        String name,
        long startMicros,
        long durationMicros,
        Map<String, String> tags) {}
