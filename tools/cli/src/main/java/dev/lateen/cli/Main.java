package dev.lateen.cli;

import dev.lateen.cluster.ClusterException;
import dev.lateen.control.install.InstallException;
import dev.lateen.ops.OperationException;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.util.concurrent.CompletionException;
import java.util.logging.LogManager;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** The {@code lateen} command; {@code istioctl} is another name for it. */
@Command(
        name = "lateen",
        description = "A service mesh, and a local cluster to run it in.",
        subcommands = {
            AnalyzeCommand.class,
            AuthzCommand.class,
            CompletionCommand.class,
            ConsoleCommand.class,
            DashboardCommand.class,
            DemoCommand.class,
            DiscoveryCommand.class,
            DownCommand.class,
            EgressCommand.class,
            ExperimentalCommand.class,
            ExplainCommand.class,
            InstallCommand.class,
            KubeconfigCommand.class,
            KubeInjectCommand.class,
            MtlsCommand.class,
            ProxyCommand.class,
            ProxyConfigCommand.class,
            ProxyStatusCommand.class,
            StatusCommand.class,
            TapCommand.class,
            TopCommand.class,
            TraceCommand.class,
            UninstallCommand.class,
            UpCommand.class,
            ValidateCommand.class,
            VersionCommand.class
        })
public final class Main {
    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            scope = ScopeType.INHERIT,
            description = "say how it is used")
    boolean help;

    private Main() {}

    /** Runs the verb that the arguments name; the exit code is 0, 1 when it failed, 2 when it was not understood. */
    public static void main(String[] arguments) throws IOException {
        System.exit(run(arguments));
    }

    static int run(String... arguments) throws IOException {
        try (InputStream logging = Main.class.getResourceAsStream("logging.properties")) {
            LogManager.getLogManager().readConfiguration(logging);
        }
        return commandLine().execute(arguments);
    }

    /** The command with all of its verbs, under the name that it was called by. */
    static CommandLine commandLine() {
        String name = System.getProperty("lateen.command", "lateen");
        return new CommandLine(new Main())
                .setCommandName(name.isEmpty() ? "lateen" : name)
                .setExecutionExceptionHandler(Main::explain);
    }

    /** An error of the user is a sentence; an error of ours keeps its stack. */
    private static int explain(Exception failure, CommandLine command, CommandLine.ParseResult parsed) {
        PrintWriter err = command.getErr();
        if (failure instanceof CompletionException && failure.getCause() instanceof IOException cause) {
            return explain(cause, command, parsed);
        }
        String name = command.getCommandSpec().root().name();
        if (failure instanceof KubernetesClientException) {
            err.println(name + ": the cluster does not answer: " + failure.getMessage());
        } else if (failure instanceof CommandException
                || failure instanceof OperationException
                || failure instanceof ClusterException
                || failure instanceof InstallException
                || failure instanceof IOException) {
            err.println(name + ": " + failure.getMessage());
        } else {
            failure.printStackTrace(err);
        }
        return 1;
    }
}
