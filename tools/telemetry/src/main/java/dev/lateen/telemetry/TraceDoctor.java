package dev.lateen.telemetry;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Finds services that receive trace context and do not pass it on. A proxy sees what a workload takes and what it
 * sends, and only the workload knows which belongs to which: where its requests carry the context of one that it
 * took, the trace goes on; where it took one, sent another meanwhile, and that one begins a trace, context was lost.
 * Pure.
 */
public final class TraceDoctor {
    private TraceDoctor() {}

    /**
     * What was seen of a service that called others while it was called.
     *
     * @param service its name
     * @param calledOn requests that it took and during which it called, by the context or by the time
     * @param lost those of them whose context reached none of these calls
     * @param example one of them; null when none is lost
     */
    public record Finding(
            String service,
            int calledOn,
            int lost,
            @Nullable Example example) {}

    /**
     * A trace that ends where it should not.
     *
     * @param traceId of the request that was taken
     * @param began the trace that a call made meanwhile began
     * @param call what that call asked for
     */
    public record Example(String traceId, String began, String call) {}

    /** Each service that called while it was called, by name. */
    public static List<Finding> examine(List<RecordedSpan> spans) {
        Map<String, List<RecordedSpan>> byPlace = new TreeMap<>();
        for (RecordedSpan span : spans) {
            byPlace.computeIfAbsent(span.service() + "\0" + span.instance(), _ -> new ArrayList<>())
                    .add(span);
        }
        Map<String, Finding> findings = new TreeMap<>();
        for (List<RecordedSpan> place : byPlace.values()) {
            Finding more = examinePlace(place);
            findings.merge(more.service(), more, TraceDoctor::sum);
        }
        return findings.values().stream()
                .filter(finding -> finding.calledOn() > 0)
                .toList();
    }

    private static Finding sum(Finding one, Finding other) {
        return new Finding(
                one.service(),
                one.calledOn() + other.calledOn(),
                one.lost() + other.lost(),
                one.example() == null ? other.example() : one.example());
    }

    private static Finding examinePlace(List<RecordedSpan> place) {
        Set<String> carried = new HashSet<>();
        List<RecordedSpan> beginnings = new ArrayList<>();
        for (RecordedSpan span : place) {
            if (!span.inbound() && span.first()) {
                beginnings.add(span);
            } else if (!span.inbound()) {
                carried.add(span.traceId());
            }
        }
        beginnings.sort(Comparator.comparingLong(RecordedSpan::startMicros));
        int calledOn = 0;
        int lost = 0;
        Example example = null;
        for (RecordedSpan taken : place) {
            if (!taken.inbound()) {
                continue;
            }
            RecordedSpan meanwhile = carried.contains(taken.traceId()) ? null : duringThat(taken, beginnings);
            if (carried.contains(taken.traceId())) {
                calledOn++;
            } else if (meanwhile != null) {
                calledOn++;
                lost++;
                example =
                        example == null ? new Example(taken.traceId(), meanwhile.traceId(), meanwhile.name()) : example;
            }
        }
        return new Finding(place.getFirst().service(), calledOn, lost, example);
    }

    /** A call that began a trace while this request was under way; they are by their start. */
    private static @Nullable RecordedSpan duringThat(RecordedSpan taken, List<RecordedSpan> beginnings) {
        int low = 0;
        int high = beginnings.size();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (beginnings.get(middle).startMicros() < taken.startMicros()) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low < beginnings.size() && taken.spans(beginnings.get(low)) ? beginnings.get(low) : null;
    }
}
