package dev.lateen.demo;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.StringJoiner;

/** The walk through the chapters. A chapter whose parts do not exist yet is reported absent, never passed. */
public final class Demo {
    private final PrintStream out;

    /** Prints to {@code out}. */
    public Demo(PrintStream out) {
        this.out = out;
    }

    /** What became of a chapter: {@code passed}, {@code failed} or {@code absent}. */
    public record Outcome(String chapter, String result, String detail) {}

    /**
     * Runs chapters by name, or all of them when none is named.
     *
     * @throws IllegalArgumentException for a name that is none
     */
    public List<Outcome> run(List<String> names) {
        for (String name : names) {
            if (Chapter.all().stream().noneMatch(chapter -> chapter.name().equals(name))) {
                throw new IllegalArgumentException("no chapter is called " + name + "; there are: "
                        + String.join(
                                ", ", Chapter.all().stream().map(Chapter::name).toList()));
            }
        }
        return Chapter.all().stream()
                .filter(chapter -> names.isEmpty() || names.contains(chapter.name()))
                .map(this::run)
                .toList();
    }

    private Outcome run(Chapter chapter) {
        String detail = "needs " + String.join(", ", chapter.missing()) + ", not there yet";
        out.println(chapter.title() + ": absent (" + detail + ")");
        return new Outcome(chapter.name(), "absent", detail);
    }

    /** Writes outcomes as JSON. */
    public static void write(List<Outcome> outcomes, Path file) throws IOException {
        StringJoiner json = new StringJoiner(",\n  ", "{\"chapters\":[\n  ", "\n]}\n");
        outcomes.forEach(outcome -> json.add("{\"chapter\":\"" + outcome.chapter() + "\",\"result\":\""
                + outcome.result() + "\",\"detail\":\"" + outcome.detail() + "\"}"));
        Files.writeString(file, json.toString());
    }
}
