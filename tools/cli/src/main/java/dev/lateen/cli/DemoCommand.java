package dev.lateen.cli;

import dev.lateen.demo.Demo;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code lateen demo}: the tutorial's chapters; what does not exist yet is reported absent. */
@Command(name = "demo", description = "Walk through the tutorial's chapters.")
final class DemoCommand implements Callable<Integer> {
    @Option(names = "--chapter", description = "only this chapter; may be given several times")
    List<String> chapters = new ArrayList<>();

    @Option(names = "--json", description = "file to write the outcomes to")
    String json = "";

    @Override
    public Integer call() throws IOException, CommandException {
        try {
            List<Demo.Outcome> outcomes = new Demo(System.out).run(chapters);
            if (!json.isEmpty()) {
                Demo.write(outcomes, Path.of(json));
            }
            long passed = outcomes.stream()
                    .filter(outcome -> outcome.result().equals("passed"))
                    .count();
            long absent = outcomes.stream()
                    .filter(outcome -> outcome.result().equals("absent"))
                    .count();
            long failed = outcomes.size() - passed - absent;
            System.out.println(passed + " passed, " + failed + " failed, " + absent + " absent");
            return failed == 0 ? 0 : 1;
        } catch (IllegalArgumentException e) {
            throw new CommandException(String.valueOf(e.getMessage()));
        }
    }
}
