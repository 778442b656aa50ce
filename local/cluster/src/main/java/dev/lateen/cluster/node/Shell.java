package dev.lateen.cluster.node;

import java.util.List;
import java.util.stream.Collectors;

/** Words for {@code sh}. */
final class Shell {
    private Shell() {}

    /** One word, whatever it contains. */
    static String quote(String word) {
        return "'" + word.replace("'", "'\\''") + "'";
    }

    /** Several words with spaces between them. */
    static String quote(List<String> words) {
        return words.stream().map(Shell::quote).collect(Collectors.joining(" "));
    }
}
