package dev.lateen.proxy.dns;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import java.net.InetSocketAddress;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Questions, answers and tables, byte by byte. */
class MessagesTest {
    /** Id 1234, recursion desired, WEB.example A IN, and OPT with a size of 1232. */
    private static final byte[] QUERY =
            hex("1234 0100 0001 0000 0000 0001 03574542 076578616d706c65 00 0001 0001 00 0029 04d0 00000000 0000");

    private static byte[] hex(String text) {
        return HexFormat.of().parseHex(text.replace(" ", ""));
    }

    @Test
    void a_question_is_read_with_the_size_that_the_asker_takes() {
        assertThat(Question.of(QUERY)).isEqualTo(new Question("web.example", Question.A, 29, 1232));
    }

    @ParameterizedTest(name = "{1}")
    @CsvSource(textBlock = """
            '',                                                  nothing
            1234 0100 0001 0000 0000,                            half a head
            1234 8100 0001 0000 0000 0000 0161 00 0001 0001,     an answer
            1234 2800 0001 0000 0000 0000 0161 00 0001 0001,     an update
            1234 0100 0002 0000 0000 0000 0161 00 0001 0001,     two questions
            1234 0100 0001 0000 0000 0000 0161 00 0001 0003,     another class
            1234 0100 0001 0000 0000 0000 0561 00 0001 0001,     a label past the end
            1234 0100 0001 0000 0000 0000 c00c 0001 0001,        a pointer
            1234 0100 0001 0000 0000 0000 0161 00 0001,          half a question
            """)
    void what_is_no_plain_question_is_left_to_others(String message, String what) {
        assertThat(Question.of(hex(message))).as(what).isNull();
    }

    @Test
    void an_answer_repeats_the_question_and_points_to_its_name() {
        Question question = Objects.requireNonNull(Question.of(QUERY));
        assertThat(Answer.of(QUERY, question, "", List.of(hex("0a600001"), hex("0a600002")), 512))
                .isEqualTo(hex("1234 8580 0001 0002 0000 0000 03574542 076578616d706c65 00 0001 0001"
                        + "c00c 0001 0001 0000001e 0004 0a600001 c00c 0001 0001 0000001e 0004 0a600002"));
    }

    @Test
    void a_name_that_stands_for_another_comes_with_the_other_and_its_address() {
        Question question = Objects.requireNonNull(Question.of(QUERY));
        assertThat(Answer.of(QUERY, question, "web", List.of(hex("0a600001")), 512))
                .isEqualTo(hex("1234 8580 0001 0002 0000 0000 03574542 076578616d706c65 00 0001 0001"
                        + "c00c 0005 0001 0000001e 0005 0377656200 c029 0001 0001 0000001e 0004 0a600001"));
    }

    @Test
    void what_does_not_fit_is_left_out_and_said_to_be() {
        Question question = Objects.requireNonNull(Question.of(QUERY));
        byte[] answer = Answer.of(QUERY, question, "", List.of(hex("0a600001"), hex("0a600002")), 29 + 16);
        assertThat(answer).startsWith(hex("1234 8780 0001 0001")).hasSize(29 + 16);
    }

    @Test
    void nobody_to_ask_is_a_failure_of_the_server() {
        assertThat(Answer.failure(QUERY, 29)).startsWith(hex("1234 8182 0001 0000 0000 0000 03574542"));
    }

    @Property
    void any_bytes_are_a_question_or_none(@ForAll byte[] bytes) {
        Question question = Question.of(bytes);
        assertThat(question == null || question.end() <= bytes.length).isTrue();
    }

    @ParameterizedTest(name = "{0} → {1} {2}")
    @CsvSource(delimiter = '|', nullValues = "-", textBlock = """
            web.shop.svc.cluster.local                        | 10.96.0.1 | ''
            web.shop.svc                                      | 10.96.0.1 | ''
            web.shop                                          | 10.96.0.1 | ''
            web                                               | 10.96.0.1 | ''
            far.other                                         | 10.96.0.2 | ''
            far                                               | -         | -
            ext.example                                       | 192.0.2.1 | ''
            ext.example.shop.svc.cluster.local                | 192.0.2.1 | ext.example
            a.wild.example                                    | 192.0.2.2 | ''
            a.b.wild.example                                  | 192.0.2.2 | ''
            a.wild.example.shop.svc.cluster.local             | 192.0.2.2 | a.wild.example
            wild.example                                      | -         | -
            a-x.part.example                                  | 192.0.2.3 | ''
            b.a-x.part.example                                | 192.0.2.3 | ''
            a.part.example                                    | -         | -
            unknown.example                                   | -         | -
            odd.example                                       | -         | -
            """)
    void names(String name, String address, String alias) {
        NameTable table = new NameTable(
                Map.of(
                        "web.shop.svc.cluster.local",
                        new NameTable.NameInfo(List.of("10.96.0.1"), "Kubernetes", "web", "shop"),
                        "far.other.svc.cluster.local",
                        new NameTable.NameInfo(List.of("10.96.0.2"), "Kubernetes", "far", "other"),
                        "Ext.example",
                        new NameTable.NameInfo(List.of("192.0.2.1"), "External", "", ""),
                        "*.wild.example",
                        new NameTable.NameInfo(List.of("192.0.2.2"), "External", "", ""),
                        "*-x.part.example",
                        new NameTable.NameInfo(List.of("192.0.2.3"), "External", "", ""),
                        "odd.example",
                        new NameTable.NameInfo(List.of("198.51.100.0/24", "name"), "External", "", "")),
                "shop.svc.cluster.local",
                "shop.svc.cluster.local");
        assertThat(table.find(name).map(NameTable.Found::alias).orElse(null)).isEqualTo(alias);
        assertThat(table.find(name)
                        .map(found -> found.ofLength(4).getFirst())
                        .map(bytes -> (bytes[0] & 0xFF) + "." + (bytes[1] & 0xFF) + "." + (bytes[2] & 0xFF) + "."
                                + (bytes[3] & 0xFF))
                        .orElse(null))
                .isEqualTo(address);
    }

    @Test
    void a_table_and_a_resource_of_one_host_are_read() throws Exception {
        ByteString table =
                bytes("0a 22 0a 03 612e62 12 1b 0a 07 312e322e332e34 12 0a 4b756265726e65746573" + "1a 01 61 22 01 62");
        assertThat(NameTable.read("", table))
                .isEqualTo(Map.of("a.b", new NameTable.NameInfo(List.of("1.2.3.4"), "Kubernetes", "a", "b")));
        assertThat(NameTable.read("x.y", bytes("12 09 0a 07 312e322e332e34")))
                .isEqualTo(Map.of("x.y", new NameTable.NameInfo(List.of("1.2.3.4"), "", "", "")));
    }

    private static ByteString bytes(String hex) {
        return ByteString.copyFrom(hex(hex));
    }

    @Test
    void the_resolvers_of_a_pod() {
        ResolverFile file = ResolverFile.of(List.of(
                "# written by a node",
                "search shop.svc.cluster.local svc.cluster.local",
                "nameserver 10.96.0.10",
                "nameserver fd00::a",
                "nameserver nonsense",
                "options ndots:5"));
        assertThat(file.servers().stream().map(InetSocketAddress::getAddress).map(a -> a.getHostAddress()))
                .containsExactly("10.96.0.10", "fd00:0:0:0:0:0:0:a");
        assertThat(file.search()).containsExactly("shop.svc.cluster.local", "svc.cluster.local");
    }
}
