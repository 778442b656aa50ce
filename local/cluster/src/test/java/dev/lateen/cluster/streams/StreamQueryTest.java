package dev.lateen.cluster.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StreamQueryTest {
    private static final Clock NOON = Clock.fixed(Instant.parse("2026-01-01T12:00:00Z"), ZoneOffset.UTC);

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    /x                 | false
                    /x?stdin=false     | false
                    /x?stdin=FALSE     | false
                    /x?stdin=0         | false
                    /x?stdin           | true
                    /x?stdin=          | true
                    /x?stdin=1         | true
                    /x?stdin=true      | true
                    /x?stdin=anything  | true
                    """)
    void a_switch_is_on_unless_it_says_no(String uri, boolean on) throws Exception {
        assertThat(new StreamQuery(uri).flag("stdin")).isEqualTo(on);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    /x?command=sh&command=-c&command=a+b%26c | [sh, -c, a b&c]
                    /x                                       | []
                    """)
    void a_command_keeps_its_arguments_apart(String uri, String command) throws Exception {
        assertThat(new StreamQuery(uri).command()).hasToString(command);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    /log                                     |                      |     |
                    /log?tailLines=0                         |                      | 0   |
                    /log?tailLines=5000000000                |                      | 2147483647 |
                    /log?limitBytes=12                       |                      |     | 12
                    /log?sinceSeconds=60                     | 2026-01-01T11:59:00Z |     |
                    /log?sinceTime=2026-01-01T10:00:00%2B01:00 | 2026-01-01T09:00:00Z |   |
                    """)
    void log_options_are_read(String uri, Instant since, Integer tail, Long limit) throws Exception {
        assertThat(new StreamQuery(uri).log("app", NOON))
                .isEqualTo(new LogOptions("app", false, false, false, since, tail, limit));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    /log?tailLines=-1      | Invalid value: -1: must be greater than or equal to 0
                    /log?limitBytes=0      | Invalid value: 0: must be greater than 0
                    /log?sinceSeconds=0    | Invalid value: 0: must be greater than 0
                    /log?tailLines=many    | strconv.ParseInt: parsing "many": invalid syntax
                    /log?sinceTime=noon    | parsing time "noon"
                    /log?sinceSeconds=1&sinceTime=2026-01-01T10:00:00Z | at most one of `sinceTime` or `sinceSeconds` may be specified
                    """)
    void bad_log_options_are_refused(String uri, String message) {
        assertThat(catchThrowable(() -> new StreamQuery(uri).log("app", NOON))).hasMessageContaining(message);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    /x?ports=80            | [80]
                    /x?ports=80&ports=81   | [80, 81]
                    /x?ports=80,65535      | [80, 65535]
                    """)
    void ports_are_read(String uri, String ports) throws Exception {
        assertThat(new StreamQuery(uri).ports()).hasToString(ports);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    /x               | query parameter "ports" is required
                    /x?ports=        | unable to parse "" as a port
                    /x?ports=80,     | unable to parse "" as a port
                    /x?ports=http    | unable to parse "http" as a port
                    /x?ports=0       | port "0" must be 1 to 65535
                    /x?ports=65536   | port "65536" must be 1 to 65535
                    """)
    void bad_ports_are_refused(String uri, String message) {
        assertThat(catchThrowable(() -> new StreamQuery(uri).ports())).hasMessageContaining(message);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    {"Width":80,"Height":24}    | 80 | 24
                    {"Height":24,"Width":80,"x":1} | 80 | 24
                    {"Width":0,"Height":0}      | 0  | 0
                    """)
    void a_terminal_size_is_read(String text, int width, int height) {
        assertThat(TerminalSize.parse(text)).contains(new TerminalSize(width, height));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    {"Width":80}
                    {"Width":-1,"Height":24}
                    {"Width":70000,"Height":24}
                    {"Width":"wide","Height":24}
                    [80,24]
                    null
                    {
                    """)
    void what_is_no_terminal_size_is_passed_over(String text) {
        assertThat(TerminalSize.parse(text)).isEmpty();
    }

    @Property(tries = 300)
    void any_text_is_a_size_or_none(@ForAll String text) {
        assertThat(TerminalSize.parse(text)).isNotNull();
    }

    @Property(tries = 300)
    void any_query_is_read_or_refused(@ForAll String query) {
        Throwable thrown = catchThrowable(() -> new StreamQuery("/x?tailLines=" + query).log("app", NOON));
        if (thrown != null) {
            assertThat(thrown).isInstanceOfAny(StreamException.class, InvalidLogOption.class);
        }
    }
}
