package dev.lateen.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.ConfigReader;
import dev.lateen.config.Problem;
import dev.lateen.config.ReadResult;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Rules that someone wrote to break the reader or the translation: each ends in bounded time, with its name. */
@Timeout(60)
class HostileRulesTest {
    private static final String RULE = """
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata: {name: %1$s}
            spec: {hosts: [%1$s], http: [{match: [{uri: {prefix: /%1$s}}], route: [{destination: {host: web}}]}]}
            """;

    private static String problems(ReadResult result) {
        return result.problems().stream().map(Problem::toString).collect(Collectors.joining("\n"));
    }

    private static String problems(Snapshot snapshot) {
        return Validation.check(snapshot, true).stream().map(Problem::toString).collect(Collectors.joining("\n"));
    }

    @Test
    void ten_thousand_rules_of_a_namespace() {
        String text = IntStream.range(0, 10_000)
                .mapToObj(i -> RULE.formatted("r" + i + ".example"))
                .collect(Collectors.joining("---\n"));
        Mesh mesh = new Mesh().service("web", "http", 80, 1).with(text);
        assertThat(mesh.routes("80").getVirtualHostsCount()).isGreaterThanOrEqualTo(10_000);
        assertThat(problems(mesh.snapshot())).doesNotContain("error");
    }

    @Test
    void ten_thousand_rules_of_one_host() {
        String text = IntStream.range(0, 10_000)
                .mapToObj(i -> RULE.formatted("r" + i).replace("hosts: [r" + i + "]", "hosts: [web]"))
                .collect(Collectors.joining("---\n"));
        Mesh mesh = new Mesh().service("web", "http", 80, 1).with(text);
        assertThat(mesh.virtualHost("80", "web.default.svc.cluster.local:80").getRoutesCount())
                .isEqualTo(1);
        assertThat(problems(mesh.snapshot()).lines())
                .filteredOn(line -> line.contains("as VirtualService default/r0 rules the same host and comes first"))
                .hasSize(9_999);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            an annotation | metadata: {name: big, annotations: {note: FILL}}, spec: {hosts: [web]}
            a path        | metadata: {name: big}, spec: {hosts: [web], http: [{match: [{uri: {prefix: /FILL}}], route: [{destination: {host: web}}]}]}
            a host        | metadata: {name: big}, spec: {hosts: [FILL], http: [{route: [{destination: {host: web}}]}]}
            an expression | metadata: {name: big}, spec: {hosts: [web], http: [{match: [{uri: {regex: FILL}}], route: [{destination: {host: web}}]}]}
            """)
    void an_object_of_ten_megabytes(String where, String object) {
        String text = "{apiVersion: networking.istio.io/v1, kind: VirtualService, "
                + object.replace("FILL", "x".repeat(10_000_000)) + "}\n";
        ReadResult result = new ConfigReader().readText("big.yaml", text + "---\n" + RULE.formatted("good"));
        assertThat(result.objects()).extracting(ConfigObject::name).containsExactly("good");
        assertThat(problems(result)).contains("big.yaml:1").hasSizeLessThan(2_000);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            itself   | a | a | a
            in turn  | a | b | a
            a third  | a | b | c
            """)
    void delegation_goes_one_step(String how, String outer, String inner, String next) {
        String delegating = """
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {name: %s}
                spec: {%s http: [{delegate: {name: %s}}]}
                """;
        String text = delegating.formatted("top", "hosts: [web], ", outer) + "---\n"
                + delegating.formatted(outer, "", inner)
                + (outer.equals(inner) ? "" : "---\n" + delegating.formatted(inner, "", next));
        ReadResult result = new ConfigReader().readText("cycle.yaml", text);
        Snapshot.Change change = Snapshot.empty().change();
        result.objects().forEach(change::put);
        Snapshot snapshot = change.apply();
        assertThat(problems(result) + problems(snapshot)).contains("delegate");
        new Mesh(snapshot).resources();
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            ((((a{0,1000}){0,1000}){0,1000}){0,1000})
            (((((((((a{1,10}){1,10}){1,10}){1,10}){1,10}){1,10}){1,10}){1,10}){1,10})
            ((((((((((((((((((((((((((((((((((((((((a?){2}){2}){2}){2}){2}){2}){2}){2}){2}){2}){2}){2}){2}){2}){2}){2}){2}){2}){2}){2}){2}){2}){2}){2}){2}){2}){2}){2}){2}){2}){2}){2}){2}){2}){2}){2}){2}){2}){2})
            """)
    void an_expression_that_would_be_huge(String regex) {
        String rule = RULE.formatted("web").replace("{prefix: /web}", "{regex: '" + regex + "'}");
        ReadResult result = new ConfigReader().readText("bomb.yaml", rule);
        assertThat(problems(result)).contains("spec.http[0].match[0].uri.regex").contains("RE2");
    }
}
