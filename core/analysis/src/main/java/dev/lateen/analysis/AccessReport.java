package dev.lateen.analysis;

import dev.lateen.analysis.AccessReplay.Change;
import java.util.Comparator;
import java.util.Map;
import java.util.function.Function;

/** What {@link AccessReplay} found, for people: how many calls of each kind, and a table of those that are to be looked at. */
public final class AccessReport {
    /** Kinds of calls in a table; the rarer ones are counted. */
    private static final int MOST_ROWS = 100;

    private final AccessReplay replay;

    public AccessReport(AccessReplay replay) {
        this.replay = replay;
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        text.append(replay.calls() + " calls: " + sum(replay.changes()) + " decided otherwise, " + replay.same()
                + " as now, " + sum(replay.undecided()) + " undecidable, " + replay.outbound()
                + " outbound (the other side decides)\n");
        if (replay.recordedOtherwise() > 0) {
            text.append(replay.recordedOtherwise()
                    + " calls were recorded with another result than the rules in force give:"
                    + " these have changed since, or are not those of the log\n");
        }
        return text.append(decided()).append(undecidable()).toString();
    }

    private String decided() {
        TextTable table = new TextTable("THEN", "CALLS", "FROM", "TO", "REQUEST", "BY");
        return filled(table, replay.changes(), change -> change.allowed() ? "allowed" : "refused");
    }

    private String undecidable() {
        TextTable table = new TextTable("UNDECIDABLE", "CALLS", "FROM", "TO", "REQUEST", "WHY");
        return filled(table, replay.undecided(), _ -> "?");
    }

    /** Empty without calls; the most frequent come first. */
    private static String filled(TextTable table, Map<Change, Long> calls, Function<Change, String> then) {
        if (calls.isEmpty()) {
            return "";
        }
        calls.entrySet().stream()
                .sorted(Map.Entry.comparingByValue(Comparator.reverseOrder()))
                .limit(MOST_ROWS)
                .forEach(each -> {
                    Change change = each.getKey();
                    table.row(
                            then.apply(change),
                            Long.toString(each.getValue()),
                            change.from(),
                            change.to(),
                            change.request().replaceAll("\\p{Cntrl}", "?"),
                            change.why());
                });
        return "\n" + table
                + (calls.size() > MOST_ROWS ? "and " + (calls.size() - MOST_ROWS) + " kinds of calls more\n" : "");
    }

    private static long sum(Map<Change, Long> changes) {
        return changes.values().stream().mapToLong(Long::longValue).sum();
    }
}
