package dev.lateen.cli;

import picocli.CommandLine.Command;

/** {@code lateen authz}: rules of access, before they are in force. */
@Command(
        name = "authz",
        description = "Try rules of access before they are in force.",
        subcommands = AuthzCheckCommand.class)
final class AuthzCommand {}
