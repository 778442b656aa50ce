package dev.lateen.proxycore.head;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FieldsTest {
    private static final FieldName A = FieldName.of("x-a");

    @Test
    void names_compareWithoutCase_andKeepTheirs() {
        Fields fields = new Fields();
        fields.add("X-a", "1");
        fields.add("x-ab", "2");
        fields.add("X-A", "3");

        assertThat(fields.get(A)).isEqualTo("1");
        assertThat(fields.joined(A)).isEqualTo("1,3");
        assertThat(fields.name(0)).isEqualTo("X-a");
        assertThat(fields.find(FieldName.of("X-AB"))).isEqualTo(1);
        assertThat(fields.get(FieldName.of("x-b"))).isNull();
    }

    @Test
    void set_keepsThePlaceOfTheFirst_andRemovesTheOthers() {
        Fields fields = new Fields();
        fields.add("x-a", "1");
        fields.add("x-b", "2");
        fields.add("x-a", "3");
        fields.set(A, "9");
        fields.set(FieldName.of("x-c"), "new");

        assertThat(fields).hasToString("x-a: 9\nx-b: 2\nx-c: new\n");
        assertThat(fields.remove(A)).isEqualTo(1);
        assertThat(fields.remove(A)).isZero();
        assertThat(fields).hasToString("x-b: 2\nx-c: new\n");
    }

    @Test
    void bytesOutsideAscii_survive() {
        Fields fields = new Fields();
        fields.add(A, "\u00e9\u00ff");
        assertThat(fields.valueLength(0)).isEqualTo(2);
        assertThat(fields.value(0)).isEqualTo("\u00e9\u00ff");
    }

    @Test
    void aCodec_copiesABlockOnce_andPointsIntoIt() {
        byte[] block = "Host: a\r\nX-A: b\r\n".getBytes(StandardCharsets.US_ASCII);
        Fields fields = new Fields(16, 4);
        int start = fields.reserve(block.length);
        System.arraycopy(block, 0, fields.array(), start, block.length);
        fields.addSlice(start, 4, start + 6, 1);
        fields.addSlice(start + 9, 3, start + 14, 1);

        assertThat(fields.get(FieldName.HOST)).isEqualTo("a");
        assertThat(fields.valueEquals(fields.find(A), new byte[] {'b'})).isTrue();
        fields.clear();
        assertThat(fields.isEmpty()).isTrue();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "close | close | true",
                "Close | close | true",
                "keep-alive, Upgrade | upgrade | true",
                "'keep-alive ,\tclose' | close | true",
                "closed | close | false",
                "'' | close | false",
                ",, | close | false",
            })
    void tokens_areFoundInLists(String value, String token, boolean expected) {
        Fields fields = new Fields();
        fields.add(FieldName.CONNECTION, value);
        assertThat(fields.hasToken(FieldName.CONNECTION, token)).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a b", "a:", "a\r\n", "\u00e9"})
    void namesThatAreNoTokens_areRefused(String name) {
        assertThatThrownBy(() -> FieldName.of(name)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void copies_areIndependent() {
        RequestHead head = RequestHead.of("POST", "reviews:80", "/a?b").with("x-a", "1");
        RequestHead copy = head.copy();
        copy.fields().set(A, "2");
        copy.path("/c");
        assertThat(head.fields().get(A)).isEqualTo("1");
        assertThat(head.pathWithoutQuery()).isEqualTo("/a");
        assertThat(head.text(":method")).isEqualTo("POST");
        assertThat(copy.toString()).contains("reviews:80/c").contains("x-a: 2");
    }

    /** A list of pairs is the model: whatever is done to both, they say the same. */
    @Property
    void behavesLikeAListOfPairs(@ForAll("edits") List<Edit> edits) {
        Fields fields = new Fields(16, 4);
        List<String[]> model = new ArrayList<>();
        for (Edit edit : edits) {
            FieldName name = FieldName.of(edit.name);
            switch (edit.kind) {
                case 0 -> {
                    fields.add(name, edit.value);
                    model.add(new String[] {name.toString(), edit.value});
                }
                case 1 -> {
                    fields.remove(name);
                    model.removeIf(pair -> pair[0].equals(name.toString()));
                }
                default -> {
                    fields.set(name, edit.value);
                    boolean[] seen = new boolean[1];
                    model.removeIf(pair -> {
                        boolean same = pair[0].equals(name.toString());
                        boolean remove = same && seen[0];
                        if (same) {
                            pair[1] = edit.value;
                        }
                        seen[0] |= same;
                        return remove;
                    });
                    if (!seen[0]) {
                        model.add(new String[] {name.toString(), edit.value});
                    }
                }
            }
        }
        StringBuilder expected = new StringBuilder();
        model.forEach(
                pair -> expected.append(pair[0]).append(": ").append(pair[1]).append('\n'));
        assertThat(fields).hasToString(expected.toString());
        assertThat(fields.copy()).hasToString(expected.toString());
        Fields all = new Fields();
        all.addAll(fields);
        assertThat(all).hasToString(expected.toString());
    }

    record Edit(int kind, String name, String value) {}

    @Provide
    Arbitrary<List<Edit>> edits() {
        return Combinators.combine(
                        Arbitraries.integers().between(0, 2),
                        Arbitraries.of("x-a", "X-A", "x-b", "xa", "cookie"),
                        Arbitraries.strings().withCharRange(' ', '\u00ff').ofMaxLength(20))
                .as(Edit::new)
                .list()
                .ofMaxSize(40);
    }
}
