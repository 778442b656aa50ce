package dev.lateen.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A file that a verb reads.
 *
 * @param name as the user gave it; {@code -} is standard input
 */
record InputFile(String name) {
    boolean isStandardInput() {
        return name.equals("-");
    }

    /** How errors name it. */
    @Override
    public String toString() {
        return isStandardInput() ? "standard input" : name;
    }

    /** All of it. */
    String text() throws IOException, CommandException {
        if (isStandardInput()) {
            return new String(System.in.readAllBytes(), StandardCharsets.UTF_8);
        }
        return Files.readString(path());
    }

    /** What is read of it line by line; to be closed. */
    BufferedReader reader() throws IOException, CommandException {
        return isStandardInput()
                ? new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))
                : Files.newBufferedReader(path());
    }

    private Path path() throws CommandException {
        Path path = Path.of(name);
        if (!Files.isReadable(path)) {
            throw new CommandException("cannot read " + name);
        }
        return path;
    }
}
