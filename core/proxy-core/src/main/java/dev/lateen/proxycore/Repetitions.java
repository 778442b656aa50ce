package dev.lateen.proxycore;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How often repetitions within repetitions would have an expression written out. RE2 takes a thousand at most ("invalid
 * repetition size"), as its program would not fit into memory; the library here would try.
 */
final class Repetitions {
    static final int MOST = 1000;

    /** Quoted text, a byte behind a backslash, a set (in which a bracket that comes first is one of it), a count, or a character. */
    private static final Pattern TOKEN = Pattern.compile(
            "\\\\Q.*?(?:\\\\E|$)|\\\\.|\\[\\^?\\]?(?:\\\\.|[^\\]\\\\])*+\\]?"
                    + "|\\{(?<least>[0-9]{1,6})(?:,(?<most>[0-9]{0,6}))?\\}|.",
            Pattern.DOTALL);

    private Repetitions() {}

    /** The largest product of counts that are nested; of more than {@link #MOST} only that it is more. */
    static long of(String regex) {
        Deque<Long> groups = new ArrayDeque<>();
        long worst = 1; // of the group that is open
        long atom = 1; // of what a count would repeat
        Matcher token = TOKEN.matcher(regex);
        while (worst <= MOST && token.find()) {
            if (token.group("least") != null) {
                atom *= Math.max(1, count(token));
                worst = Math.max(worst, atom);
                continue;
            }
            switch (token.group()) {
                case "(" -> {
                    groups.push(worst);
                    worst = 1;
                    atom = 1;
                }
                case ")" -> {
                    atom = worst;
                    worst = groups.isEmpty() ? worst : Math.max(worst, groups.pop());
                }
                case "*", "+", "?" -> {}
                default -> atom = 1;
            }
        }
        return worst;
    }

    private static long count(Matcher token) {
        String most = token.group("most");
        long least = Long.parseLong(token.group("least"));
        return most == null || most.isEmpty() ? least : Math.max(least, Long.parseLong(most));
    }
}
