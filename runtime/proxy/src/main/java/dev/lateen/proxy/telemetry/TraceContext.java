package dev.lateen.proxy.telemetry;

import dev.lateen.proxycore.head.FieldName;
import dev.lateen.proxycore.head.Fields;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * Where in a trace a request is: the trace's id of 128 bits, the span that caused it, and whether it is recorded. Read
 * from B3 (openzipkin/b3-propagation: single field {@code b3}, or {@code x-b3-*}) and W3C Trace Context ({@code
 * traceparent}); written as {@code x-b3-*} and {@code traceparent}, so that applications that pass on either keep the
 * trace whole. Immutable.
 *
 * @param high upper half of the trace's id; 0 for an id of 64 bits
 * @param low lower half; with {@code high} both 0 there is no trace yet, only a decision about recording
 * @param span id of the span; 0 like {@code low}
 * @param sampled whether spans are recorded; null: not decided
 */
record TraceContext(
        long high, long low, long span, @Nullable Boolean sampled) {
    private static final FieldName B3 = FieldName.of("b3");
    private static final FieldName FLAGS = FieldName.of("x-b3-flags");
    private static final FieldName PARENT_SPAN_ID = FieldName.of("x-b3-parentspanid");
    private static final FieldName TRACE_PARENT = FieldName.of("traceparent");
    private static final int TRACE_PARENT_LENGTH = 55;
    private static final HexFormat HEX = HexFormat.of();

    /** What a request brings, or null for nothing that can be read. */
    static @Nullable TraceContext read(Fields fields) {
        String single = fields.get(B3);
        if (single != null) {
            return single(single);
        }
        String trace = fields.get(FieldName.X_B3_TRACE_ID);
        String sampled = fields.get(FieldName.X_B3_SAMPLED);
        if (trace != null || sampled != null) {
            boolean debug = "1".equals(fields.get(FLAGS));
            return of(trace, fields.get(FieldName.X_B3_SPAN_ID), debug ? "d" : sampled);
        }
        String parent = fields.get(TRACE_PARENT);
        return parent == null ? null : traceParent(parent);
    }

    /** {@code TRACE-SPAN[-STATE[-PARENT]]} or {@code STATE} alone. */
    private static @Nullable TraceContext single(String text) {
        String[] parts = text.split("-", -1);
        return switch (parts.length) {
            case 1 -> of(null, null, parts[0]);
            case 2 -> of(parts[0], parts[1], null);
            case 3, 4 -> of(parts[0], parts[1], parts[2]);
            default -> null;
        };
    }

    private static @Nullable TraceContext of(@Nullable String trace, @Nullable String span, @Nullable String state) {
        Boolean sampled = state == null
                ? null
                : switch (state) {
                    case "1", "d", "true" -> Boolean.TRUE;
                    case "0", "false" -> Boolean.FALSE;
                    default -> null;
                };
        if (trace == null) {
            return sampled == null ? null : new TraceContext(0, 0, 0, sampled);
        }
        if (span == null || span.length() != 16 || (trace.length() != 16 && trace.length() != 32)) {
            return null;
        }
        return parse(trace, span, sampled);
    }

    private static @Nullable TraceContext parse(String trace, String span, @Nullable Boolean sampled) {
        try {
            int half = trace.length() - 16;
            long high = half == 0 ? 0 : HexFormat.fromHexDigitsToLong(trace, 0, half);
            long low = HexFormat.fromHexDigitsToLong(trace, half, trace.length());
            long id = HexFormat.fromHexDigitsToLong(span);
            return (high | low) == 0 || id == 0 ? null : new TraceContext(high, low, id, sampled);
        } catch (NumberFormatException e) {
            return null; // not an id: as if nothing had been sent
        }
    }

    /** {@code VERSION-TRACE-SPAN-FLAGS} (W3C Trace Context, section 3.2); later versions may say more behind. */
    private static @Nullable TraceContext traceParent(String text) {
        boolean shaped = text.length() >= TRACE_PARENT_LENGTH
                && text.charAt(2) == '-'
                && text.charAt(35) == '-'
                && text.charAt(52) == '-'
                && !text.startsWith("ff")
                && (text.length() == TRACE_PARENT_LENGTH
                        || (!text.startsWith("00") && text.charAt(TRACE_PARENT_LENGTH) == '-'));
        if (!shaped) {
            return null;
        }
        try {
            boolean sampled = (HexFormat.fromHexDigits(text, 53, 55) & 1) == 1;
            HexFormat.fromHexDigits(text, 0, 2);
            return parse(text.substring(3, 35), text.substring(36, 52), sampled);
        } catch (NumberFormatException e) {
            return null; // as above
        }
    }

    /** Puts it into a head, in place of what is there. */
    void write(Fields fields, long parent) {
        boolean recorded = Boolean.TRUE.equals(sampled);
        String trace = traceId();
        fields.remove(B3);
        fields.remove(FLAGS);
        fields.set(FieldName.X_B3_TRACE_ID, trace);
        fields.set(FieldName.X_B3_SPAN_ID, HEX.toHexDigits(span));
        fields.remove(PARENT_SPAN_ID);
        if (parent != 0) {
            fields.set(PARENT_SPAN_ID, HEX.toHexDigits(parent));
        }
        fields.set(FieldName.X_B3_SAMPLED, recorded ? "1" : "0");
        fields.set(
                TRACE_PARENT,
                "00-" + (high == 0 ? "0000000000000000" + trace : trace) + "-" + HEX.toHexDigits(span)
                        + (recorded ? "-01" : "-00"));
    }

    /** The trace's id as 16 or 32 hexadecimal digits. */
    String traceId() {
        return high == 0 ? HEX.toHexDigits(low) : HEX.toHexDigits(high) + HEX.toHexDigits(low);
    }

    /** The span's id as 16 hexadecimal digits. */
    String spanId() {
        return HEX.toHexDigits(span);
    }
}
