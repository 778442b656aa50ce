package dev.lateen.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** {@code lateen version}. */
@Command(name = "version", description = "Print the version.")
final class VersionCommand implements Callable<Integer> {
    /** The version of this build; what the POM says. */
    static final String VERSION = "0.1.0-SNAPSHOT";

    @Override
    public Integer call() {
        System.out.println("lateen " + VERSION + ", Java " + Runtime.version());
        return 0;
    }
}
