package dev.lateen.config.networking;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * How often repetitions within repetitions would have an expression written out. RE2 refuses more than a thousand
 * ("invalid repetition size"), as its program would not fit into memory; the library here would try.
 */
final class Repetition {
    static final long MOST = 1000;

    private final String regex;
    private int at;

    private Repetition(String regex) {
        this.regex = regex;
    }

    /** The largest product of counts that are nested; more than {@link #MOST} may be too small. */
    static long of(String regex) {
        return new Repetition(regex).largest();
    }

    private long largest() {
        Deque<Long> groups = new ArrayDeque<>();
        long worst = 1; // of the group that is open
        long atom = 1; // of what a count would repeat
        while (at < regex.length()) {
            char c = regex.charAt(at);
            switch (c) {
                case '(' -> {
                    groups.push(worst);
                    worst = 1;
                    atom = 1;
                    at++;
                }
                case ')' -> {
                    atom = worst;
                    worst = groups.isEmpty() ? worst : Math.max(worst, groups.pop());
                    at++;
                }
                case '{' -> {
                    long count = count();
                    atom = Math.min(MOST * MOST, atom * Math.max(1, count));
                    worst = Math.max(worst, atom);
                }
                case '*', '+', '?' -> at++;
                default -> {
                    skip(c);
                    atom = 1;
                }
            }
            if (worst > MOST) {
                return worst;
            }
        }
        return worst;
    }

    /** The larger number of <code>{n}</code>, <code>{n,}</code> or <code>{n,m}</code>; 0 when it is none of them. */
    private long count() {
        int end = regex.indexOf('}', at);
        String inside = end < 0 ? "" : regex.substring(at + 1, end);
        if (!inside.matches("[0-9]{1,6}(,[0-9]{0,6})?")) {
            at++;
            return 0;
        }
        at = end + 1;
        long largest = 0;
        for (String number : inside.split(",")) {
            largest = Math.max(largest, Long.parseLong(number));
        }
        return largest;
    }

    private void skip(char c) {
        if (c == '\\') {
            boolean quoted = regex.startsWith("\\Q", at);
            int end = quoted ? regex.indexOf("\\E", at) : at;
            at = quoted && end < 0 ? regex.length() : end + 2;
        } else if (c == '[') {
            at++;
            // A bracket that comes first, behind ^ too, stands for itself.
            at += regex.startsWith("^]", at) ? 2 : regex.startsWith("]", at) ? 1 : 0;
            while (at < regex.length() && regex.charAt(at) != ']') {
                at += regex.charAt(at) == '\\' ? 2 : 1;
            }
            at++;
        } else {
            at++;
        }
    }
}
