package dev.lateen.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

final class TraceDoctorTest {
    private static final Pattern SPAN =
            Pattern.compile("(\\w+)@(\\w+) (in|out) (\\w+):(\\w+)(?:<(\\w+))? (\\d+)-(\\d+)");

    /** {@code SERVICE@INSTANCE in|out TRACE:ID[<PARENT] START-END}, several with commas between them. */
    private static List<RecordedSpan> spans(String text) {
        List<RecordedSpan> spans = new ArrayList<>();
        for (String one : text.split(",")) {
            Matcher m = SPAN.matcher(one.strip());
            assertThat(m.matches()).as(one).isTrue();
            long start = Long.parseLong(m.group(7));
            spans.add(new RecordedSpan(
                    m.group(4),
                    m.group(5),
                    m.group(6) == null ? "" : m.group(6),
                    m.group(3).equals("in"),
                    m.group(1),
                    m.group(2),
                    "to-" + m.group(5),
                    start,
                    Long.parseLong(m.group(8)) - start));
        }
        return spans;
    }

    private static String findings(List<TraceDoctor.Finding> findings) {
        return findings.stream()
                .map(f -> f.service() + " " + f.lost() + "/" + f.calledOn()
                        + (f.example() == null
                                ? ""
                                : " " + f.example().traceId() + "→"
                                        + f.example().began()))
                .collect(Collectors.joining(", "));
    }

    @ParameterizedTest(name = "{0}: {2}")
    @CsvSource(delimiter = '|', textBlock = """
        # what                              | spans                                                                        | findings
        passes it on                        | web@1 in a:1 0-90, web@1 out a:2<1 10-20                                      | web 0/1
        passes it on by a span of the app's | web@1 in a:1 0-90, web@1 out a:3<2 10-20                                      | web 0/1
        begins a new trace                  | web@1 in a:1 0-90, web@1 out b:2 10-20                                        | web 1/1 a→b
        at the first moment and the last    | web@1 in a:1 0-90, web@1 out b:2 0-5, web@1 in c:3 200-290, web@1 out d:4 290-300 | web 2/2 a→b
        one call carries it, one does not   | web@1 in a:1 0-90, web@1 out a:2<1 10-20, web@1 out b:3 30-40                 | web 0/1
        two calls, both lost, count once    | web@1 in a:1 0-90, web@1 out b:2 10-20, web@1 out c:3 30-40                   | web 1/1 a→b
        calls nobody                        | web@1 in a:1 0-90                                                             | ''
        called by nobody (a gateway, a job) | job@1 out a:1 0-90                                                            | ''
        calls when it is not called         | web@1 in a:1 0-90, web@1 out b:2 91-99                                        | ''
        calls before it is called           | web@1 in a:1 10-90, web@1 out b:2 9-12                                        | ''
        another pod of it calls             | web@1 in a:1 0-90, web@2 out b:2 10-20                                        | ''
        another service calls               | web@1 in a:1 0-90, api@1 out b:2 10-20                                        | ''
        two at a time, one call's parent is the other | web@1 in a:1 0-90, web@1 in b:2 0-90, web@1 out b:3<2 10-20         | web 0/1
        two at a time, one call of nobody's | web@1 in a:1 0-90, web@1 in b:2 0-90, web@1 out b:3<2 5-6, web@1 out c:4 10-20 | web 1/2 a→c
        pods of a service add up            | web@1 in a:1 0-9, web@1 out a:2<1 1-2, web@2 in b:3 0-9, web@2 out c:4 1-2     | web 1/2 b→c
        the caller passes, the callee loses | web@1 in a:1 0-90, web@1 out a:2<1 10-80, api@1 in a:3<2 11-79, api@1 out b:4 20-30 | api 1/1 a→b, web 0/1
        """)
    void servicesThatLoseContext(String what, String spans, String expected) {
        assertThat(findings(TraceDoctor.examine(spans(spans)))).isEqualTo(expected);
    }

    @Test
    void spansAsZipkinHasThem() {
        String json = """
            [[{"traceId": "a", "id": "1", "kind": "SERVER", "name": "web:80/*", "timestamp": 5, "duration": 9,
               "localEndpoint": {"serviceName": "web.default", "ipv4": "10.0.0.1"}, "tags": {"x": "y"}},
              {"traceId": "a", "id": "2", "parentId": "1", "kind": "CLIENT", "localEndpoint": {"ipv6": "::1"}},
              {"traceId": "a", "id": "3", "parentId": "1", "name": "work of its own"},
              {"traceId": "a", "id": "4", "kind": "PRODUCER"}], []]
            """;
        assertThat(ZipkinSpans.read(JsonMapper.shared().readTree(json)))
                .containsExactly(
                        new RecordedSpan("a", "1", "", true, "web.default", "10.0.0.1", "web:80/*", 5, 9),
                        new RecordedSpan("a", "2", "1", false, "unknown", "::1", "", 0, 0));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        7                            | the document is neither a list nor a span
        [[{"kind": "SERVER"}]]       | [0][0] has no traceId
        [{"kind": "CLIENT", "traceId": "a"}] | [0] has no id
        [{}, "x"]                    | [1] is neither a list nor a span
        """)
    void whatIsNoneIsNamed(String json, String message) {
        assertThatThrownBy(() -> ZipkinSpans.read(JsonMapper.shared().readTree(json)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }

    @Property
    void anythingElseIsRefusedInOrder(@ForAll String text) {
        try {
            assertThat(TraceDoctor.examine(ZipkinSpans.read(JsonMapper.shared().readTree(text))))
                    .isEmpty();
        } catch (JacksonException | IllegalArgumentException e) {
            assertThat(e.getMessage()).isNotBlank();
        }
    }
}
