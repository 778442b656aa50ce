package dev.lateen.cli;

import picocli.CommandLine.Command;

/** {@code lateen trace}: what traces say about the mesh. */
@Command(
        name = "trace",
        description = "Ask what traces say about the mesh.",
        subcommands = {TraceDoctorCommand.class})
final class TraceCommand {}
