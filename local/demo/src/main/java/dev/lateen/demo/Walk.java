package dev.lateen.demo;

import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * A chapter as it is gone through: runs lines as a user types them, prints each with what came back, and collects the
 * chapter's claims. One thread.
 */
final class Walk {
    private static final Duration PATIENCE = Duration.ofMinutes(3);
    private static final int SHOWN = 12;
    private static final int WIDTH = 160;

    private final Shell shell;
    private final PrintStream out;
    private final Scenery scenery;
    private final Set<Deviation> deviations = EnumSet.noneOf(Deviation.class);
    private final List<Claim> claims = new ArrayList<>();
    private final List<String> absent = new ArrayList<>();
    private Duration waited = Duration.ZERO;

    Walk(Shell shell, PrintStream out, Scenery scenery) {
        this.shell = shell;
        this.out = out;
        this.scenery = scenery;
    }

    /** What of earlier chapters this one stands on. */
    Scenery scenery() {
        return scenery;
    }

    /** A sentence for the reader. */
    void say(String text) {
        out.println("  " + text);
    }

    /** Runs a line of the text that must succeed. */
    Result run(String line) throws IOException, InterruptedException, ChapterException {
        return succeeded(line, attempt(line));
    }

    /** Runs a line of the text that may fail. */
    Result attempt(String line) throws IOException, InterruptedException {
        out.println("$ " + line);
        return shown(shell.run(line, PATIENCE));
    }

    /** Runs a line that differs from the text and must succeed. */
    Result run(Deviation why, String line) throws IOException, InterruptedException, ChapterException {
        return succeeded(line, attempt(why, line));
    }

    /** Runs a line that differs from the text and may fail. */
    Result attempt(Deviation why, String line) throws IOException, InterruptedException {
        deviations.add(why);
        out.println("$ " + line + "   # " + why.reason());
        return shown(shell.run(line, PATIENCE));
    }

    /** Runs a line that must succeed and prints neither it nor its output. */
    Result silently(String line) throws IOException, InterruptedException, ChapterException {
        return succeeded(line, shell.run(line, PATIENCE));
    }

    /** Runs a line that only lets time pass, as the text asks for, and counts that time. */
    void pause(String line) throws IOException, InterruptedException, ChapterException {
        waited = waited.plus(run(Deviation.WAIT, line).took());
    }

    /** As {@link #pause}, without printing the line. */
    void pauseSilently(String line) throws IOException, InterruptedException, ChapterException {
        waited = waited.plus(silently(line).took());
    }

    /** Says that a line of the text is left out. */
    void leaveOut(Deviation why, String line) {
        deviations.add(why);
        out.println("# " + line + "   # " + why.reason());
    }

    /** Starts a line that goes on beside the next ones; close it. */
    Background background(Deviation why, String line) throws IOException {
        deviations.add(why);
        out.println("$ " + line + " &   # " + why.reason());
        Shell.Job job = shell.start(line);
        return new Background() {
            @Override
            public String output() {
                return job.output();
            }

            @Override
            public void close() {
                job.stop();
            }
        };
    }

    /** Waits until all pods of deployments are there and ready. */
    void rolledOut(String... deployments) throws IOException, InterruptedException, ChapterException {
        for (String deployment : deployments) {
            run(Deviation.WAIT, "kubectl rollout status deployment/" + deployment + " --timeout=120s");
        }
    }

    /** Gives a rule the time that a person needs to type the next line; a proxy has it within a fraction of it. */
    void settle() throws IOException, InterruptedException, ChapterException {
        pause("sleep 2");
    }

    /** A line that goes on beside others. */
    interface Background extends AutoCloseable {
        /** What it has printed so far. */
        String output();

        /** Ends it. */
        @Override
        void close();
    }

    /** States a claim with what was seen. */
    void claim(Claim claim) {
        claims.add(claim);
        out.println((claim.holds() ? "  ✔ " : "  ✘ ") + claim.text() + ": " + claim.seen() + " (asked: " + claim.asked()
                + ")");
    }

    /** States a claim that holds or not. */
    void claim(String text, boolean holds, String seen) {
        claim(new Claim(text, "so", holds ? "so" : seen.strip(), holds));
    }

    /** Names a part that this chapter would show and that does not exist. */
    void absent(String part) {
        absent.add(part);
        out.println("  – absent: " + part);
    }

    List<Claim> claims() {
        return claims;
    }

    List<String> absent() {
        return absent;
    }

    /** How long its lines only let time pass. */
    Duration waited() {
        return waited;
    }

    private static Result succeeded(String line, Result result) throws ChapterException {
        if (result.exit() != 0) {
            String[] lines = result.all().strip().split("\n", -1);
            throw new ChapterException("exit code " + result.exit() + " of: " + line + "\n"
                    + String.join("\n", List.of(lines).subList(Math.max(0, lines.length - SHOWN), lines.length)));
        }
        return result;
    }

    private Result shown(Result result) {
        List<String> lines = result.all().lines().toList();
        for (String line : lines.subList(0, Math.min(SHOWN, lines.size()))) {
            out.println("    " + (line.length() > WIDTH ? line.substring(0, WIDTH) + " …" : line));
        }
        if (lines.size() > SHOWN) {
            out.println("    … " + (lines.size() - SHOWN) + " more lines");
        }
        return result;
    }
}
