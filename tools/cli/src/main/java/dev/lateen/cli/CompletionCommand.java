package dev.lateen.cli;

import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code lateen completion bash}: a script for a shell; the flag is istioctl's. */
@Command(
        name = "completion",
        description = "Print a script that completes verbs and options: source <(lateen completion bash)")
final class CompletionCommand implements Callable<Integer> {
    /** Words of the command line. */
    enum Shell {
        bash
    }

    @Parameters(index = "0", description = "the shell: ${COMPLETION-CANDIDATES}")
    Shell shell = Shell.bash;

    @Override
    public Integer call() {
        CommandLine root = Main.commandLine();
        System.out.print(
                switch (shell) {
                    case bash -> AutoComplete.bash(root.getCommandName(), root);
                });
        return 0;
    }
}
