package dev.lateen.config.yaml;

import java.util.ArrayList;
import java.util.List;

/**
 * A YAML (or JSON) text of several documents, read document by document as {@code kubectl} does: documents are parted
 * at lines that begin with {@code ---}, so that a malformed one does not take the others with it.
 */
public record YamlText(List<YamlDocument> documents, List<YamlProblem> problems) {
    /** What etcd, where Kubernetes keeps its objects, takes for a whole one. */
    private static final int LONGEST_WORD = 3 << 19;

    /** Reads all documents; empty ones are left out. Never throws for bad text. */
    public static YamlText read(String text) {
        List<YamlDocument> documents = new ArrayList<>();
        List<YamlProblem> problems = new ArrayList<>();
        int firstLine = 1;
        int line = 1;
        int from = 0;
        for (int at = 0; at < text.length(); line++) {
            if (at > from && text.startsWith("---", at)) {
                document(text.substring(from, at), firstLine, documents, problems);
                from = at;
                firstLine = line;
            }
            int newline = text.indexOf('\n', at);
            at = newline < 0 ? text.length() : newline + 1;
        }
        document(text.substring(from), firstLine, documents, problems);
        return new YamlText(List.copyOf(documents), List.copyOf(problems));
    }

    /**
     * Where a word begins that the scanner would take too long for, as its time grows by the square of a word's length;
     * -1 for nowhere.
     */
    private static int tooLong(String text) {
        int from = 0;
        for (int at = 0; at < text.length(); at++) {
            char c = text.charAt(at);
            if (c <= ' ' || c == '"' || c == '\'') {
                from = at + 1;
            } else if (at - from >= LONGEST_WORD) {
                return from;
            }
        }
        return -1;
    }

    private static void document(String text, int line, List<YamlDocument> documents, List<YamlProblem> problems) {
        int tooLong = tooLong(text);
        if (tooLong >= 0) {
            int at = line
                    + (int) text.substring(0, tooLong)
                            .chars()
                            .filter(c -> c == '\n')
                            .count();
            problems.add(new YamlProblem(
                    at, "a word of more than " + LONGEST_WORD + " characters: no API server takes so large an object"));
            return;
        }
        try {
            YamlDocument document = new TreeBuilder(text, line).document();
            if (document != null) {
                documents.add(document);
            }
        } catch (MalformedYaml e) {
            problems.add(new YamlProblem(e.line(), String.valueOf(e.getMessage())));
        }
    }
}
