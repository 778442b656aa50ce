package dev.lateen.config.yaml;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class YamlTextTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            a: yes                      | {"a":true}
            a: on                       | {"a":true}
            a: y                        | {"a":true}
            a: n                        | {"a":false}
            a: "yes"                    | {"a":"yes"}
            a: ~                        | {"a":null}
            a:                          | {"a":null}
            a: 0x1F                     | {"a":31}
            a: 0o17                     | {"a":15}
            a: 017                      | {"a":15}
            a: 089                      | {"a":89.0}
            a: 1_000                    | {"a":1000}
            a: 1.5                      | {"a":1.5}
            a: 1e3                      | {"a":1000.0}
            a: 1.2.3                    | {"a":"1.2.3"}
            a: 10.0.0.0/8               | {"a":"10.0.0.0/8"}
            a: +                        | {"a":"+"}
            a: -                        | null
            a: !!str 80                 | {"a":"80"}
            a: 12345678901234567890     | {"a":12345678901234567890}
            a: 2026-01-01               | {"a":"2026-01-01"}
            {"a": ["\\u0041", -1]}      | {"a":["A",-1]}
            a: {<<: {b: 1, c: 2}, c: 3} | {"a":{"c":3,"b":1}}
            [&x {b: 1}, *x, <<]         | [{"b":1},{"b":1},"<<"]
            80: a                       | {"80":"a"}
            """)
    void readsAsKubectlDoes(String text, String json) {
        YamlText yaml = YamlText.read(text);
        String read = yaml.documents().isEmpty()
                ? "null"
                : yaml.documents().getFirst().tree().toString();
        assertThat(read).isEqualTo(json);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            a: 1~a: 2         | 2 | key "a" is given twice
            a: [              | 2 | not YAML: expected the node content, but found '<stream end>' while parsing a flow node
            a: *x             | 1 | alias of an anchor that is not finished above: x
            &x [*x]           | 1 | alias of an anchor that is not finished above: x
            a: !foo b         | 1 | tag !foo is not of Kubernetes' YAML
            ? [a]~: b         | 1 | a key must be plain text
            a: {<<: 1}        | 1 | << takes a mapping or a list of mappings
            """)
    void refusesWithTheLine(String text, int line, String message) {
        YamlText yaml = YamlText.read(text.replace('~', '\n') + "\n");
        assertThat(yaml.problems()).containsExactly(new YamlProblem(line, message));
    }

    @Test
    void boundsDepth() {
        assertThat(YamlText.read("[".repeat(100_000)).problems().getFirst().message())
                .isEqualTo("nested deeper than 100 levels");
    }

    @Test
    void boundsAliasesThatMultiply() {
        StringBuilder text = new StringBuilder("a0: &a0 [x]\n");
        for (int i = 1; i < 30; i++) {
            text.append("a%d: &a%d [%s]\n".formatted(i, i, ("*a" + (i - 1) + ",").repeat(9)));
        }
        assertThat(YamlText.read(text.toString()).problems().getFirst().message())
                .startsWith("too large");
    }

    @Test
    void partsDocumentsAtTheirLines() {
        YamlText yaml = YamlText.read("# head\n---\na: 1\n--- # two\n\n---\nb:\n  c: |\n    ---\n  d: 2\n");
        assertThat(yaml.problems()).isEmpty();
        assertThat(yaml.documents())
                .extracting(d -> d.line() + " " + d.tree())
                .containsExactly("3 {\"a\":1}", "7 {\"b\":{\"c\":\"---\\n\",\"d\":2}}");
        assertThat(yaml.documents().get(1).lines()).containsEntry("b.d", 10);
    }
}
