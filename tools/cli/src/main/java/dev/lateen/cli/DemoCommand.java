package dev.lateen.cli;

import dev.lateen.demo.Demo;
import dev.lateen.demo.Outcome;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code lateen demo}: the tutorial's chapters, live, each with its claims. */
@Command(name = "demo", description = "Walk through the tutorial's chapters in a cluster of its own.")
final class DemoCommand implements Callable<Integer> {
    @Option(names = "--chapter", description = "only this chapter; may be given several times")
    List<String> chapters = new ArrayList<>();

    @Mixin
    SidecarOption sidecar = new SidecarOption();

    @Option(names = "--keep", description = "leave the cluster running")
    boolean keep;

    @Option(names = "--watch", description = "open the console while the chapters run")
    boolean watch;

    @Option(names = "--json", description = "file to write the outcomes to")
    String json = "";

    @Override
    public Integer call() throws IOException, InterruptedException, CommandException {
        Path launcher = Path.of(System.getProperty("lateen.launcher", ""));
        if (!Files.isExecutable(launcher)) {
            throw new CommandException(
                    "the demo needs the tutorial beside the script lateen of a checkout: start it with that");
        }
        try {
            var options = new Demo.Options(launcher, chapters, keep, sidecar.settings(), sidecar.isEnvoy(), watch);
            var out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
            List<Outcome> outcomes = new Demo(options, out).run();
            if (!json.isEmpty()) {
                Demo.write(outcomes, Path.of(json));
            }
            System.out.println(count(outcomes, Outcome.Status.PASSED) + " passed, "
                    + count(outcomes, Outcome.Status.FAILED) + " failed, "
                    + count(outcomes, Outcome.Status.ABSENT) + " absent");
            return count(outcomes, Outcome.Status.FAILED) == 0 ? 0 : 1;
        } catch (IllegalArgumentException e) {
            throw new CommandException(String.valueOf(e.getMessage()));
        }
    }

    private static long count(List<Outcome> outcomes, Outcome.Status status) {
        return outcomes.stream().filter(outcome -> outcome.status() == status).count();
    }
}
