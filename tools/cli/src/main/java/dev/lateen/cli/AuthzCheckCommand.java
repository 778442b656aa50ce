package dev.lateen.cli;

import dev.lateen.analysis.AccessReplay;
import dev.lateen.analysis.AccessReport;
import dev.lateen.analysis.Manifests;
import dev.lateen.analysis.RuleFiles;
import dev.lateen.config.Problem;
import dev.lateen.mesh.Snapshot;
import java.io.BufferedReader;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code lateen authz check}: which recorded calls rules would refuse, or let in, that do not. */
@Command(
        name = "check",
        description = "Say which recorded calls would be decided otherwise with the rules of the files applied."
                + " The rules in force are the cluster's, or those of --config-dir, or none with --offline."
                + " The exit code is 1 when a call would be, or when the files have errors.")
final class AuthzCheckCommand implements Callable<Integer> {
    @Option(
            names = "--replay",
            required = true,
            paramLabel = "LOG",
            description = "file with calls, or - for standard input: lines of `tap -o json`, or of a proxy's access log"
                    + " in JSON")
    String log = "";

    @Option(names = "--pod", description = "POD or POD.NAMESPACE whose proxy wrote lines that do not say so")
    String pod = "";

    @Option(
            names = "--config-dir",
            description = "directory of manifests with the rules in force, instead of a cluster")
    String directory = "";

    @Option(names = "--offline", description = "no rules are in force")
    boolean offline;

    @Mixin
    ManifestOptions manifests = new ManifestOptions();

    @Override
    public Integer call() throws IOException, CommandException {
        if (manifests.files.isEmpty()) {
            throw new CommandException("which rules? give -f FILE, a directory, or - for standard input");
        }
        if (log.equals("-") && manifests.files.contains("-")) {
            throw new CommandException("standard input is either the rules or the log");
        }
        Snapshot before = inForce();
        RuleFiles rules = new RuleFiles(before, manifests.namespace);
        manifests.eachFile(rules::add);
        rules.problems().forEach(System.err::println);
        if (rules.problems().stream().anyMatch(Problem::isError)) {
            return 1;
        }
        AccessReplay replay = new AccessReplay(before, rules.after(), pod, manifests.namespace);
        read(replay);
        System.out.print(new AccessReport(replay));
        return replay.changes().isEmpty() ? 0 : 1;
    }

    private Snapshot inForce() throws IOException, CommandException {
        if (offline) {
            return Snapshot.empty();
        }
        Manifests read = new Manifests(manifests.namespace);
        if (directory.isEmpty()) {
            manifests.addCluster(read);
        } else {
            ManifestOptions.eachFile(List.of(directory), read::add);
        }
        Manifests.Read result = read.read();
        result.problems().stream().filter(Problem::isError).forEach(System.err::println);
        return result.snapshot();
    }

    private void read(AccessReplay replay) throws IOException, CommandException {
        InputFile file = new InputFile(log);
        try (BufferedReader lines = file.reader()) {
            int number = 0;
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                number++;
                // An app's own lines stand between those of its proxy's log.
                if (!line.startsWith("{")) {
                    continue;
                }
                try {
                    replay.add(line);
                } catch (IllegalArgumentException e) {
                    System.err.println(file + ":" + number + ": " + e.getMessage());
                }
            }
        }
    }
}
