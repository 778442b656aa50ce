package dev.lateen.proxycore.match;

import com.google.re2j.Pattern;
import dev.lateen.proxycore.ByteText;
import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Place;
import io.envoyproxy.envoy.type.matcher.v3.RegexMatcher;
import io.envoyproxy.envoy.type.matcher.v3.StringMatcher;
import java.util.Locale;

/**
 * A condition on a text, compiled from {@code envoy.type.matcher.v3.StringMatcher} or its older relatives. Texts are
 * compared as bytes; regular expressions are RE2's, must match the whole text and see it as UTF-8.
 *
 * <p>Immutable and thread-safe. {@link #toString} says the condition in words that follow "is not": {@code exactly
 * "a"}, {@code prefix "/api"}.
 */
public abstract sealed class TextMatcher {
    private TextMatcher() {}

    /** Whether the text meets the condition. */
    public abstract boolean matches(String text);

    public static TextMatcher of(StringMatcher matcher, Place at) throws CompileException {
        boolean ignoreCase = matcher.getIgnoreCase();
        return switch (matcher.getMatchPatternCase()) {
            case EXACT -> exact(matcher.getExact(), ignoreCase);
            case PREFIX -> prefix(matcher.getPrefix(), ignoreCase);
            case SUFFIX -> suffix(matcher.getSuffix(), ignoreCase);
            case CONTAINS -> contains(matcher.getContains(), ignoreCase);
            case SAFE_REGEX -> {
                if (ignoreCase) {
                    throw at.field("ignore_case").refuse("has no effect on safe_regex: write (?i) into the pattern");
                }
                yield regex(matcher.getSafeRegex(), at.field("safe_regex"));
            }
            case CUSTOM -> throw at.field("custom").refuse("not supported: StringMatcher.custom");
            case MATCHPATTERN_NOT_SET -> throw at.refuse("no match pattern");
        };
    }

    public static TextMatcher exact(String text, boolean ignoreCase) {
        return new Exact(ByteText.of(text), ignoreCase);
    }

    public static TextMatcher prefix(String text, boolean ignoreCase) {
        return new Prefix(ByteText.of(text), ignoreCase);
    }

    public static TextMatcher suffix(String text, boolean ignoreCase) {
        return new Suffix(ByteText.of(text), ignoreCase);
    }

    public static TextMatcher contains(String text, boolean ignoreCase) {
        String wanted = ByteText.of(text);
        return new Contains(ignoreCase ? wanted.toLowerCase(Locale.ROOT) : wanted, ignoreCase);
    }

    public static TextMatcher regex(RegexMatcher regex, Place at) throws CompileException {
        return new Regex(at.field("regex").pattern(regex.getRegex()));
    }

    private static final class Exact extends TextMatcher {
        private final String wanted;
        private final boolean ignoreCase;

        Exact(String wanted, boolean ignoreCase) {
            this.wanted = wanted;
            this.ignoreCase = ignoreCase;
        }

        @Override
        public boolean matches(String text) {
            return ignoreCase ? wanted.equalsIgnoreCase(text) : wanted.equals(text);
        }

        @Override
        public String toString() {
            return describe("exactly", wanted, ignoreCase);
        }
    }

    private static final class Prefix extends TextMatcher {
        private final String wanted;
        private final boolean ignoreCase;

        Prefix(String wanted, boolean ignoreCase) {
            this.wanted = wanted;
            this.ignoreCase = ignoreCase;
        }

        @Override
        public boolean matches(String text) {
            return text.regionMatches(ignoreCase, 0, wanted, 0, wanted.length());
        }

        @Override
        public String toString() {
            return describe("prefix", wanted, ignoreCase);
        }
    }

    private static final class Suffix extends TextMatcher {
        private final String wanted;
        private final boolean ignoreCase;

        Suffix(String wanted, boolean ignoreCase) {
            this.wanted = wanted;
            this.ignoreCase = ignoreCase;
        }

        @Override
        public boolean matches(String text) {
            return text.regionMatches(ignoreCase, text.length() - wanted.length(), wanted, 0, wanted.length());
        }

        @Override
        public String toString() {
            return describe("suffix", wanted, ignoreCase);
        }
    }

    private static final class Contains extends TextMatcher {
        private final String wanted;
        private final boolean ignoreCase;

        Contains(String wanted, boolean ignoreCase) {
            this.wanted = wanted;
            this.ignoreCase = ignoreCase;
        }

        @Override
        public boolean matches(String text) {
            return ignoreCase ? text.toLowerCase(Locale.ROOT).contains(wanted) : text.contains(wanted);
        }

        @Override
        public String toString() {
            return describe("something that contains", wanted, ignoreCase);
        }
    }

    private static final class Regex extends TextMatcher {
        private final Pattern pattern;

        Regex(Pattern pattern) {
            this.pattern = pattern;
        }

        @Override
        public boolean matches(String text) {
            return pattern.matches(ByteText.decode(text));
        }

        @Override
        public String toString() {
            return describe("a match of", pattern.pattern(), false);
        }
    }

    private static String describe(String kind, String text, boolean ignoreCase) {
        return kind + " \"" + text + "\"" + (ignoreCase ? " in any case" : "");
    }
}
