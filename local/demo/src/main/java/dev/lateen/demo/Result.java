package dev.lateen.demo;

import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;

/**
 * What a line of the shell gave back.
 *
 * @param exit its exit code; 124 when it was stopped for lasting too long
 * @param out its standard output
 * @param all standard output and error as they came
 * @param took how long it ran
 */
record Result(int exit, String out, String all, Duration took) {
    /** Standard output in lines, empty ones left out. */
    public List<String> lines() {
        return out.lines().map(String::strip).filter(line -> !line.isEmpty()).toList();
    }

    /** How many lines of standard output hold a match of the pattern. */
    public int count(String pattern) {
        var matcher = Pattern.compile(pattern).asPredicate();
        return (int) lines().stream().filter(matcher).count();
    }

    /** Whether the output, of either kind, holds a match of the pattern. */
    public boolean says(String pattern) {
        return Pattern.compile(pattern).matcher(all).find();
    }
}
