package dev.lateen.config.networking;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import dev.lateen.config.shape.Checked;
import dev.lateen.config.shape.Findings;
import dev.lateen.config.shape.Required;

/** A condition on a text. */
public sealed interface StringMatch {
    /** The text is this one. */
    record Exact(String exact) implements StringMatch {}

    /** The text begins so; only a path may begin with nothing. */
    record Prefix(String prefix) implements StringMatch {}

    /** The whole text matches the expression, in RE2's syntax. */
    record Regex(@Required String regex) implements StringMatch, Checked {
        @Override
        public void check(Findings findings) {
            if (!isAny()) {
                Expressions.check(regex, "regex", findings);
            }
        }

        /** Whether it is {@code *}, which says of fields that must not be there that any value counts, as in Istio. */
        public boolean isAny() {
            return regex.equals("*");
        }
    }

    /** Finds fault with a condition that no text meets, or that says nothing. */
    static void checkText(StringMatch match, String field, Findings findings) {
        if (match instanceof Prefix(var prefix) && prefix.isEmpty()) {
            findings.error(field + ".prefix", "must not be empty");
        }
        if (match instanceof Regex regex && regex.isAny()) {
            Expressions.check(regex.regex(), field + ".regex", findings);
        }
    }

    /** Empty in JSON: there is a text, whatever it is. Only for header fields and query parameters. */
    record Present() implements StringMatch {}

    /** Regular expressions of users: RE2, which takes linear time. */
    final class Expressions {
        private static final int LONGEST = 1024;

        private Expressions() {}

        static void check(String regex, String field, Findings findings) {
            if (regex.length() > LONGEST) {
                findings.error(field, "is longer than " + LONGEST + " characters");
                return;
            }
            if (Repetition.of(regex) > Repetition.MOST) {
                findings.error(
                        field,
                        "is no RE2 expression: repetitions within repetitions come to more than " + Repetition.MOST);
                return;
            }
            try {
                Pattern.compile(regex);
            } catch (PatternSyntaxException e) {
                findings.error(field, "is no RE2 expression: " + e.getMessage());
            }
        }
    }
}
