package dev.lateen.cli;

import dev.lateen.config.Problem;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code lateen validate}: what is wrong with a set of files, each and among each other; needs no cluster. */
@Command(
        name = "validate",
        description = "Check manifests without a cluster. The exit code is 1 when there are errors.")
final class ValidateCommand implements Callable<Integer> {
    @Mixin
    ManifestOptions manifests = new ManifestOptions();

    @Override
    public Integer call() throws IOException, CommandException {
        if (manifests.files.isEmpty()) {
            throw new CommandException("which files? give -f FILE, a directory, or - for standard input");
        }
        List<Problem> problems = manifests.files().check(false);
        print(problems, "no problem found");
        return problems.stream().anyMatch(Problem::isError) ? 1 : 0;
    }

    /** Prints all problems, a line each. */
    static void print(List<Problem> problems, String none) {
        problems.forEach(System.out::println);
        if (problems.isEmpty()) {
            System.out.println(none);
        }
    }
}
