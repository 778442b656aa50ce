package dev.lateen.cli;

import picocli.CommandLine.Command;

/** {@code lateen mtls}: mutual TLS in the mesh. */
@Command(name = "mtls", description = "Look at mutual TLS in the mesh.", subcommands = MtlsPlanCommand.class)
final class MtlsCommand {}
