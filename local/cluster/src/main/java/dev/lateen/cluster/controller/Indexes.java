package dev.lateen.cluster.controller;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Sets of indexes as a Job's status writes them: {@code 0-2,4}. */
final class Indexes {
    private Indexes() {}

    static Set<Integer> parse(@Nullable String text) {
        Set<Integer> indexes = new TreeSet<>();
        if (text == null || text.isEmpty()) {
            return indexes;
        }
        for (String part : text.split(",", -1)) {
            int dash = part.indexOf('-');
            int first = Integer.parseInt(dash < 0 ? part : part.substring(0, dash));
            int last = Integer.parseInt(part.substring(dash + 1));
            for (int index = first; index <= last; index++) {
                indexes.add(index);
            }
        }
        return indexes;
    }

    static String write(Set<Integer> indexes) {
        List<String> parts = new ArrayList<>();
        int first = 0;
        int last = -2;
        for (int index : new TreeSet<>(indexes)) {
            if (index != last + 1) {
                add(parts, first, last);
                first = index;
            }
            last = index;
        }
        add(parts, first, last);
        return String.join(",", parts);
    }

    private static void add(List<String> parts, int first, int last) {
        if (last >= first) {
            parts.add(first == last ? "" + first : last == first + 1 ? first + "," + last : first + "-" + last);
        }
    }
}
