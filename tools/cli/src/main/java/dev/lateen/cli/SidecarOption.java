package dev.lateen.cli;

import dev.lateen.cluster.EnvoyProgram;
import java.io.IOException;
import java.util.List;
import picocli.CommandLine.Option;

/** Which proxy stands beside the apps of a local cluster. */
final class SidecarOption {
    /** Words of the command line. */
    enum Kind {
        lateen,
        envoy
    }

    @Option(
            names = "--sidecar",
            paramLabel = "lateen|envoy",
            description = "the proxy beside apps (default: lateen); for envoy, $" + EnvoyProgram.VARIABLE
                    + " or the path has a binary")
    Kind kind = Kind.lateen;

    boolean isEnvoy() {
        return kind == Kind.envoy;
    }

    /**
     * What {@code install} is told for it.
     *
     * @throws CommandException when there is no such proxy on this machine: better now than in each pod
     */
    List<String> settings() throws CommandException {
        if (!isEnvoy()) {
            return List.of();
        }
        try {
            var _ = EnvoyProgram.find(System.getenv());
        } catch (IOException e) {
            throw new CommandException("--sidecar envoy: " + e.getMessage());
        }
        return List.of("global.proxy.image=envoy");
    }
}
