package dev.lateen.cli;

import picocli.CommandLine.Command;

/** {@code lateen experimental}: where istioctl has these verbs. */
@Command(
        name = "experimental",
        aliases = {"x", "exp"},
        description = "Verbs that istioctl has under this name.",
        subcommands = DescribeCommand.class)
final class ExperimentalCommand {}
