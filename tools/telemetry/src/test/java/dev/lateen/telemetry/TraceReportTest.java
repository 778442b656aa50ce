package dev.lateen.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

final class TraceReportTest {
    private static final TraceDoctor.Finding PASSES = new TraceDoctor.Finding("web", 4, 0, null);
    private static final TraceDoctor.Finding LOSES =
            new TraceDoctor.Finding("api\u001b[2J", 5, 3, new TraceDoctor.Example("a1", "b2", "db:80/*"));

    @Test
    void whoLosesContextWhereAndWhatToDo() {
        TraceReport report = new TraceReport(9, 2, List.of(LOSES, PASSES));
        assertThat(report.losesContext()).isTrue();
        assertThat(report.toString()).startsWith("""
                        9 spans of 2 traces; 2 services called others while they were called
                        ✘ api?[2J loses the context of 3 of 5 requests during which it called others
                            for example trace a1 ends there, and its call to db:80/* began trace b2
                            not of all: one of its clients may not copy the fields, or these calls are made of its own accord, by a timer
                        ✔ web passes the context on (4 of 4 requests)

                        What to do:""").contains("traceparent tracestate x-request-id");
    }

    @Test
    void nothingToDo() {
        TraceReport report = new TraceReport(9, 2, List.of(PASSES));
        assertThat(report.losesContext()).isFalse();
        assertThat(report).hasToString("""
                9 spans of 2 traces; 1 services called others while they were called
                ✔ web passes the context on (4 of 4 requests)
                """);
    }

    @Test
    void countsTraces() {
        RecordedSpan span = new RecordedSpan("a", "1", "", true, "web", "10.0.0.1", "web:80/*", 0, 9);
        RecordedSpan other = new RecordedSpan("b", "2", "", true, "web", "10.0.0.1", "web:80/*", 0, 9);
        assertThat(TraceReport.of(List.of(span, span, other))).isEqualTo(new TraceReport(3, 2, List.of()));
    }
}
