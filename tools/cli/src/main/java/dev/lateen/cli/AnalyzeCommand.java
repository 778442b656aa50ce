package dev.lateen.cli;

import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code lateen analyze}: what is wrong in the cluster, and what would be with these files applied. */
@Command(
        name = "analyze",
        description = "Check all rules of the cluster, as they would be with the files applied."
                + " The exit code is 1 when there are errors.")
final class AnalyzeCommand implements Callable<Integer> {
    @Mixin
    ManifestOptions manifests = new ManifestOptions();

    @Override
    public Integer call() throws IOException, CommandException {
        return ValidateCommand.print(manifests.clusterAndFiles().check(true), "no problem found in the cluster");
    }
}
