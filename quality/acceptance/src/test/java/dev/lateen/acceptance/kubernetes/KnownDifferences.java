package dev.lateen.acceptance.kubernetes;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The differences that stay, each with its reason, as {@code differences.txt} lists them: under a line with the reason,
 * lines {@code in PATTERN} (which commands), {@code real PATTERN} and {@code ours PATTERN} (lines that only one side
 * has). A pattern that explains nothing any more is itself a failure.
 */
final class KnownDifferences {
    private static final class Entry {
        final String where;
        final Pattern command;
        final boolean real;
        final Pattern line;
        boolean used;

        Entry(String where, Pattern command, boolean real, Pattern line) {
            this.where = where;
            this.command = command;
            this.real = real;
            this.line = line;
        }
    }

    private final List<Entry> entries = new ArrayList<>();

    static KnownDifferences read(Path file) throws IOException {
        KnownDifferences known = new KnownDifferences();
        Pattern commands = Pattern.compile("");
        String reason = "";
        int number = 0;
        for (String line : Files.readAllLines(file)) {
            number++;
            String text = line.strip();
            int space = text.indexOf(' ');
            String where = file.getFileName() + ":" + number + " " + text;
            if (text.isEmpty()) {
                reason = "";
                commands = Pattern.compile("");
            } else if (text.startsWith("in ")) {
                commands = Pattern.compile(text.substring(space + 1));
            } else if (text.startsWith("real ") || text.startsWith("ours ")) {
                if (reason.isEmpty()) {
                    throw new IOException(where + ": the reason is missing");
                }
                Pattern pattern = Pattern.compile(text.substring(space + 1));
                known.entries.add(new Entry(where, commands, text.startsWith("real"), pattern));
            } else {
                reason = text;
            }
        }
        return known;
    }

    /** Whether a listed difference explains a line that only one side has in the answer to a command. */
    boolean explains(String command, boolean real, String line) {
        boolean explained = false;
        for (Entry each : entries) {
            if (each.real == real
                    && each.command.matcher(command).find()
                    && each.line.matcher(line).matches()) {
                each.used = true;
                explained = true;
            }
        }
        return explained;
    }

    /** Entries that have explained nothing. */
    List<String> unused() {
        return entries.stream()
                .filter(each -> !each.used)
                .map(each -> each.where)
                .toList();
    }
}
