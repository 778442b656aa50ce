package dev.lateen.cli;

import picocli.CommandLine.Option;

/** The flag by which istioctl's users answer its question before it asks. */
final class Confirmation {
    @Option(
            names = {"-y", "--skip-confirmation"},
            description = "ask nothing, which is never done")
    boolean skipped;
}
