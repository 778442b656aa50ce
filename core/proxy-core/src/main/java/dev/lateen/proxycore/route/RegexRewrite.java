package dev.lateen.proxycore.route;

import com.google.re2j.Matcher;
import com.google.re2j.Pattern;
import dev.lateen.proxycore.ByteText;
import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Place;
import io.envoyproxy.envoy.type.matcher.v3.RegexMatchAndSubstitute;
import java.util.ArrayList;
import java.util.List;

/**
 * Replaces every match of a pattern ({@code envoy.type.matcher.v3.RegexMatchAndSubstitute}); {@code \1} to {@code \9}
 * in the substitution are groups, {@code \0} is the whole match, {@code \\} a backslash.
 */
public final class RegexRewrite {
    private final Pattern pattern;
    private final List<Object> substitution; // String literals and Integer groups

    private RegexRewrite(Pattern pattern, List<Object> substitution) {
        this.pattern = pattern;
        this.substitution = substitution;
    }

    public static RegexRewrite of(RegexMatchAndSubstitute proto, Place at) throws CompileException {
        Pattern pattern =
                at.field("pattern").field("regex").pattern(proto.getPattern().getRegex());
        Place here = at.field("substitution");
        List<Object> parts = new ArrayList<>();
        StringBuilder literal = new StringBuilder();
        String text = proto.getSubstitution();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c != '\\') {
                literal.append(c);
                continue;
            }
            char next = ++i < text.length() ? text.charAt(i) : 0;
            if (next == '\\') {
                literal.append('\\');
            } else if (next >= '0' && next <= '9') {
                if (next - '0' > pattern.groupCount()) {
                    throw here.refuse("no group " + next + " in " + pattern.pattern());
                }
                parts.add(literal.toString());
                literal.setLength(0);
                parts.add(next - '0');
            } else {
                throw here.refuse("a backslash must be followed by a digit or a backslash");
            }
        }
        parts.add(literal.toString());
        return new RegexRewrite(pattern, List.copyOf(parts));
    }

    /** The text with every match replaced. */
    public String rewrite(String bytes) {
        String text = ByteText.decode(bytes);
        Matcher matcher = pattern.matcher(text);
        StringBuilder out = new StringBuilder();
        int end = 0;
        while (matcher.find()) {
            out.append(text, end, matcher.start());
            for (Object part : substitution) {
                if (part instanceof Integer group) {
                    String value = matcher.group(group);
                    out.append(value == null ? "" : value);
                } else {
                    out.append(part);
                }
            }
            end = matcher.end();
        }
        return end == 0 && out.isEmpty()
                ? bytes
                : ByteText.of(out.append(text, end, text.length()).toString());
    }

    @Override
    public String toString() {
        return "regex \"" + pattern.pattern() + "\"";
    }
}
