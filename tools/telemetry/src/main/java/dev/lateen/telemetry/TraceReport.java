package dev.lateen.telemetry;

import java.util.List;

/**
 * What {@link TraceDoctor} found in some spans, for people. Immutable.
 *
 * @param spans how many were looked at
 * @param traces how many traces these are of
 * @param findings by service
 */
public record TraceReport(int spans, long traces, List<TraceDoctor.Finding> findings) {
    private static final String WHAT_TO_DO = """

            What to do: a proxy cannot know which request of an app belongs to which. The app must copy these
            fields from each request that it takes to each one that it makes meanwhile:
              traceparent tracestate x-request-id
              x-b3-traceid x-b3-spanid x-b3-parentspanid x-b3-sampled x-b3-flags (or: b3)
            An OpenTelemetry or Brave agent in the app does so by itself.
            """;

    public TraceReport {
        findings = List.copyOf(findings);
    }

    /** Examines these spans. */
    public static TraceReport of(List<RecordedSpan> spans) {
        long traces = spans.stream().map(RecordedSpan::traceId).distinct().count();
        return new TraceReport(spans.size(), traces, TraceDoctor.examine(spans));
    }

    /** Whether any service does not pass on the context that it receives. */
    public boolean losesContext() {
        return findings.stream().anyMatch(finding -> finding.lost() > 0);
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder()
                .append(spans + " spans of " + traces + " traces; " + findings.size()
                        + " services called others while they were called\n");
        findings.forEach(finding -> text.append(described(finding)));
        return text.append(losesContext() ? WHAT_TO_DO : "").toString();
    }

    private static String described(TraceDoctor.Finding finding) {
        String service = shown(finding.service());
        TraceDoctor.Example example = finding.example();
        if (example == null) {
            return "✔ " + service + " passes the context on (" + finding.calledOn() + " of " + finding.calledOn()
                    + " requests)\n";
        }
        String some = finding.lost() < finding.calledOn()
                ? "    not of all: one of its clients may not copy the fields, or these calls are made of"
                        + " its own accord, by a timer\n"
                : "";
        return "✘ " + service + " loses the context of " + finding.lost() + " of " + finding.calledOn()
                + " requests during which it called others\n    for example trace " + shown(example.traceId())
                + " ends there, and its call to " + shown(example.call()) + " began trace " + shown(example.began())
                + "\n" + some;
    }

    /** What a tracing server says is not ours: nothing of it may steer a terminal. */
    private static String shown(String text) {
        return text.replaceAll("\\p{Cntrl}", "?");
    }
}
