package dev.lateen.demo;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Stream;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The live walk through the tutorial: starts a cluster of its own, types the tutorial's lines, checks what each chapter
 * claims, and takes everything down. A chapter whose parts do not exist is reported absent, never passed; none is run
 * twice.
 */
public final class Demo {
    private final Options options;
    private final PrintStream out;

    /**
     * How it runs.
     *
     * @param launcher the {@code lateen} command; the tutorial's files lie beside it
     * @param chapters the chapters to run; all when empty
     * @param keep whether the cluster stays
     * @param settings further ones of {@code install}
     * @param envoy whether these make sidecars stock Envoys, which cannot show all that our own proxy shows
     * @param watch whether the console is open meanwhile
     */
    public record Options(
            Path launcher, List<String> chapters, boolean keep, List<String> settings, boolean envoy, boolean watch) {
        public Options {
            chapters = List.copyOf(chapters);
            settings = List.copyOf(settings);
        }
    }

    /** Prints to {@code out}. */
    public Demo(Options options, PrintStream out) {
        this.options = options;
        this.out = out;
    }

    private static List<Chapter> chapters(Cluster cluster) {
        return List.of(
                new WithoutMesh(),
                new Install(),
                new Retry(),
                new CopyTraffic(),
                new CanaryByWeight(),
                new CanaryByCookie(),
                new Egress(),
                new Ingress(),
                new LoadBalancing(),
                new CircuitBreaker(),
                new Security(),
                new Observability(),
                new CleanUp(cluster));
    }

    /**
     * Runs the chapters.
     *
     * @throws IllegalArgumentException for the name of a chapter that is none
     */
    public List<Outcome> run() throws IOException, InterruptedException {
        Path files = Files.createTempDirectory("lateen-demo");
        Path root = Objects.requireNonNull(options.launcher().toAbsolutePath().getParent(), "the launcher is a file");
        try (Shell shell = new Shell(root.resolve("tutorial"), files.resolve("variables"), List.of(root));
                ConsoleWatch console = new ConsoleWatch(shell, options.watch())) {
            Cluster cluster = new Cluster(shell, options.keep());
            List<Chapter> wanted = wanted(chapters(cluster));
            Thread cleaning = new Thread(() -> abandon(shell, cluster), "clean up");
            Runtime.getRuntime().addShutdownHook(cleaning);
            try {
                return run(wanted, shell, cluster, console);
            } finally {
                cluster.abandon();
                Runtime.getRuntime().removeShutdownHook(cleaning);
            }
        } finally {
            delete(files);
        }
    }

    private static void abandon(Shell shell, Cluster cluster) {
        try {
            shell.close();
            cluster.abandon();
        } catch (IOException e) {
            System.err.println("the demo's cluster may still run: lateen down --name " + Cluster.NAME + " ("
                    + e.getMessage() + ")");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private List<Chapter> wanted(List<Chapter> all) {
        for (String name : options.chapters()) {
            if (all.stream().noneMatch(chapter -> chapter.name().equals(name))) {
                throw new IllegalArgumentException("no chapter is called " + name + "; there are: "
                        + String.join(", ", all.stream().map(Chapter::name).toList()));
            }
        }
        return all.stream()
                .filter(chapter ->
                        options.chapters().isEmpty() || options.chapters().contains(chapter.name()))
                .toList();
    }

    private List<Outcome> run(List<Chapter> chapters, Shell shell, Cluster cluster, ConsoleWatch console)
            throws IOException, InterruptedException {
        var scenery = new Scenery(options.settings(), options.envoy(), console);
        List<Outcome> outcomes = new ArrayList<>();
        out.println("A cluster of its own");
        try {
            cluster.start(new Walk(shell, out, scenery));
        } catch (ChapterException e) {
            throw new IOException("the cluster did not start: " + e.getMessage(), e);
        }
        int number = 0;
        for (Chapter chapter : chapters) {
            out.println();
            out.println("━━ " + ++number + " of " + chapters.size() + ": " + chapter.title() + " ━━");
            outcomes.add(run(chapter, new Walk(shell, out, scenery)));
        }
        summary(outcomes);
        return outcomes;
    }

    private Outcome run(Chapter chapter, Walk walk) throws IOException, InterruptedException {
        long started = System.nanoTime();
        String problem = "";
        try {
            chapter.walk(walk);
        } catch (ChapterException e) {
            problem = String.valueOf(e.getMessage());
            out.println("  ✘ the chapter cannot go on: " + problem);
        }
        return Outcome.of(
                chapter.name(),
                chapter.title(),
                walk.claims(),
                walk.absent(),
                problem,
                Duration.ofNanos(System.nanoTime() - started),
                walk.waited());
    }

    private void summary(List<Outcome> outcomes) {
        out.println();
        for (Outcome outcome : outcomes) {
            long held = outcome.claims().stream().filter(Claim::holds).count();
            out.printf(
                    Locale.ROOT,
                    "%-38s %-8s %5.1f s  %d of %d claims%s%n",
                    outcome.title(),
                    outcome.status().name().toLowerCase(Locale.ROOT),
                    outcome.took().toMillis() / 1000.0,
                    held,
                    outcome.claims().size(),
                    outcome.absent().isEmpty() ? "" : "; absent: " + String.join(", ", outcome.absent()));
        }
        out.printf(
                Locale.ROOT,
                "in all %.0f s; %.0f s of them are waiting that the chapters ask for%n",
                total(outcomes, Outcome::took),
                total(outcomes, Outcome::waited));
    }

    private static double total(List<Outcome> outcomes, Function<Outcome, Duration> part) {
        return outcomes.stream().map(part).reduce(Duration.ZERO, Duration::plus).toMillis() / 1000.0;
    }

    /** Writes outcomes as JSON. */
    public static void write(List<Outcome> outcomes, Path file) throws IOException {
        var json = new JsonMapper();
        ObjectNode document = json.createObjectNode();
        ArrayNode chapters = document.putArray("chapters");
        for (Outcome outcome : outcomes) {
            ObjectNode chapter = chapters.addObject();
            chapter.put("chapter", outcome.chapter());
            chapter.put("title", outcome.title());
            chapter.put("result", outcome.status().name().toLowerCase(Locale.ROOT));
            chapter.put("seconds", outcome.took().toMillis() / 1000.0);
            chapter.put("secondsWaited", outcome.waited().toMillis() / 1000.0);
            if (!outcome.problem().isEmpty()) {
                chapter.put("problem", outcome.problem());
            }
            ArrayNode claims = chapter.putArray("claims");
            for (Claim claim : outcome.claims()) {
                claims.addObject()
                        .put("claim", claim.text())
                        .put("asked", claim.asked())
                        .put("seen", claim.seen())
                        .put("holds", claim.holds());
            }
            ArrayNode absent = chapter.putArray("absent");
            outcome.absent().forEach(absent::add);
        }
        Files.writeString(file, json.writerWithDefaultPrettyPrinter().writeValueAsString(document) + "\n");
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> all = Files.walk(directory)) {
            for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(each);
            }
        }
    }
}
