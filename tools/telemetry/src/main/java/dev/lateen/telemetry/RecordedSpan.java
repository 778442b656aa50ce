package dev.lateen.telemetry;

/**
 * One hop of a request as a tracing server keeps it.
 *
 * @param traceId in hexadecimal digits, 16 or 32 of them
 * @param id of this span, 16 hexadecimal digits
 * @param parentId of the span that caused it; empty for the first of a trace
 * @param inbound whether the workload received the request; else it sent it
 * @param service the workload that recorded it
 * @param instance which one of the service's, such as its address; empty where that is not known
 * @param name what was asked for
 * @param startMicros since 1970
 * @param durationMicros from there to its end
 */
public record RecordedSpan(
        String traceId,
        String id,
        String parentId,
        boolean inbound,
        String service,
        String instance,
        String name,
        long startMicros,
        long durationMicros) {
    /** Whether it is the first of its trace. */
    public boolean first() {
        return parentId.isEmpty();
    }

    /** Whether the other one began while this one lasted, at the same place. */
    boolean spans(RecordedSpan other) {
        return service.equals(other.service)
                && instance.equals(other.instance)
                && startMicros <= other.startMicros
                && other.startMicros <= startMicros + durationMicros;
    }
}
