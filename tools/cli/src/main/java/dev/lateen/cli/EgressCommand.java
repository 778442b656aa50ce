package dev.lateen.cli;

import picocli.CommandLine.Command;

/** {@code lateen egress}: what the mesh lets out. */
@Command(
        name = "egress",
        description = "Look at what the mesh lets out.",
        subcommands = {EgressLearnCommand.class, EgressProbeCommand.class})
final class EgressCommand {}
